"""Who pays early keeps the discount of the terms: booked with its share of every tax, and taken back with the payment."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from sqlalchemy import select

from kernel.context import CallContext
from kernel.hookspecs.tax import DiscountRule, TaxDate
from kernel.money import Rounding
from kernel.tenancy import change_settings
from plugins.billing import credit_notes, payments, taxed
from plugins.billing.models import Invoice, InvoiceTax, Terms
from plugins.billing.paper import print_invoice
from plugins.billing.receivables import early, terms
from tests.plugins.billing.invoice_desk import balances, final, lay_out_taxes, line, taxed_client

IN_TIME, LATE = date(2026, 10, 11), date(2026, 10, 12)


def sold(ctx: CallContext, *rates: int) -> Invoice:
    """An invoice of 1 October with 2 % off within 10 days; two taxes."""
    chosen = ctx.session.scalars(select(Terms).where(Terms.code == "2_10_net_30")).one()
    terms.make_default(ctx, chosen.id)
    kinds = ("standard", "reduced")
    lines = [line(f"Work {at}", rate=rate, tax_category=kinds[at % 2]) for at, rate in enumerate(rates or (10000, 5000))]
    return final(ctx, taxed_client(ctx, lay_out_taxes(ctx)), *lines)


def test_the_rest_is_a_discount_with_its_share_of_each_tax(acme: Any) -> None:
    with acme.call("carol") as ctx:
        one = sold(ctx)
        assert (one.total, early.offered(ctx, one)) == (17500, 350)
        words = PdfReader(io.BytesIO(print_invoice(ctx, one))).pages[0].extract_text()
        assert "2% discount (€3.50) if €171.50 is paid by Oct 11, 2026." in words.replace("\n", " ")
        payments.record_payment(ctx, one.id, amount=17150, received_on=IN_TIME)
        assert one.settled == one.total
        assert balances(ctx) == {"cash": 17150, "revenue": -15000, "discount": 300, "tax": -2450}
        rows = taxed.taxed_documents(ctx, date(2026, 10, 1), date(2026, 10, 31), TaxDate.DOCUMENT)
        assert [(one.percent, one.tax, one.credited_base, one.credited_tax) for one in rows] == [
            (Decimal(10), 500, 100, 10), (Decimal(20), 2000, 200, 40),
        ]  # fmt: skip
        words = PdfReader(io.BytesIO(print_invoice(ctx, one))).pages[0].extract_text()
        assert "Discount for payment on" in words


def test_a_bounced_payment_takes_its_discount_along(acme: Any) -> None:
    with acme.call("carol") as ctx:
        one = sold(ctx)
        paid = payments.record_payment(ctx, one.id, amount=17150, received_on=IN_TIME)
        payments.take_back_payment(ctx, paid.id)
        assert one.settled == 0
        assert balances(ctx) == {"receivable": 17500, "revenue": -15000, "tax": -2500}
        rows = taxed.taxed_documents(ctx, date(2026, 10, 1), date(2026, 10, 31), TaxDate.DOCUMENT)
        assert sum(one.credited_tax for one in rows) == 0
        payments.record_payment(ctx, one.id, amount=17200, received_on=IN_TIME)
        assert balances(ctx) == {"cash": 17200, "revenue": -15000, "discount": 257, "tax": -2457}


@pytest.mark.parametrize(("amount", "day"), [(17150, LATE), (17149, IN_TIME)])
def test_who_pays_late_or_too_little_owes_the_rest(acme: Any, amount: int, day: date) -> None:
    with acme.call("carol") as ctx:
        one = sold(ctx)
        payments.record_payment(ctx, one.id, amount=amount, received_on=day)
        assert one.total - one.settled == 17500 - amount
        assert early.find_early_discount(ctx, one.id) is None


def test_two_payments_in_time_earn_it_but_not_with_a_late_one_among_them(acme: Any) -> None:
    with acme.call("carol") as ctx:
        one, other = sold(ctx), None
        payments.record_payment(ctx, one.id, amount=10000, received_on=date(2026, 10, 5))
        payments.record_payment(ctx, one.id, amount=7150, received_on=IN_TIME)
        assert one.settled == one.total
        other = final(ctx, one.client_id, line(rate=10000))
        payments.record_payment(ctx, other.id, amount=2000, received_on=LATE)
        payments.record_payment(ctx, other.id, amount=9760, received_on=IN_TIME)
        assert other.total - other.settled == 240


def test_a_tenant_whose_discounts_leave_the_tax_gives_it_on_the_net_amount(acme: Any) -> None:
    with acme.call("carol") as ctx:
        change_settings(ctx, "billing", {"discount_rule": "ignore"})
        one = sold(ctx)
        payments.record_payment(ctx, one.id, amount=17200, received_on=IN_TIME)
        assert balances(ctx) == {"cash": 17200, "revenue": -15000, "discount": 300, "tax": -2500}


def test_a_credit_note_lowers_what_was_kept_back(acme: Any) -> None:
    with acme.call("carol") as ctx:
        one = sold(ctx)
        payments.record_payment(ctx, one.id, amount=17150, received_on=IN_TIME)
        credit_notes.create_credit_note(ctx, one.id, reason="Half of it was wrong",
                                        lines=[credit_notes.CreditAsked(_first(ctx, one), 10000)])  # fmt: skip
        assert one.settled == one.total
        left = early.find_early_discount(ctx, one.id)
        assert left is not None
        assert left.amount == 110  # 2 % of what is left of the invoice, 55.00
        assert balances(ctx)["credit"] == -(12000 - 240)


def test_one_transfer_for_several_invoices_less_their_discounts(acme: Any) -> None:
    with acme.call("carol") as ctx:
        one = sold(ctx)
        other = final(ctx, one.client_id, line(rate=10000))
        payments.record_client_payment(ctx, one.client_id, amount=17150 + 11760, currency="EUR", received_on=IN_TIME)
        assert (one.settled, other.settled) == (one.total, other.total)
        assert balances(ctx)["discount"] == 500
        third = final(ctx, one.client_id, line(rate=10000))
        payments.record_client_payment(ctx, one.client_id, amount=11761, currency="EUR", received_on=IN_TIME)
        assert third.total - third.settled == 0
        late = final(ctx, one.client_id, line(rate=10000))
        payments.record_client_payment(ctx, one.client_id, amount=11760, currency="EUR", received_on=LATE)
        assert late.total - late.settled == 240


def _first(ctx: CallContext, invoice: Invoice) -> Any:
    from plugins.billing.invoices import list_lines

    return list_lines(ctx, invoice.id)[0].id


@given(st.integers(1, 10**9), st.lists(st.integers(0, 10**8), max_size=4), st.integers(1, 9999))
def test_shares_add_up_and_none_is_more_than_its_own(subtotal: int, taxes: list[int], basis_points: int) -> None:
    groups = [InvoiceTax(position=at, base=subtotal, tax=tax) for at, tax in enumerate(taxes)]
    amount = (subtotal + sum(taxes)) * basis_points // 10000
    shares = early.share_out(amount, subtotal, groups, DiscountRule.REDUCE_TAXABLE_BASE, Rounding.HALF_UP)
    assert shares.net + sum(tax for _, _, tax in shares.taxes) == amount
    assert 0 <= shares.net <= subtotal
    assert all(0 <= tax <= group.tax for group, (_, _, tax) in zip(groups, shares.taxes, strict=True))
