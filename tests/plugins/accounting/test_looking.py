"""The job that looks at the books: what was noted there comes back once, whatever is lost, forgotten or told twice."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from kernel.context import Actor
from kernel.errors import Refused
from kernel.hookspecs.accounting import INVOICE
from plugins.accounting.errors import ExceptionSettled, NoWayToResolve
from plugins.accounting.incoming import cursors, looking, reconciling, resolving
from plugins.accounting.incoming.models import Discrepancy, LookCursor
from plugins.accounting.targets import get_target
from plugins.billing.models import Invoice, Payment
from plugins.tax.models import Region
from tests.plugins.accounting.books_there import paid
from tests.plugins.accounting.conftest import Desk
from tests.plugins.accounting.ledger_room.books import outage
from tests.plugins.billing.invoice_desk import taxed_client


def look(desk: Desk, *, everything: bool = False) -> None:
    with desk.call() as ctx:
        cursors.look_soon(ctx, get_target(ctx, desk.target_id), everything=everything)
    desk.world.kernel.clock.advance(minutes=1)
    desk.drain()


def there(desk: Desk) -> Any:
    return desk.books.of("invoice")[0]


def open_exceptions(desk: Desk) -> list[str]:
    with desk.call() as ctx:
        return sorted(ctx.session.scalars(select(Discrepancy.kind).where(Discrepancy.state == "open")))


def payments(desk: Desk) -> list[int]:
    with desk.call() as ctx:
        return list(ctx.session.scalars(select(Payment.amount).where(Payment.taken_back_at.is_(None))))


def cursor(desk: Desk) -> LookCursor:
    with desk.call() as ctx:
        return ctx.session.scalars(select(LookCursor)).one()


def test_a_first_look_sees_all_that_was_delivered_and_both_sides_agree(desk: Desk) -> None:
    invoices = [desk.invoice(10000), desk.invoice(333)]
    desk.deliver(desk.batch())
    look(desk)
    with desk.call() as ctx:
        rows = list(reconciling.reconcile(ctx, desk.target_id))
    assert {one.our_id for one in rows} == set(invoices)
    assert all(one.theirs == one.ours for one in rows)
    assert open_exceptions(desk) == [] and not cursor(desk).everything and cursor(desk).looked_at is not None


def test_what_is_paid_there_is_paid_here_and_goes_not_back(desk: Desk) -> None:
    desk.target(send_payments=True)
    invoice_id = desk.invoice(10000)
    desk.deliver(desk.batch())
    desk.books.told = [paid("900", 4000, (there(desk).external.id, 4000))]
    for _ in range(3):
        look(desk)
    assert payments(desk) == [4000] and desk.work("payment") == []
    desk.books.told = [paid("900", 5000, (there(desk).external.id, 5000), version="1")]
    look(desk)
    assert payments(desk) == [5000] and desk.work("payment") == []
    desk.books.told = [paid("900", 0, deleted=True)]
    look(desk)
    assert payments(desk) == [] and desk.work("payment") == []
    with desk.call() as ctx:
        assert ctx.session.get_one(Invoice, (ctx.tenant_id, invoice_id)).settled == 0


def test_deletions_that_the_other_side_forgot_are_found_by_looking_at_everything(desk: Desk) -> None:
    desk.invoice(10000)
    desk.deliver(desk.batch())
    look(desk)
    del desk.books.entries[there(desk).external.id]
    look(desk)
    assert open_exceptions(desk) == []
    desk.books.forgot = True
    look(desk)
    assert open_exceptions(desk) == ["deleted_there"]


def test_a_look_at_much_goes_on_where_it_was_stopped(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cursors, "_PORTION", 2)
    for _ in range(5):
        desk.invoice(100)
    desk.deliver(desk.batch())
    look(desk)
    with desk.call() as ctx:
        assert all(one.theirs is not None for one in reconciling.reconcile(ctx, desk.target_id))


def test_an_outage_is_shown_and_the_look_is_made_up_for(desk: Desk) -> None:
    desk.invoice(10000)
    desk.deliver(desk.batch())
    desk.books.told = [paid("900", 4000, (there(desk).external.id, 4000))]
    desk.books.mishaps = [("before", outage())]
    look(desk)
    assert "do not answer" in cursor(desk).trouble and payments(desk) == []
    desk.world.kernel.clock.advance(hours=1)
    desk.drain()
    assert cursor(desk).trouble == "" and payments(desk) == [4000]


def test_a_token_that_is_refused_is_renewed_and_withdrawn_consent_halts(desk: Desk) -> None:
    from tests.plugins.accounting.ledger_room.hooks import STATE

    desk.invoice(10000)
    desk.deliver(desk.batch())
    STATE["token"] = "old"
    look(desk)
    assert cursor(desk).trouble == "" and STATE["token"] == "fresh"
    STATE["connected"] = False
    look(desk)
    with desk.call() as ctx:
        assert get_target(ctx, desk.target_id).halted == "missing_connection"


def test_a_look_that_was_overtaken_writes_nothing(desk: Desk) -> None:
    desk.invoice(10000)
    desk.deliver(desk.batch())
    with desk.call() as ctx:
        first, second = (cursors.begin_look(ctx, desk.target_id) for _ in range(2))
        assert first and second
        assert cursors.hold(ctx, desk.target_id, second.round)
        with pytest.raises(cursors.LookOvertaken):
            cursors.hold(ctx, desk.target_id, first.round)


def settle(desk: Desk, kind: str) -> UUID:
    with desk.call() as ctx:
        return ctx.session.scalars(select(Discrepancy.id).where(Discrepancy.kind == kind)).one()


def test_what_was_changed_there_is_delivered_once_more_when_a_person_says_so(desk: Desk) -> None:
    desk.invoice(10000)
    desk.deliver(desk.batch())
    entry = there(desk)
    entry.value, entry.external = entry.value._replace(total=1, tax=0), entry.external._replace(version="7")
    look(desk, everything=True)
    assert open_exceptions(desk) == ["tax_differs", "total_differs"]
    with desk.call() as ctx:
        resolving.push_again(ctx, settle(desk, "total_differs"))
    desk.drain()
    look(desk, everything=True)
    assert there(desk).value.total == 12000 and open_exceptions(desk) == []
    with desk.call() as ctx, pytest.raises(ExceptionSettled):
        resolving.push_again(ctx, settle(desk, "total_differs"))


def test_what_was_deleted_there_is_made_anew_when_a_person_says_so(desk: Desk) -> None:
    desk.invoice(10000)
    desk.deliver(desk.batch())
    del desk.books.entries[there(desk).external.id]
    look(desk, everything=True)
    with desk.call() as ctx:
        resolving.push_again(ctx, settle(desk, "deleted_there"))
    desk.drain()
    look(desk, everything=True)
    assert len(desk.books.of(INVOICE)) == 1 and open_exceptions(desk) == []


def test_what_is_void_there_is_not_pushed_over(desk: Desk) -> None:
    desk.invoice(10000)
    desk.deliver(desk.batch())
    there(desk).voided = True
    look(desk, everything=True)
    with desk.call() as ctx, pytest.raises(NoWayToResolve) as refused:
        resolving.push_again(ctx, settle(desk, "voided_there"))
    assert isinstance(refused.value, Refused)


def test_the_schedule_looks_at_all_books(desk: Desk) -> None:
    with desk.call() as ctx:
        assert looking.run_everywhere(ctx) == {"targets": 1}


def test_one_payment_of_several_invoices_of_two_clients_comes_back_once_for_each(desk: Desk) -> None:
    with desk.call(Actor.system()) as ctx:
        other = taxed_client(ctx, ctx.session.scalars(select(Region.id)).one(), "Beech")
    invoices = [desk.invoice(10000), desk.invoice(5000, client_id=other)]
    desk.deliver(desk.batch())
    keys = {one.value.id: one.external.id for one in desk.books.of("invoice")}
    first, second = (keys[one] for one in invoices)
    desk.books.told = [paid("900/1", 10000, (first, 10000), reference="Statement 7"),
                       paid("900/2", 5000, (second, 5000), reference="Statement 7")]  # fmt: skip
    for _ in range(3):
        look(desk, everything=True)
    assert sorted(payments(desk)) == [5000, 10000]
    desk.books.told[0] = paid("900/1", 0, deleted=True, version="1")
    look(desk)
    assert payments(desk) == [5000]
