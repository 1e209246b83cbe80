"""Carol notes what clients pay: in parts, for several invoices at once, too much; and pays it back."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from kernel.context import Actor
from kernel.errors import InvalidInput, PreconditionFailed
from kernel.ids import uuid7
from plugins.billing import finalizing, listing, payments, refunds
from plugins.billing.credits import applying
from plugins.billing.errors import (
    CreditTooLarge,
    CreditUsed,
    InvoiceNotFinal,
    InvoiceNotFound,
    InvoiceVoid,
    PaymentRefunded,
    PaymentTaken,
)
from plugins.billing.models import Credit
from plugins.billing.payments import Allocation
from tests.plugins.billing.invoice_desk import balances, draft, final, lay_out_taxes, line, taxed_client
from tests.plugins.billing.test_early_payment import IN_TIME, sold


@pytest.fixture
def hill(acme: Any) -> Any:
    with acme.call(Actor.system()) as ctx:
        return taxed_client(ctx, lay_out_taxes(ctx))


def _open(ctx: Any, invoice: Any) -> int:
    ctx.session.refresh(invoice)
    return int(invoice.total - invoice.settled)


def test_one_payment_pays_several_invoices_and_the_rest_is_a_credit(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        first, second, third = final(ctx, hill), final(ctx, hill, line(rate=5000)), final(ctx, hill)
        shares = [Allocation(first.id, 12000), Allocation(third.id, 2000)]
        paid = payments.record_client_payment(ctx, hill, amount=20000, currency="EUR", allocations=shares, reference="Bank 7")
        assert (_open(ctx, first), _open(ctx, second), _open(ctx, third)) == (0, 6000, 10000)
        assert [listing.state_of(one, ctx.today()) for one in (first, second, third)] == ["paid", "open", "partly_paid"]
        [credit] = ctx.session.scalars(select(Credit))
        assert (credit.amount, credit.origin, credit.payment_id, paid.applied) == (6000, "payment", paid.id, 14000)
        assert balances(ctx) == {"cash": 20000, "credit": -6000, "receivable": 16000, "revenue": -25000, "tax": -5000}
        payments.take_back_payment(ctx, paid.id)
        assert (_open(ctx, first), _open(ctx, third), credit.remaining) == (12000, 12000, 0)
        assert balances(ctx) == {"receivable": 30000, "revenue": -25000, "tax": -5000}
        with pytest.raises(PaymentTaken):
            payments.take_back_payment(ctx, paid.id)


def test_without_shares_the_oldest_debts_are_paid_first(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        first, second = final(ctx, hill), final(ctx, hill)
        payments.record_client_payment(ctx, hill, amount=15000, currency="EUR")
        assert (_open(ctx, first), _open(ctx, second)) == (0, 9000)
        everything = payments.record_client_payment(ctx, hill, amount=500, currency="EUR", allocations=[])
        assert everything.applied == 0
        assert [one.amount for one in ctx.session.scalars(select(Credit))] == [500]


def test_what_does_not_fit_is_named_at_its_field(acme: Any, hill: Any) -> None:
    with acme.call(Actor.system()) as ctx:
        other = taxed_client(ctx, lay_out_taxes_again(ctx), "Beech Ltd")
    with acme.call("carol") as ctx:
        mine, foreign = final(ctx, hill), final(ctx, other)
        for shares, field in (
            ([Allocation(foreign.id, 100)], "allocations[0].invoice_id"),
            ([Allocation(mine.id, 12001)], "allocations[0].amount"),
            ([Allocation(mine.id, 100), Allocation(mine.id, 100)], "allocations[1].invoice_id"),
            ([Allocation(mine.id, 12000)], "amount"),
        ):
            with pytest.raises(InvalidInput) as refused:
                payments.record_client_payment(ctx, hill, amount=1000 if field == "amount" else 99999, currency="EUR",
                                               allocations=shares)  # fmt: skip
            assert set(refused.value.errors) == {field}
        with pytest.raises(InvoiceNotFound):
            payments.record_client_payment(ctx, hill, amount=1, currency="EUR", allocations=[Allocation(uuid7(), 1)])


def lay_out_taxes_again(ctx: Any) -> Any:
    from plugins.tax.models import Region

    return ctx.session.scalars(select(Region.id)).first()


def test_drafts_credit_notes_and_void_invoices_are_not_paid(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        one = draft(ctx, hill)
        with pytest.raises(InvoiceNotFinal):
            payments.record_payment(ctx, one.id, amount=1)
        finalizing.finalize_invoice(ctx, one.id)
        finalizing.void_invoice(ctx, one.id, "Wrong client")
        with pytest.raises(InvoiceVoid):
            payments.record_payment(ctx, one.id, amount=1)


def test_what_is_sent_twice_is_noted_once(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        one = final(ctx, hill)
        for _ in range(2):
            payments.record_client_payment(ctx, hill, amount=100, currency="EUR", idempotency_key="form-7")
        seen = one.version
        payments.record_payment(ctx, one.id, amount=100, version=seen)
        with pytest.raises(PreconditionFailed):
            payments.record_payment(ctx, one.id, amount=100, version=seen)
        assert _open(ctx, one) == 12000 - 200


def test_refunds_take_the_credit_first_and_then_reopen_the_latest_invoice(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        first, second = final(ctx, hill), final(ctx, hill)
        paid = payments.record_client_payment(ctx, hill, amount=25000, currency="EUR")
        assert refunds.refundable(ctx, paid) == 25000
        refunds.refund_payment(ctx, paid.id, amount=3000)
        assert (_open(ctx, first), _open(ctx, second), paid.refunded, paid.applied) == (0, 2000, 3000, 22000)
        assert balances(ctx)["cash"] == 22000
        assert "credit" not in balances(ctx)
        with pytest.raises(CreditTooLarge):
            refunds.refund_payment(ctx, paid.id, amount=22001)
        refunds.refund_payment(ctx, paid.id, amount=22000)
        assert (_open(ctx, first), _open(ctx, second), balances(ctx).get("cash")) == (12000, 12000, None)
        with pytest.raises(PaymentRefunded):
            payments.take_back_payment(ctx, paid.id)


def test_a_refund_takes_the_discount_for_paying_early_along(acme: Any) -> None:
    with acme.call("carol") as ctx:
        one = sold(ctx)
        paid = payments.record_payment(ctx, one.id, amount=17150, received_on=IN_TIME)
        assert one.settled == one.total
        refunds.refund_payment(ctx, paid.id, amount=17150)
        assert (one.settled, balances(ctx)) == (0, {"receivable": 17500, "revenue": -15000, "tax": -2500})
        finalizing.void_invoice(ctx, one.id, "Not delivered")
        assert balances(ctx) == {}


def test_a_payment_whose_credit_is_spent_stays(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        one = final(ctx, hill)
        paid = payments.record_payment(ctx, one.id, amount=13000)
        other = final(ctx, hill)
        assert other.settled == 1000
        with pytest.raises(CreditUsed):
            payments.take_back_payment(ctx, paid.id)
        applying.reverse_application(ctx, applying.list_applications(ctx, other.id)[0].id)
        payments.take_back_payment(ctx, paid.id)
        assert (_open(ctx, one), _open(ctx, other)) == (12000, 12000)


@pytest.mark.parametrize(("currency", "rate", "total"), [("JPY", 333, 400), ("KWD", 1005, 1206)])
def test_currencies_with_other_decimals_are_paid_to_the_last_unit(acme: Any, currency: str, rate: int, total: int) -> None:
    with acme.call("alice") as ctx:
        client_id = taxed_client(ctx, lay_out_taxes(ctx), f"{currency} client", currency)
        one = final(ctx, client_id, line(rate=rate))
        assert one.total == total
        paid = payments.record_payment(ctx, one.id, amount=total + 1)
        refunds.refund_payment(ctx, paid.id, amount=2)
        assert (_open(ctx, one), balances(ctx, currency)["receivable"], balances(ctx, currency)["cash"]) == (1, 1, total - 1)
