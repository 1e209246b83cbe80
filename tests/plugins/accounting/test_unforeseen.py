"""The room of a system fails on one document: that one says so and is tried again, all others arrive, nothing is there twice."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from plugins.accounting.models import Outgoing
from plugins.accounting.outgoing import retry_work
from plugins.billing import payments
from tests.plugins.accounting.books_there import paid
from tests.plugins.accounting.conftest import Desk
from tests.plugins.accounting.test_looking import cursor, look
from tests.plugins.accounting.test_looking import payments as receipts


def numbers(desk: Desk, *invoices: UUID) -> list[str]:
    with desk.call() as ctx:
        sums = ctx.hooks.sum_up_papers(ctx=ctx, invoice_ids=invoices)
        return [sums[one].number for one in invoices]


def try_on(desk: Desk, times: int) -> None:
    for _ in range(times):
        desk.world.kernel.clock.advance(timedelta(hours=2))
        desk.drain()


def failed(desk: Desk, kind: str) -> UUID:
    with desk.call() as ctx:
        return ctx.session.scalars(select(Outgoing.id).where(Outgoing.kind == kind, Outgoing.state == "failed")).one()


def test_one_document_does_not_hold_up_the_others(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    invoices = [desk.invoice(rate) for rate in (100, 200, 300)]
    first, strange, last = numbers(desk, *invoices)
    desk.books.strange = {strange}
    desk.deliver(desk.batch())
    assert desk.states() == {first: "delivered", strange: "unforeseen", last: "delivered"}
    assert "KeyError: 'DocNumber'" in caplog.text
    desk.invoice(400)
    desk.deliver(desk.batch(first_day=date(2026, 1, 2)))
    assert sorted(desk.states().values()) == ["delivered"] * 3 + ["unforeseen"]
    desk.books.strange = set()
    try_on(desk, 1)
    assert set(desk.states().values()) == {"delivered"} and len(desk.books.of("invoice")) == 4


def test_what_fails_again_and_again_waits_for_a_person(desk: Desk) -> None:
    desk.books.strange = set(numbers(desk, desk.invoice(100)))
    desk.deliver(desk.batch())
    try_on(desk, 6)
    assert desk.work("invoice") == [("failed", "unforeseen")]
    desk.books.strange = set()
    with desk.call() as ctx:
        retry_work(ctx, failed(desk, "invoice"))
    desk.drain()
    assert desk.work("invoice") == [("done", "")] and len(desk.books.of("invoice")) == 1


def test_money_that_may_be_there_is_not_sent_or_taken_over_twice(desk: Desk) -> None:
    desk.target(send_payments=True)
    invoice = desk.invoice(10000)
    desk.deliver(desk.batch())
    desk.books.strange = {"cheque 7"}
    with desk.call() as ctx:
        payments.record_payment(ctx, invoice, amount=5000, reference="cheque 7")
    desk.drain()
    [there] = desk.books.of("invoice")
    desk.books.told = [paid(desk.books.of("payment")[0].external.id, 5000, (there.external.id, 5000))]
    try_on(desk, 6)
    assert desk.work("payment") == [("failed", "unforeseen")]
    look(desk)
    assert receipts(desk) == [5000]  # what came back may be ours
    desk.books.strange = set()
    with desk.call() as ctx:
        retry_work(ctx, failed(desk, "payment"))
    desk.drain()
    look(desk)
    assert receipts(desk) == [5000] and len(desk.books.of("payment")) == 1


def test_books_that_answer_nonsense_are_asked_again_and_say_so(desk: Desk) -> None:
    desk.invoice(10000)
    desk.deliver(desk.batch())
    desk.books.mishaps = [("before", KeyError("CDCResponse"))]
    look(desk)
    assert "KeyError" in cursor(desk).trouble
    desk.world.kernel.clock.advance(hours=1)
    desk.drain()
    assert cursor(desk).trouble == ""


def test_what_arrived_is_known_by_its_number_though_nobody_understood_the_answer(desk: Desk) -> None:
    desk.invoice(100)
    desk.deliver(desk.batch())  # the customer is there
    desk.invoice(200)
    desk.books.mishaps = [("after", KeyError("Id"))]
    desk.deliver(desk.batch(first_day=date(2026, 1, 2)))
    assert set(desk.states().values()) == {"delivered", "unforeseen"}
    desk.books.requests.clear()
    try_on(desk, 1)
    assert set(desk.states().values()) == {"delivered"} and len(desk.books.of("invoice")) == 2
