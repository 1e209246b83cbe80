"""Carol delivers: whole or not at all, once however often it is tried, and what is in the way is named with its cure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from kernel.context import Actor
from kernel.errors import InvalidInput
from plugins.accounting import batches, links, targets, validating
from plugins.accounting.errors import BatchDuplicate, BatchEmpty, BatchState
from plugins.accounting.outgoing import retry_work
from plugins.billing import finalizing
from tests.plugins.accounting.conftest import Desk
from tests.plugins.accounting.ledger_room.books import outage


def test_documents_arrive_with_their_customer_first_and_once(desk: Desk) -> None:
    first, second = desk.invoice(10000, 2500), desk.invoice(333)
    batch_id = desk.batch(first_day=date(2026, 10, 1), last_day=date(2026, 10, 1))
    desk.deliver(batch_id)
    assert set(desk.states().values()) == {"delivered"}
    assert desk.books.calls == [("client", 1), ("document", 2)]
    [customer] = desk.books.of("client")
    documents = [one.value for one in desk.books.of("invoice")]
    assert [(one.net, one.tax, one.total) for one in documents] == [(12500, 2500, 15000), (333, 67, 400)]
    assert {(line.item, line.tax_code) for one in documents for line in one.lines} == {("S1", "20")}
    assert {one.customer for one in documents} == {customer.external.id}
    with desk.call() as ctx:
        assert batches.get_batch(ctx, batch_id).state == "delivered"
        known = links.find_links(ctx, desk.target_id, "invoice", [first, second])
        assert sorted(one.total or 0 for one in known.values()) == [400, 15000]
    with pytest.raises(BatchEmpty):
        desk.batch()
    desk.drain()
    assert len(desk.books.calls) == 2


def test_the_same_filters_wait_for_their_batch(desk: Desk) -> None:
    desk.invoice()
    batch_id = desk.batch(last_day=date(2026, 12, 31))
    with pytest.raises(BatchDuplicate) as refused:
        desk.batch(last_day=date(2026, 12, 31))
    assert refused.value.extra["batch_id"] == str(batch_id)
    with pytest.raises(InvalidInput):
        desk.batch(first_day=date(2026, 2, 2), last_day=date(2026, 2, 1))
    with desk.call() as ctx:
        assert batches.cancel_batch(ctx, batch_id).state == "cancelled"
    desk.deliver(desk.batch(last_day=date(2026, 12, 31)))
    assert sorted(desk.states().values()) == ["delivered"]


def test_what_is_in_the_way_is_named_with_the_page_that_mends_it(desk: Desk) -> None:
    good, unmapped = desk.invoice(100), desk.invoice(100, item="Backup")
    batch_id = desk.batch()
    with desk.call() as ctx:
        assert batches.get_batch(ctx, batch_id).state == "needs_attention"
        rows = {one.invoice_id: one for one in batches.list_documents(ctx, batch_id)}
        [problem] = validating.open_problems(ctx, [rows[unmapped].id])[rows[unmapped].id]
        assert (problem.code, problem.subject) == ("missing_item_mapping", str(desk.items["Backup"]))
        assert problem.mend_url.startswith(f"/accounting/targets/{desk.target_id}/mappings?kind=item")
    desk.deliver(batch_id)
    assert [one.value.id for one in desk.books.of("invoice")] == [good]
    with pytest.raises(BatchState), desk.call() as ctx:
        batches.deliver_batch(ctx, batch_id)
    desk.map("item", "*", "S1")
    desk.deliver(batch_id)
    assert set(desk.states().values()) == {"delivered"}
    with desk.call() as ctx:
        assert validating.open_problems(ctx, [rows[unmapped].id]) == {}


def test_prepayments_and_unknown_taxes_are_named(desk: Desk) -> None:
    from plugins.billing.prepayments import create_prepayment

    with desk.call(Actor.system()) as ctx:
        asked = create_prepayment(ctx, client_id=desk.client_id, amount=5000, description="In advance")
        finalizing.finalize_invoice(ctx, asked.id)
    batch_id = desk.batch()
    with desk.call() as ctx:
        [row] = batches.list_documents(ctx, batch_id)
        codes = {one.code for one in validating.open_problems(ctx, [row.id])[row.id]}
        assert codes == {"prepayment_not_exportable", "missing_item_mapping", "missing_tax_mapping"}
        batches.leave_out(ctx, row.id)
        assert batches.get_batch(ctx, batch_id).state == "cancelled"


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_outage_is_waited_for_and_nothing_exists_twice(desk: Desk, clock: Any, when: str) -> None:
    desk.invoice()
    desk.books.mishaps = [(when, outage()), (when, outage())]
    desk.deliver(desk.batch())
    assert desk.states().popitem()[1] == "queued"
    assert desk.work("client") == [("sending", "unavailable")]
    for _ in range(4):
        clock.advance(timedelta(minutes=10))
        desk.drain()
    assert desk.states().popitem()[1] == "delivered"
    assert (len(desk.books.of("client")), len(desk.books.of("invoice"))) == (1, 1)


def test_what_was_sent_and_never_answered_is_found_by_its_number(desk: Desk, clock: Any) -> None:
    desk.invoice(100)
    desk.deliver(desk.batch())
    desk.invoice(200)
    desk.books.mishaps = [("after", outage())]
    desk.deliver(desk.batch(first_day=date(2026, 1, 2)))
    desk.books.requests.clear()  # the service forgets request ids after a while
    clock.advance(timedelta(hours=1))
    desk.drain()
    assert set(desk.states().values()) == {"delivered"}
    assert len(desk.books.of("invoice")) == 2
    assert ("find", 1) in desk.books.calls


def test_a_refused_document_waits_for_a_person_and_goes_again(desk: Desk) -> None:
    desk.invoice(100, notes="refuse this")
    desk.invoice(200)
    batch_id = desk.batch()
    desk.deliver(batch_id)
    assert sorted(desk.states().values()) == ["delivered", "refused"]
    with desk.call() as ctx:
        assert batches.get_batch(ctx, batch_id).state == "needs_attention"
    desk.deliver(batch_id)
    assert sorted(desk.states().values()) == ["delivered", "refused"]
    with desk.call() as ctx:
        [row] = batches.list_documents(ctx, batch_id, "refused")
        batches.leave_out(ctx, row.id)
        assert batches.get_batch(ctx, batch_id).state == "delivered"


def test_a_withdrawn_consent_and_a_wrong_company_halt_without_losing_anything(desk: Desk) -> None:
    from tests.plugins.accounting.ledger_room.hooks import STATE

    desk.invoice()
    batch_id = desk.batch()
    desk.books.tokens = set()
    desk.deliver(batch_id)
    with desk.call() as ctx:
        assert targets.get_target(ctx, desk.target_id).halted == "missing_connection"
    assert STATE.pop("withdrawn")
    assert desk.states().popitem()[1] == "queued"
    desk.books.tokens = {"fresh"}
    with desk.call() as ctx:
        for one in ctx.hooks.list_connections(ctx=ctx, provider="ledger"):
            ctx.hooks.connection_changed(ctx=ctx, connection=one._replace(account_id="4712", account_name="Other"))
        assert targets.get_target(ctx, desk.target_id).halted == "wrong_company"
        ctx.hooks.connection_changed(ctx=ctx, connection=one)
    desk.drain()
    assert desk.states().popitem()[1] == "delivered"
    STATE["token"] = "stale"
    desk.invoice(200)
    desk.deliver(desk.batch())
    assert set(desk.states().values()) == {"delivered"}


def test_snapshots_never_change(desk: Desk) -> None:
    from sqlalchemy.exc import DBAPIError

    desk.invoice()
    batch_id = desk.batch()
    with pytest.raises(Exception, match="never changed") as refused, desk.call() as ctx:
        [row] = batches.list_documents(ctx, batch_id)
        row.snapshot = {}
        ctx.session.flush()
    assert isinstance(refused.value, DBAPIError | Exception)


def test_failed_work_is_tried_again_by_hand(desk: Desk) -> None:
    desk.invoice(100, notes="refuse this")
    desk.deliver(desk.batch())
    from sqlalchemy import select

    from plugins.accounting.models import Outgoing

    with desk.call() as ctx:
        [row] = ctx.session.scalars(select(Outgoing).where(Outgoing.kind == "invoice"))
        before = row.request_id
        assert retry_work(ctx, row.id).request_id != before
    desk.drain()
    assert desk.work("invoice") == [("failed", "refused")]
