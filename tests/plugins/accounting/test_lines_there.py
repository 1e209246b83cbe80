"""Somebody changes the lines of an invoice there, and its total and tax stay: it is seen, and never overwritten by itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import select

from plugins.accounting.incoming import resolving
from plugins.accounting.incoming.discrepancies import accept
from plugins.accounting.incoming.models import Discrepancy
from tests.plugins.accounting.conftest import Desk
from tests.plugins.accounting.test_looking import look, open_exceptions, there


def change(desk: Desk, *lines: Any) -> None:
    entry = there(desk)
    entry.value = entry.value._replace(lines=lines)
    entry.external = entry.external._replace(version=str(int(entry.external.version) + 1))


def exception(desk: Desk) -> Discrepancy:
    with desk.call() as ctx:
        return ctx.session.scalars(select(Discrepancy)).one()


def test_other_amounts_items_and_quantities_are_seen_and_words_and_order_are_free(desk: Desk) -> None:
    desk.invoice(10000, 2000)
    desk.deliver(desk.batch())
    first, second = there(desk).value.lines
    change(desk, second._replace(description="Other words"), first)
    look(desk, everything=True)
    assert open_exceptions(desk) == []
    for lines in (
        (first._replace(net=11000), second._replace(net=1000)),
        (first._replace(item="S2"), second),
        (first._replace(quantity=Decimal(2)), second),
        (first._replace(net=12000),),
    ):
        change(desk, *lines)
        look(desk, everything=True)
        assert open_exceptions(desk) == ["lines_differ"]
    said = exception(desk)
    assert (said.ours, said.theirs) == ("1 × Work (S1): 100.00; 1 × Work (S1): 20.00", "1 × Work (S1): 120.00")
    assert [one.net for one in there(desk).value.lines] == [12000]
    change(desk, first, second)
    look(desk, everything=True)
    assert open_exceptions(desk) == []


def test_it_is_accepted_or_delivered_once_more(desk: Desk) -> None:
    desk.invoice(10000, 2000)
    desk.deliver(desk.batch())
    first, _ = there(desk).value.lines
    change(desk, first._replace(net=12000))
    look(desk, everything=True)
    with desk.call() as ctx:
        accept(ctx, exception(desk).id)
    look(desk, everything=True)
    assert exception(desk).state == "accepted"
    change(desk, first._replace(net=12000, quantity=Decimal(3)))
    look(desk, everything=True)
    assert exception(desk).state == "open"
    with desk.call() as ctx:
        resolving.push_again(ctx, exception(desk).id)
    desk.drain()
    look(desk, everything=True)
    assert open_exceptions(desk) == [] and [one.net for one in there(desk).value.lines] == [10000, 2000]


def test_a_total_that_differs_is_said_alone(desk: Desk) -> None:
    desk.invoice(10000)
    desk.deliver(desk.batch())
    entry = there(desk)
    entry.value = entry.value._replace(total=14400, tax=2400, lines=(entry.value.lines[0]._replace(net=12000),))
    look(desk, everything=True)
    assert open_exceptions(desk) == ["tax_differs", "total_differs"]
