"""Money that was sent and never answered: whatever happens to it meanwhile, it is there once, or counts for nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel.context import Actor
from kernel.events import deliver_due
from kernel.hookspecs.accounting import Failed
from plugins.billing import finalizing, payments
from plugins.billing.credit_notes import create_credit_note
from plugins.billing.credits.applying import apply_credit, apply_credits, list_applications, reverse_application
from tests.plugins.accounting.conftest import Desk
from tests.plugins.accounting.ledger_room.books import BooksGateway, outage
from tests.plugins.accounting.test_money_out import amounts, automatic, pay


def go_on(desk: Desk, clock: Any) -> None:
    for _ in range(3):
        clock.advance(timedelta(hours=1))
        desk.drain()


def unanswered(desk: Desk) -> UUID:
    """Money in advance that is sent, and the answer to it lost; the credit that it gave."""
    desk.books.mishaps = [("after", outage())]
    with desk.call() as ctx:
        payment = payments.record_client_payment(ctx, desk.client_id, amount=15000, currency="EUR", allocations=[])
        credit = payments.list_credits_of(ctx, payment.id)[0].id
    desk.drain()
    return credit


def test_what_changed_meanwhile_waits_for_the_answer(desk: Desk, clock: Any) -> None:
    automatic(desk)
    desk.invoice(10000)
    later = desk.invoice(20000)
    desk.drain()
    credit = unanswered(desk)
    with desk.call() as ctx:
        apply_credit(ctx, later, credit, 3000)
    desk.drain()
    assert amounts(desk) == [(15000, [], False)]
    go_on(desk, clock)
    assert amounts(desk) == [(15000, [3000], False)]


def test_what_pays_a_document_that_waits_meanwhile_waits_with_it(desk: Desk, clock: Any) -> None:
    """Its answer is still unknown while what it pays by now cannot go out."""
    automatic(desk)
    desk.invoice(10000)
    desk.drain()
    credit = unanswered(desk)
    desk.target(auto_export=False)
    later = desk.invoice(20000)
    with desk.call() as ctx:
        if not list_applications(ctx, later):
            apply_credit(ctx, later, credit, 3000)
    go_on(desk, clock)
    assert (amounts(desk), {state for state, _ in desk.work("payment")}) == ([(15000, [], False)], {"sending", "waiting"})
    desk.deliver(desk.batch())
    go_on(desk, clock)
    assert [amount for amount, *_ in amounts(desk)] == [15000] and amounts(desk)[0][1] != []
    assert {state for state, _ in desk.work("payment")} == {"done"}


@pytest.mark.parametrize("again", [True, False])
def test_what_was_refused_gives_way_to_what_changed_meanwhile(
    desk: Desk, clock: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, again: bool
) -> None:
    """No job stumbles over the two of them."""
    automatic(desk)
    desk.invoice(10000)
    later, real = desk.invoice(20000), BooksGateway.put_money
    desk.drain()

    def meanwhile(self: BooksGateway, money: Any) -> Any:
        if any(one.shares for one in money):
            return real(self, money)
        with desk.call() as ctx:
            for credit in payments.list_credits_of(ctx, money[0].id):
                if credit.remaining == 5000:
                    apply_credit(ctx, later, credit.id, 3000)
        while deliver_due(desk.world.kernel, desk.world.tenant_id):
            pass
        return [Failed("refused", "No.", again=again) for _ in money]

    monkeypatch.setattr(BooksGateway, "put_money", meanwhile)
    with desk.call() as ctx:
        payments.record_client_payment(ctx, desk.client_id, amount=5000, currency="EUR", allocations=[])
    desk.drain()
    go_on(desk, clock)
    assert amounts(desk) == [(5000, [3000], False)]
    assert [one.getMessage() for one in caplog.records if one.name == "kernel.jobs.runner"] == []


@pytest.mark.parametrize("lost", ["before", "after"])
def test_what_was_taken_back_meanwhile_counts_for_nothing(desk: Desk, clock: Any, lost: str) -> None:
    automatic(desk)
    invoice = desk.invoice(10000)
    desk.drain()
    desk.books.mishaps = [(lost, outage())]
    payment = pay(desk, invoice, 5000)
    desk.drain()
    with desk.call() as ctx:
        payments.take_back_payment(ctx, payment)
    go_on(desk, clock)
    assert [voided for *_, voided in amounts(desk)] == [True]
    assert {state for state, _ in desk.work("payment")} == {"done"}


def test_a_use_of_credit_that_was_taken_back_meanwhile_counts_for_nothing(desk: Desk, clock: Any) -> None:
    automatic(desk)
    invoice = desk.invoice(10000)
    with desk.call(Actor.system()) as ctx:
        create_credit_note(ctx, invoice, reason="Late", apply=False)
    desk.drain()
    desk.books.mishaps = [("after", outage())]
    with desk.call(Actor.system()) as ctx:
        apply_credits(ctx, invoice)
    desk.drain()
    with desk.call(Actor.system()) as ctx:
        reverse_application(ctx, list_applications(ctx, invoice)[0].id)
    desk.drain()
    go_on(desk, clock)
    assert amounts(desk) == [(0, [12000, 12000], True)]


def test_an_invoice_that_is_voided_while_its_number_is_refused_goes_nowhere(
    desk: Desk, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    automatic(desk)

    def meanwhile(self: BooksGateway, documents: Any) -> Any:
        with desk.call(Actor.system()) as ctx:
            finalizing.void_invoice(ctx, documents[0].id, "Twice")
        while deliver_due(desk.world.kernel, desk.world.tenant_id):
            pass
        return [Failed("duplicate_number", "The number is taken.") for _ in documents]

    monkeypatch.setattr(BooksGateway, "put_documents", meanwhile)
    desk.invoice(10000)
    go_on(desk, clock)
    assert set(desk.states().values()) == {"cancelled"}
    assert {state for state, _ in desk.work("invoice")} == {"dropped"}
    assert desk.books.of("invoice") == []
