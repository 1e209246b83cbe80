"""A worker is killed while it takes in customers and products of books: another goes on, and nothing is made twice."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from kernel.directory.models import Client
from kernel.hookspecs.accounting import Theirs
from kernel.jobs.work import drain
from plugins.accounting.intake import deciding, reading, taking_in
from plugins.accounting.intake.models import Newcomer
from plugins.accounting.models import Link, MappingRow
from plugins.catalog.models import Item
from tests.plugins.accounting.conftest import Desk

CUSTOMERS = [Theirs(f"c{at}", f"Customer {at:03}", currency="EUR") for at in range(60)]
ITEMS = [Theirs(f"i{at}", f"Product {at:03}", number=f"SKU-{at}", currency="EUR", price=1000) for at in range(40)]


def killed_while(desk: Desk, work: Callable[[], Any], module: Any, name: str, passing: int, *, after: bool) -> None:
    """Let a process of its own do `work`, which SIGKILL ends at the `passing`-th time that it comes to a function."""
    if (child := os.fork()) == 0:
        desk.world.kernel.db.engine.dispose(close=False)  # the parent's connections are the parent's
        real, passed = getattr(module, name), 0

        def deadly(*args: Any, **kwargs: Any) -> Any:
            nonlocal passed
            passed += 1
            made = real(*args, **kwargs) if after or passed != passing else None
            if passed == passing:
                os.kill(os.getpid(), signal.SIGKILL)
            return made

        setattr(module, name, deadly)
        try:
            work()
        finally:
            os._exit(3)  # it was not killed
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


def decided(desk: Desk, kind: str, theirs: list[Theirs]) -> None:
    with desk.call() as ctx:
        reading.keep(ctx, desk.target_id, kind, theirs)
        ids = list(ctx.session.scalars(select(Newcomer.id).where(Newcomer.kind == kind)))
    with desk.call() as ctx:
        assert deciding.decide(ctx, desk.target_id, kind, ids, "make")[0] == len(theirs)


def states(desk: Desk) -> dict[str, int]:
    with desk.call() as ctx:
        rows = ctx.session.execute(select(Newcomer.state, func.count()).group_by(Newcomer.state))
        return {row[0]: row[1] for row in rows}


@pytest.mark.parametrize(
    ("passing", "after", "kept"),
    [(10, True, 0), (26, False, 25), (70, True, 50)],
    ids=["in the first portion", "between two portions", "when customers are done"],
)
def test_taking_in_goes_on_after_a_kill_and_makes_each_once(desk: Desk, passing: int, after: bool, kept: int) -> None:
    decided(desk, "client", CUSTOMERS)
    decided(desk, "item", ITEMS)
    work = lambda: drain(desk.world.kernel, desk.world.tenant_id)  # noqa: E731
    killed_while(desk, work, taking_in, "_connect", passing, after=after)
    assert states(desk) == {"make": 100 - kept, **({"made": kept} if kept else {})}  # a page shows the rest as being made
    desk.world.kernel.clock.advance(timedelta(hours=1))
    desk.drain()
    assert states(desk) == {"made": 100}
    with desk.call() as ctx:
        count = lambda kind, *where: ctx.session.scalar(select(func.count()).select_from(kind).where(*where))  # noqa: E731
        assert count(Client, Client.name.like("Customer %")) == 60 and count(Item, Item.name.like("Product %")) == 40
        assert count(Link, Link.kind == "client", Link.external_id.like("c%")) == 60
        assert count(MappingRow, MappingRow.kind == "item", MappingRow.external_id.like("i%")) == 40


def test_reading_goes_on_after_a_kill_and_keeps_each_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_PORTION", 20)
    desk.books.theirs = {"client": CUSTOMERS, "item": ITEMS}
    with desk.call() as ctx:
        reading.ask_to_read(ctx, desk.target_id)
    killed_while(desk, desk.drain, reading, "keep", 3, after=True)
    assert states(desk) == {"open": 40}
    desk.world.kernel.clock.advance(timedelta(hours=1))
    desk.drain()
    assert states(desk) == {"open": 100}
