"""Carol writes invoices by hand, finalizes them, corrects them, and is paid."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from kernel.context import Actor
from kernel.errors import InvalidInput, PreconditionFailed
from kernel.hookspecs.invoicing import ManualInvoice, ManualLine
from kernel.hookspecs.pricing import PriceMissingInCurrency
from kernel.ids import uuid7
from kernel.tenancy import change_settings
from plugins.billing import chain, credit_notes, finalizing, invoices, ledger, listing, payments
from plugins.billing.credits import applying
from plugins.billing.errors import (
    CreditTooLarge,
    CreditUsed,
    InvoiceNotDraft,
    InvoiceNotFinal,
    InvoiceNotFound,
    InvoiceSettled,
)
from plugins.billing.models import Credit, Invoice, InvoiceLine, Payment
from tests.plugins.billing.invoice_desk import balances, draft, final, item, lay_out_taxes, line, off, serials, taxed_client


@pytest.fixture
def hill(acme: Any) -> Any:
    """The id of Hill & Sons, a client in a country with VAT."""
    with acme.call("carol") as ctx:
        return taxed_client(ctx.acting_as(Actor.system()), lay_out_taxes(ctx.acting_as(Actor.system())))


def test_a_draft_by_hand_is_taxed_numbered_and_explains_itself(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        support = item(ctx, EUR=9500)
        one = draft(ctx, hill, line("", "1.5", None, item_id=support), line("Travel", "2", 3000, tax_category="reduced"))
        assert (one.number, one.status, one.created_by_name) == ("INV-000001", "draft", "Carol")
        assert (one.subtotal, one.tax, one.total) == (14250 + 6000, 2850 + 600, 23700)
        assert one.due_date == one.invoice_date + timedelta(days=14)
        first, _second = invoices.list_lines(ctx, one.id)
        assert (first.description, first.unit_price, first.net, first.tax) == ("Remote support", 9500, 14250, 2850)
        assert first.trace["steps"] == [["quantity_times_price", "1.5 × 9500", 14250]]
        assert balances(ctx) == {}


def test_discounts_take_off_their_scope_and_lower_the_tax(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        one = draft(ctx, hill, line(rate=10000), line("Other", rate=5000),
                    discounts=[off("10", line=1), off(amount=500)])  # fmt: skip
        assert (one.net, one.discount, one.subtotal, one.tax) == (15000, 1500, 13500, 2700)
        lines = invoices.list_lines(ctx, one.id)
        assert [each.discount for each in lines] == [1333, 167]
        assert sum(each.total for each in lines) == one.total


def test_what_is_wrong_is_named_at_its_field(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        with pytest.raises(InvalidInput) as refused:
            draft(ctx, hill, line("", "0", None, item_id=uuid7()))
        assert set(refused.value.errors) == {"lines[0].item_id", "lines[0].quantity"}
        dollars = item(ctx, USD=100)
        with pytest.raises(PriceMissingInCurrency) as unpriced:
            draft(ctx, hill, line("", "1", None, item_id=dollars))
        assert set(unpriced.value.errors) == {"lines[0].rate"}
        with pytest.raises(InvalidInput) as unknown:
            draft(ctx, uuid7())
        assert set(unknown.value.errors) == {"client_id"}
        assert serials(ctx) == []


def test_a_failed_create_burns_no_number(acme: Any, hill: Any) -> None:
    with pytest.raises(ZeroDivisionError), acme.call("carol") as ctx:
        assert draft(ctx, hill).number == "INV-000001"
        raise ZeroDivisionError
    with acme.call("carol") as ctx:
        assert draft(ctx, hill).number == "INV-000001"


def test_drafts_change_and_go(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        one = draft(ctx, hill)
        changed = invoices.change_invoice(ctx, one.id, {"lines": [line("More", "3")], "po_number": "PO-7"}, version=one.version)
        assert (changed.number, changed.subtotal, changed.po_number) == (one.number, 30000, "PO-7")
        assert [each.description for each in invoices.list_lines(ctx, one.id)] == ["More"]
        with pytest.raises(PreconditionFailed):
            invoices.change_invoice(ctx, one.id, {"notes": "x"}, version=1)
        invoices.delete_invoice(ctx, one.id)
        with pytest.raises(InvoiceNotFound):
            invoices.get_invoice(ctx, one.id)


def test_finalizing_books_it_and_freezes_it(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        one = final(ctx, hill)
        assert balances(ctx) == {"receivable": 12000, "revenue": -10000, "tax": -2000}
        assert one.parties and one.parties["buyer"]["name"] == "Hill & Sons"
        with pytest.raises(InvoiceNotDraft):
            finalizing.finalize_invoice(ctx, one.id)
        with pytest.raises(InvoiceNotDraft):
            invoices.change_invoice(ctx, one.id, {"notes": "later"})
        assert chain.verify_chain(ctx, "invoice") == []


@pytest.mark.parametrize("change", [
    "update billing_invoices set total = total + 1, tax = tax + 1",
    "update billing_invoices set status = 'draft'",
    "update billing_invoice_lines set description = 'x'",
    "delete from billing_invoice_lines",
    "delete from billing_invoice_taxes",
    "insert into billing_invoice_taxes select tenant_id, gen_random_uuid(), invoice_id, 9, name, code, percent, base, tax,"
    " region, note, rate_key, tax_date from billing_invoice_taxes",
    "delete from billing_invoices",
    "update billing_postings set amount = amount + 1",
    "delete from billing_postings",
    "update billing_chain_links set event = 'voided'",
    "insert into billing_postings select tenant_id, gen_random_uuid(), entry_id, 'cash', 5 from billing_postings limit 1",
])  # fmt: skip
def test_the_database_itself_keeps_what_is_final(acme: Any, hill: Any, change: str) -> None:
    with acme.call("carol") as ctx:
        final(ctx, hill)
    with pytest.raises(DBAPIError) as refused, acme.call("carol") as ctx:
        ctx.session.execute(text(change))
    assert isinstance(refused.value.orig, psycopg.errors.RestrictViolation | psycopg.errors.CheckViolation)


@pytest.mark.forged_books
def test_the_chain_tells_what_was_forged(acme: Any, hill: Any, settings: Any) -> None:
    with acme.call("carol") as ctx:
        one = final(ctx, hill)
        final(ctx, hill)
    with psycopg.connect(settings.owner_url.replace("+psycopg", ""), autocommit=True) as owner:
        owner.execute("select set_config('app.tenant_id', %s, false)", [str(acme.tenant_id)])
        owner.execute("alter table billing_invoice_lines disable trigger user")
        owner.execute("update billing_invoice_lines set description = 'forged' where invoice_id = %s", [one.id])
        owner.execute("alter table billing_invoice_lines enable trigger user")
    with acme.call("carol") as ctx:
        assert chain.verify_chain(ctx, "invoice") == ["The invoice of link 1 is not what was sealed."]


def test_voiding_reverses_the_ledger_and_is_chained(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        one = final(ctx, hill)
        with pytest.raises(InvalidInput):
            finalizing.void_invoice(ctx, one.id, " ")
        finalizing.void_invoice(ctx, one.id, "Sent to the wrong client")
        assert balances(ctx) == {}
        assert chain.verify_chain(ctx, "invoice") == []
        with pytest.raises(InvoiceNotFinal):
            finalizing.void_invoice(ctx, one.id, "Twice")


def test_payments_settle_and_what_is_too_much_becomes_a_credit(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        one, other = final(ctx, hill), final(ctx, hill)
        payments.record_payment(ctx, one.id, amount=5000)
        assert listing.state_of(one, ctx.today()) == "partly_paid"
        over = payments.record_payment(ctx, one.id, amount=8000)
        assert (one.settled, over.applied, listing.state_of(one, ctx.today())) == (12000, 7000, "paid")
        [credit] = applying.usable_credits(ctx, other)
        assert balances(ctx) == {"receivable": 12000, "revenue": -20000, "tax": -4000, "cash": 13000, "credit": -1000}
        applying.apply_credit(ctx, other.id, credit.id)
        assert (credit.remaining, other.settled) == (0, 1000)
        with pytest.raises(CreditUsed):
            payments.take_back_payment(ctx, over.id)
        with pytest.raises(InvoiceSettled):
            finalizing.void_invoice(ctx, one.id, "Paid already")
        with pytest.raises(CreditTooLarge):
            applying.apply_credit(ctx, other.id, credit.id)


def test_a_payment_taken_back_opens_the_invoice_again(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        one = final(ctx, hill)
        before = balances(ctx)
        paid = payments.record_payment(ctx, one.id, amount=20000)
        payments.take_back_payment(ctx, paid.id)
        assert (one.settled, balances(ctx), applying.usable_credits(ctx, one)) == (0, before, [])


def test_a_full_credit_note_takes_everything_back(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        one = final(ctx, hill, line("A", "1", 3333), line("B", "3", 3333), discounts=[off("7.5")])
        note = credit_notes.create_credit_note(ctx, one.id, reason="Cancelled")
        assert (note.number, note.status, note.subtotal, note.tax, note.total) == (
            "CN-000001", "finalized", one.subtotal, one.tax, one.total)  # fmt: skip
        assert (one.settled, one.credited) == (one.total, one.total)
        assert balances(ctx) == {}
        with pytest.raises(CreditTooLarge):
            credit_notes.create_credit_note(ctx, one.id, reason="Again")


def test_credit_notes_by_line_add_up_to_the_line_to_the_cent(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        one = final(ctx, hill, line("A", "1", 3333))
        payments.record_payment(ctx, one.id, amount=one.total)
        [only] = invoices.list_lines(ctx, one.id)
        for amount in (1111, 1, 1000, 1221):
            credit_notes.create_credit_note(ctx, one.id, reason="Part", lines=[credit_notes.CreditAsked(only.id, amount)])
        notes = list(ctx.session.scalars(select(Invoice).where(Invoice.credit_of_id == one.id)))
        assert (sum(note.subtotal for note in notes), sum(note.tax for note in notes)) == (3333, one.tax)
        assert sum(credit.remaining for credit in ctx.session.scalars(select(Credit))) == one.total
        with pytest.raises(CreditTooLarge):
            credit_notes.create_credit_note(ctx, one.id, reason="Part", lines=[credit_notes.CreditAsked(only.id, 1)])


def test_a_credit_note_is_voided_only_while_unspent(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        one = final(ctx, hill)
        payments.record_payment(ctx, one.id, amount=one.total)
        paid = balances(ctx)
        other = final(ctx, hill)
        note = credit_notes.create_credit_note(ctx, one.id, reason="Good will")
        finalizing.void_invoice(ctx, note.id, "Changed our mind")
        finalizing.void_invoice(ctx, other.id, "Not needed")
        assert (balances(ctx), one.credited) == (paid, 0)


def test_amounts_without_decimals_stay_whole(acme: Any) -> None:
    with acme.call("alice") as ctx:
        tokyo = taxed_client(ctx, lay_out_taxes(ctx), "Tokyo KK", "JPY")
        one = final(ctx, tokyo, line("Work", "3", 333))
        assert (one.currency, one.subtotal, one.tax, one.total) == ("JPY", 999, 200, 1199)
        assert balances(ctx, "JPY")["receivable"] == 1199


def test_numbers_at_finalizing_leave_no_gaps(acme: Any, hill: Any) -> None:
    with acme.call("alice") as ctx:
        change_settings(ctx, "billing", {"number_at": "finalize", "invoice_pattern": "{year}-{n:04}"})
        first, second, third = (draft(ctx, hill) for _ in range(3))
        assert first.number.startswith("DRAFT-")
        invoices.delete_invoice(ctx, first.id)
        done = finalizing.finalize_invoices(ctx, [third.id, second.id])
        assert sorted(one.number for one in done) == ["2026-0001", "2026-0002"]


def test_many_finalize_at_once_without_gap_or_double(acme: Any, hill: Any) -> None:
    with acme.call("alice") as ctx:
        change_settings(ctx, "billing", {"number_at": "finalize"})
        ids = [draft(ctx, hill).id for _ in range(8)]
    _together([lambda one=one: _finalize(acme, one) for one in ids])
    with acme.call("carol") as ctx:
        assert list(serials(ctx)) == list(range(1, 9))
        assert chain.verify_chain(ctx, "invoice") == []


def _finalize(world: Any, invoice_id: Any) -> None:
    with world.call("carol") as ctx:
        finalizing.finalize_invoice(ctx, invoice_id)


def _together(deeds: list[Any]) -> None:
    threads = [threading.Thread(target=deed) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_one_invoice_is_finalized_once_by_whoever_is_first(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        invoice_id = draft(ctx, hill).id
    refused: list[Exception] = []

    def attempt() -> None:
        try:
            _finalize(acme, invoice_id)
        except InvoiceNotDraft as error:
            refused.append(error)

    _together([attempt] * 4)
    assert len(refused) == 3
    with acme.call("carol") as ctx:
        assert balances(ctx)["receivable"] == 12000


def test_payments_at_once_never_exceed_the_invoice(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        invoice_id = final(ctx, hill).id

    def pay() -> None:
        with acme.call("carol") as ctx:
            payments.record_payment(ctx, invoice_id, amount=5000)

    _together([pay] * 4)
    with acme.call("carol") as ctx:
        assert invoices.get_invoice(ctx, invoice_id).settled == 12000
        assert sum(one.applied for one in ctx.session.scalars(select(Payment))) == 12000
        assert sum(one.amount for one in ctx.session.scalars(select(Credit))) == 8000


def asked(client_id: Any, key: str | None = None, *lines: ManualLine) -> ManualInvoice:
    return ManualInvoice(client_id, lines or (ManualLine(None, "By code", Decimal(2), 1000),), idempotency_key=key)


def robot(name: str = "demo@1.0.0") -> Actor:
    return Actor("extension", uuid7(), "Demo", author=name)


def test_an_extension_writes_drafts_under_its_own_name(acme: Any, hill: Any) -> None:
    with acme.call(robot()) as ctx:
        made = ctx.hooks.create_manual_invoice(ctx=ctx, invoice=asked(hill))
        assert (made.status, made.subtotal, made.tax, made.exponent) == ("draft", 2000, 400, 2)
    with acme.call("carol") as ctx:
        row = invoices.get_invoice(ctx, made.id)
        assert (row.author, row.created_by_kind, row.due_date) == ("demo@1.0.0", "extension", row.invoice_date)


def test_the_same_key_gives_the_same_invoice_even_at_once(acme: Any, hill: Any) -> None:
    actor, seen = robot(), []

    def create() -> None:
        with acme.call(actor) as ctx:
            seen.append(ctx.hooks.create_manual_invoice(ctx=ctx, invoice=asked(hill, "order-1")).id)

    _together([create] * 5)
    assert len(seen) == 5
    assert len(set(seen)) == 1
    with acme.call(robot()) as ctx:
        assert ctx.hooks.create_manual_invoice(ctx=ctx, invoice=asked(hill, "order-1")).id not in seen
        assert list(serials(ctx)) == [1, 2]


def test_the_hook_names_the_position_of_what_is_wrong(acme: Any, hill: Any) -> None:
    work = ManualLine(None, "Work", Decimal(1), 1000)
    with acme.call(robot()) as ctx:
        for bad, field in (
            (ManualLine(uuid7(), "Gone", Decimal(1), 1), "lines[1].item_id"),
            (ManualLine(None, "Less", Decimal(1), 0, "percentage", Decimal(101)), "lines[1].percent"),
            (ManualLine(None, "Less", Decimal(1), 0, "percentage", Decimal(1), applies_to_line=9), "lines[1].applies_to_line"),
            (ManualLine(None, "Less", Decimal(1), 1, "fixed", applies_to_line=0, applies_to_item=uuid7()), "lines[1]"),
            (ManualLine(None, "x" * 501, Decimal(1), 1), "lines[1].description"),
        ):
            with pytest.raises(InvalidInput) as refused:
                ctx.hooks.create_manual_invoice(ctx=ctx, invoice=asked(hill, None, work, bad))
            assert field in refused.value.errors
        discounted = ManualLine(None, "Less", Decimal(1), 0, "percentage", Decimal(10), applies_to_line=1)
        made = ctx.hooks.create_manual_invoice(ctx=ctx, invoice=asked(hill, None, discounted, work))
        assert made.subtotal == 900


def test_sums_hold_on_every_invoice(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        for quantity in ("0.3333", "1.5", "7.77"):
            final(ctx, hill, line(quantity=quantity, rate=1234), line(quantity=quantity, rate=99, tax_category="reduced"),
                  discounts=[off("3.3")])  # fmt: skip
        for one in ctx.session.scalars(select(Invoice)):
            lines = list(ctx.session.scalars(select(InvoiceLine).where(InvoiceLine.invoice_id == one.id)))
            for name in ("net", "discount", "tax", "total"):
                assert sum(getattr(each, name) for each in lines) == getattr(one, name)
            assert sum(tax.tax for tax in invoices.list_taxes(ctx, one.id)) == one.tax
        assert sum(balances(ctx).values()) == 0
        assert sum(row["balance"] for row in ledger.trial_balance(ctx)) == 0


def test_removing_a_tenant_removes_what_nobody_else_may(acme: Any, hill: Any, settings: Any) -> None:
    with acme.call("carol") as ctx:
        one = final(ctx, hill)
        payments.record_payment(ctx, one.id, amount=50)
        credit_notes.create_credit_note(ctx, one.id, reason="x")
    with psycopg.connect(settings.owner_url.replace("+psycopg", ""), autocommit=True) as owner:
        owner.execute("delete from tenants where id = %s", [acme.tenant_id])
        owner.execute("select set_config('app.tenant_id', %s, false)", [str(acme.tenant_id)])
        for table in ("billing_invoices", "billing_invoice_lines", "billing_postings", "billing_chain_links"):
            assert owner.execute(f"select count(*) from {table}").fetchone() == (0,)


def test_beta_sees_nothing_of_acme(acme: Any, beta: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        invoice_id = final(ctx, hill, invoice_date=date(2026, 9, 1)).id
    with beta.call("carol") as ctx:
        for deed in (
            lambda: invoices.get_invoice(ctx, invoice_id),
            lambda: finalizing.finalize_invoice(ctx, invoice_id),
            lambda: finalizing.void_invoice(ctx, invoice_id, "x"),
            lambda: payments.record_payment(ctx, invoice_id, amount=1),
            lambda: credit_notes.create_credit_note(ctx, invoice_id, reason="x"),
        ):
            with pytest.raises(InvoiceNotFound):
                deed()
        assert ledger.trial_balance(ctx) == []
