"""Money follows its documents: payments, what credits paid, and what is voided, each once and in order."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update

from kernel.context import Actor
from plugins.accounting import batches, listing, outgoing
from plugins.accounting.models import Outgoing
from plugins.billing import finalizing, payments
from plugins.billing.credit_notes import create_credit_note
from plugins.billing.credits.applying import apply_credit, list_applications, reverse_application
from plugins.billing.credits.giving import grant_credit
from plugins.billing.prepayments import create_prepayment
from tests.plugins.accounting.conftest import Desk
from tests.plugins.accounting.ledger_room.books import outage


def automatic(desk: Desk) -> None:
    desk.target(auto_export=True, send_payments=True)
    desk.map("item", "*", "S1")


def pay(desk: Desk, invoice_id: UUID, amount: int) -> UUID:
    with desk.call() as ctx:
        return payments.record_payment(ctx, invoice_id, amount=amount).id


def amounts(desk: Desk) -> list[tuple[int, list[int], bool]]:
    """Amount, shares and whether it is void, of each payment there."""
    return [(one.value.amount, [share.amount for share in one.value.shares], one.voided) for one in desk.books.of("payment")]


def test_documents_go_out_as_they_become_final_and_their_payments_after_them(desk: Desk) -> None:
    automatic(desk)
    invoice = desk.invoice(10000)
    payment = pay(desk, invoice, 5000)
    desk.drain()
    assert set(desk.states().values()) == {"delivered"}
    assert amounts(desk) == [(5000, [5000], False)]
    assert [what for what, _ in desk.books.calls] == ["client", "document", "payment"]
    with desk.call() as ctx:
        payments.take_back_payment(ctx, payment)
    desk.drain()
    assert amounts(desk) == [(5000, [5000], True)]
    with desk.call(Actor.system()) as ctx:
        finalizing.void_invoice(ctx, invoice, "Wrong client")
    desk.drain()
    assert [one.voided for one in desk.books.of("invoice")] == [True]


def test_money_waits_for_documents_that_a_person_delivers(desk: Desk) -> None:
    desk.target(send_payments=True)
    invoice = desk.invoice(10000)
    pay(desk, invoice, 12000)
    desk.drain()
    assert desk.work("payment") == [("waiting", "waits_for_document")]
    desk.deliver(desk.batch())
    assert amounts(desk) == [(12000, [12000], False)]


def test_a_credit_note_and_what_it_paid_arrive_as_two_documents_tied_together(desk: Desk) -> None:
    automatic(desk)
    invoice = desk.invoice(10000)
    with desk.call(Actor.system()) as ctx:
        create_credit_note(ctx, invoice, reason="Late")
    desk.drain()
    [note] = desk.books.of("credit_note")
    assert note.value.total == 12000
    assert note.value.corrects
    assert amounts(desk) == [(0, [12000, 12000], False)]
    with desk.call(Actor.system()) as ctx:
        reverse_application(ctx, list_applications(ctx, invoice)[0].id)
    desk.drain()
    assert [voided for *_, voided in amounts(desk)] == [True]


def test_money_in_advance_is_a_payment_until_a_sale_uses_it(desk: Desk) -> None:
    automatic(desk)
    with desk.call(Actor.system()) as ctx:
        asked = create_prepayment(ctx, client_id=desk.client_id, amount=5000, description="In advance")
        finalizing.finalize_invoice(ctx, asked.id)
    pay(desk, asked.id, 5000)
    desk.drain()
    assert desk.books.of("invoice") == []
    assert amounts(desk) == [(5000, [], False)]
    invoice = desk.invoice(10000)
    desk.drain()
    with desk.call() as ctx:
        used = list_applications(ctx, invoice)
    assert [one.amount for one in used] == [5000]
    assert amounts(desk) == [(5000, [5000], False)]


def test_a_void_before_delivery_leaves_nothing_there(desk: Desk, clock: Any) -> None:
    batch = desk.batch if desk.invoice() else None
    assert batch is not None
    batch_id = batch()
    with desk.call(Actor.system()) as ctx:
        [row] = batches.list_documents(ctx, batch_id)
        finalizing.void_invoice(ctx, row.invoice_id, "Twice")
    desk.drain()
    assert set(desk.states().values()) == {"cancelled"}
    second = desk.invoice(200)
    desk.books.mishaps = [("before", outage())]
    desk.deliver(desk.batch())
    with desk.call(Actor.system()) as ctx:
        finalizing.void_invoice(ctx, second, "Twice")
    for _ in range(3):
        clock.advance(timedelta(hours=1))
        desk.drain()
    assert [one.voided for one in desk.books.of("invoice")] == [True]


def test_what_is_dated_before_the_first_day_stays_out_with_its_money(desk: Desk) -> None:
    automatic(desk)
    desk.target(starts_on=date(2026, 10, 2))
    invoice = desk.invoice(10000)
    pay(desk, invoice, 12000)
    desk.drain()
    assert desk.books.calls == []
    assert desk.work("payment") == [("dropped", "")]


def test_a_change_there_is_never_overwritten_and_a_mere_version_is_no_change(desk: Desk) -> None:
    automatic(desk)
    first, second = desk.invoice(10000), desk.invoice(20000)
    desk.drain()
    for entry, total in zip(desk.books.of("invoice"), (None, 1), strict=True):
        entry.external = entry.external._replace(version="7")
        if total:
            entry.value = entry.value._replace(total=total)
    with desk.call(Actor.system()) as ctx:
        for one in (first, second):
            finalizing.void_invoice(ctx, one, "Wrong")
    desk.drain()
    assert [one.voided for one in desk.books.of("invoice")] == [True, False]
    assert ("failed", "stale") in desk.work("invoice")


def test_money_that_was_refused_is_no_work_any_more_when_it_is_taken_back(desk: Desk) -> None:
    automatic(desk)
    payment = pay(desk, desk.invoice(10000), 5000)
    with desk.call(Actor.system()) as ctx:
        outgoing.add_work(ctx, desk.target_id, "payment", payment)
        ctx.session.execute(update(Outgoing).where(Outgoing.kind == "payment").values(
            state="failed", code="refused", finished_at=ctx.now()))  # fmt: skip
        payments.take_back_payment(ctx, payment)
    desk.drain()
    assert (desk.work("payment"), amounts(desk)) == ([("dropped", "")], [])


def test_an_overpayment_pays_the_next_invoice_too(desk: Desk) -> None:
    automatic(desk)
    invoice = desk.invoice(10000)
    with desk.call() as ctx:
        payment = payments.record_client_payment(ctx, desk.client_id, amount=15000, currency="EUR")
        credit = payments.list_credits_of(ctx, payment.id)[0].id
    desk.drain()
    assert amounts(desk) == [(15000, [12000], False)]
    later = desk.invoice(20000)
    with desk.call() as ctx:
        if not list_applications(ctx, later):
            apply_credit(ctx, later, credit)
    desk.drain()
    assert amounts(desk) == [(15000, [12000, 3000], False)]
    assert invoice != later


def test_a_credit_without_a_document_waits_for_a_person_until_it_is_put_aside_or_taken_back(desk: Desk, clock: Any) -> None:
    automatic(desk)
    invoices = [desk.invoice(10000), desk.invoice(10000)]
    desk.drain()
    with desk.call() as ctx:
        credit = grant_credit(ctx, desk.client_id, amount=3000, reason="Sorry", currency="EUR").id
        for one in invoices:
            apply_credit(ctx, one, credit, amount=1000)
    desk.drain()
    assert desk.work("credit_use") == [("waiting", "credit_not_exportable")] * 2
    with desk.call() as ctx:
        first, _ = listing.list_work(ctx, desk.target_id, {"state": "waiting"}).items
        assert first["mend_url"] == f"/invoices/{invoices[0]}"
        outgoing.drop_work(ctx, first["id"])
        reverse_application(ctx, list_applications(ctx, invoices[1])[0].id)
    desk.drain()
    clock.advance(days=1, minutes=1)
    desk.drain()
    assert [state for state, _ in desk.work("credit_use")] == ["dropped", "dropped"]
    assert desk.books.of("payment") == []
