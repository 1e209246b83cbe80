"""Carol makes an invoice a draft again whose delivery waits: the old one does not go out, and what slipped out shows."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from kernel.context import Actor
from plugins.accounting import batches, targets, validating
from plugins.accounting.errors import BatchState, NoWayToResolve
from plugins.accounting.incoming import resolving
from plugins.accounting.incoming.models import Discrepancy
from plugins.billing import finalizing, reopening
from plugins.billing.invoices import change_invoice
from tests.plugins.accounting.conftest import Desk
from tests.plugins.accounting.test_looking import look, open_exceptions
from tests.plugins.billing.invoice_desk import line


def reopen(desk: Desk, invoice_id: UUID, *, tell: bool = True) -> None:
    with desk.call(Actor.system()) as ctx:
        reopening.unfinalize_invoice(ctx, invoice_id)
    if tell:
        desk.drain()


def finalize_at(desk: Desk, invoice_id: UUID, rate: int) -> None:
    desk.world.kernel.clock.advance(timedelta(minutes=1))
    with desk.call(Actor.system()) as ctx:
        change_invoice(ctx, invoice_id, {"lines": [line(rate=rate, item_id=desk.items["Support"])]})
        finalizing.finalize_invoice(ctx, invoice_id)
    desk.drain()


def totals(desk: Desk) -> list[int]:
    return [one.value.total for one in desk.books.of("invoice")]


def test_what_waits_goes_out_as_it_is_final_in_the_end(desk: Desk) -> None:
    desk.target(auto_export=True)
    invoice = desk.invoice(10000, item="Backup")
    desk.drain()
    assert list(desk.states().values()) == ["open"]
    reopen(desk, invoice)
    assert list(desk.states().values()) == ["draft_again"]
    desk.map("item", "*", "S1")
    finalize_at(desk, invoice, 20000)
    assert totals(desk) == [24000]
    with desk.call() as ctx:
        assert sorted(one.state for one in batches.list_documents(ctx, batch_of(desk, invoice))) == ["delivered"]


def batch_of(desk: Desk, invoice_id: UUID) -> UUID:
    from plugins.accounting.models import ExportDocument

    with desk.call() as ctx:
        mine = ExportDocument.invoice_id == invoice_id, ExportDocument.state == "delivered"
        return ctx.session.scalars(select(ExportDocument.batch_id).where(*mine)).one()


@pytest.mark.parametrize("told", [True, False])
def test_a_ready_batch_does_not_deliver_a_draft_whether_the_news_came_or_not(desk: Desk, told: bool) -> None:
    invoice = desk.invoice(10000)
    batch_id = desk.batch()
    reopen(desk, invoice, tell=told)
    with pytest.raises(BatchState):
        desk.deliver(batch_id)
    finalize_at(desk, invoice, 30000)
    desk.deliver(desk.batch(first_day=date(2026, 1, 1)))
    assert totals(desk) == [36000]


def test_files_do_not_hold_what_became_a_draft_or_void(desk: Desk) -> None:
    with desk.call() as ctx:
        made = targets.add_target(ctx, system="ledger_csv", starts_on=date(2026, 1, 1))
        desk.target_id = made.id
    desk.map("item", "*", "S1")
    void, good, draft = desk.invoice(100), desk.invoice(200), desk.invoice(300)
    batch_id = desk.batch()
    with desk.call(Actor.system()) as ctx:
        finalizing.void_invoice(ctx, void, "Wrong client")
    reopen(desk, draft)
    desk.deliver(batch_id)
    with desk.call() as ctx:
        assert [one.content for one in batches.list_files(ctx, batch_id)] == [f"{number(desk, good)};S1;200".encode()]


def number(desk: Desk, invoice_id: UUID) -> str:
    with desk.call() as ctx:
        return str(ctx.hooks.sum_up_papers(ctx=ctx, invoice_ids=[invoice_id])[invoice_id].number)


def test_what_was_queued_in_the_same_moment_stays_here(desk: Desk) -> None:
    invoice = desk.invoice(10000)
    batch_id = desk.batch()
    with desk.call(Actor.system()) as reopens:
        reopening.unfinalize_invoice(reopens, invoice)
        with desk.call() as ctx:  # sees it final still
            batches.deliver_batch(ctx, batch_id)
    desk.drain()
    assert totals(desk) == [] and list(desk.states().values()) == ["draft_again"]


def test_what_slipped_out_in_the_same_moment_is_for_a_person_to_decide(desk: Desk) -> None:
    invoice = desk.invoice(10000)
    batch_id = desk.batch()
    with desk.call(Actor.system()) as reopens:
        reopening.unfinalize_invoice(reopens, invoice)
        desk.deliver(batch_id)
    look(desk)
    assert totals(desk) == [12000] and open_exceptions(desk) == ["draft_again_here"]
    with desk.call() as ctx:
        exception = ctx.session.scalars(select(Discrepancy.id)).one()
    with pytest.raises(NoWayToResolve), desk.call() as ctx:
        resolving.push_again(ctx, exception)
    finalize_at(desk, invoice, 20000)
    look(desk)
    assert totals(desk) == [12000] and open_exceptions(desk) == ["draft_again_here"]
    with desk.call() as ctx:
        resolving.push_again(ctx, exception)
    desk.drain()
    look(desk, everything=True)
    assert totals(desk) == [24000] and open_exceptions(desk) == []
    with desk.call() as ctx:
        [row] = batches.list_documents(ctx, batch_of(desk, invoice))
        assert validating.open_problems(ctx, [row.id]) == {} and len(desk.books.of("invoice")) == 1
