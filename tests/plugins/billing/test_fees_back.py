"""An invoice that was late is void: what was charged for its being late is taken back, once, and guarded as days are."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select

from kernel.errors import DeskhandError
from kernel.tenancy import change_settings
from plugins.billing import credit_notes, finalizing, invoices, reopening
from plugins.billing.credit_notes import CreditAsked
from plugins.billing.errors import CreditTooLarge, InvoiceSettled, NotUnfinalizable
from plugins.billing.models import Invoice, Reminder
from plugins.billing.receivables import late_fees
from plugins.billing.why import explain_line
from tests.plugins.billing.test_late_fees import JULY, _letter, fees, owing, run
from tests.plugins.billing.test_meanwhile import Shop


@pytest.fixture
def charged(acme: Any) -> tuple[Any, Any]:
    """A late invoice and the final one that charges three months of 1.20 for it."""
    with acme.call("alice") as ctx:
        change_settings(ctx, "billing", {"runs_finalize": True, "credit_auto_apply": False, "below_zero": "credit_note"})
    with acme.call("carol") as ctx:
        late = owing(ctx).id
        rule = {"kind": "percent", "percent": Decimal(1), "tax_category": "standard"}
        late_fees.add_rule(ctx, currency="EUR", starts_on=JULY, **rule)
    run(acme)
    with acme.call("carol") as ctx:
        return late, ctx.session.scalars(select(Invoice.id).where(Invoice.origin == "run")).one()


def _void(world: Any, *ids: Any) -> None:
    with world.call("carol") as ctx:
        for one in ids:
            finalizing.void_invoice(ctx, one, "Never ordered")


def _notes(world: Any) -> list[tuple[int, int]]:
    with world.call("carol") as ctx:
        found = select(Invoice.subtotal, Invoice.tax).where(Invoice.kind == "credit_note", Invoice.status == "finalized")
        return [tuple(row) for row in ctx.session.execute(found.order_by(Invoice.id))]


def test_the_fees_of_a_void_invoice_are_taken_back_once_with_their_tax(acme: Any, charged: Any) -> None:
    late, fee = charged
    _void(acme, late)
    run(acme)
    run(acme)
    assert _notes(acme) == [(360, 72)]
    with acme.call("carol") as ctx:
        back = ctx.session.scalars(select(Invoice).where(Invoice.kind == "credit_note")).one()
        first = invoices.list_lines(ctx, back.id)[0]
        number = invoices.get_invoice(ctx, late).number
        assert first.description == f"Late fee for {number}, Jul 16\u2009–\u2009Aug 15, 2026, taken back"
        assert explain_line(ctx, back.id, first.id)["rule"] == "A fee for an invoice that is void by now"
        with pytest.raises(InvoiceSettled, match="taken back"):
            finalizing.void_invoice(ctx, fee, "Too harsh")
        with pytest.raises(NotUnfinalizable, match="A fee of"):
            reopening.unfinalize_invoice(ctx, fee)
        with pytest.raises(CreditTooLarge):
            credit_notes.create_credit_note(ctx, fee, reason="Sorry")
    _void(acme, back.id)
    run(acme)
    assert _notes(acme) == [(360, 72)], "taken back again, since what took it back is void"


def test_what_a_credit_note_took_back_is_not_taken_back(acme: Any, charged: Any) -> None:
    late, fee = charged
    with acme.call("carol") as ctx:
        month = invoices.list_lines(ctx, fee)[0]
        credit_notes.create_credit_note(ctx, fee, reason="Sorry", lines=[CreditAsked(month.id, 20)])
    _void(acme, late)
    with acme.call("carol") as ctx:
        assert [amount for _, amount in fees(ctx)] == [100, 120, 120]


def test_nothing_is_taken_back_of_what_is_void_itself(acme: Any, charged: Any) -> None:
    late, fee = charged
    _void(acme, fee, late)
    with acme.call("carol") as ctx:
        assert fees(ctx) == []


def test_the_fee_of_a_reminder_goes_back_too_and_bears_no_late_fee(acme: Any) -> None:
    with acme.call("alice") as ctx:
        change_settings(ctx, "billing", {"runs_finalize": True, "below_zero": "credit_note"})
    with acme.call("carol") as ctx:
        one = owing(ctx)
        facts = {"letter_id": _letter(ctx, one), "level": 3, "reminded_on": date(2026, 9, 30), "open_amount": 12000, "fee": 700}
        ctx.session.add(Reminder(invoice_id=one.id, **facts))
    run(acme)
    _void(acme, one.id)
    with acme.call("carol") as ctx:
        [(words, amount)] = fees(ctx)
        assert words.endswith("taken back")
        assert amount == 700


def test_who_voids_the_fee_waits_for_the_run_that_takes_it_back(acme: Any, charged: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    late, fee = charged
    _void(acme, late)
    shop, came = Shop.__new__(Shop), list[str]()
    shop.world = acme

    def carol_voids_the_fee() -> None:
        try:
            _void(acme, fee)
            came.append("done")
        except DeskhandError as error:
            came.append(error.code)

    waiting = Thread(target=carol_voids_the_fee)
    shop.run_while(monkeypatch, waiting.start)
    waiting.join()
    assert came == [InvoiceSettled.code]
    assert _notes(acme) == [(360, 72)]
