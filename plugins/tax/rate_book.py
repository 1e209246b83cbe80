"""The tenant's rates with their parts, as the calculator takes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, select

from kernel.context import CallContext
from plugins.tax.models import BracketRow, ComponentRow, HolidayRow, RateRow
from plugins.tax.rates import Bracket, Component, Holiday, Rate, RateBook


class Parts(NamedTuple):
    """What belongs to one rate, in its order."""

    components: list[ComponentRow]
    brackets: list[BracketRow]
    holidays: list[HolidayRow]


def list_parts(ctx: CallContext, rate_ids: Sequence[UUID] | None = None) -> Mapping[UUID, Parts]:
    """The parts of these rates (None: of all), in three queries; a rate without any has empty ones."""
    found: dict[UUID, Parts] = defaultdict(lambda: Parts([], [], []))
    tables: list[tuple[Any, tuple[Any, ...]]] = [
        (ComponentRow, (ComponentRow.sequence, ComponentRow.starts)),
        (BracketRow, (BracketRow.lower,)),
        (HolidayRow, (HolidayRow.starts, HolidayRow.id)),
    ]
    for place, (table, order) in enumerate(tables):
        wanted: Select[Any] = select(table).order_by(table.rate_id, *order)
        for row in ctx.session.scalars(wanted if rate_ids is None else wanted.where(table.rate_id.in_(rate_ids))):
            found[row.rate_id][place].append(row)
    return found


def as_rate(row: RateRow, region: str, parts: Parts) -> Rate:
    """A stored rate as the calculator takes it."""
    return Rate(
        str(row.id), region, row.category, row.name, row.starts, row.ends, row.percent,
        tuple(Component(str(one.id), one.name, one.percent, one.compound, one.starts, one.ends) for one in parts.components),
        slices([(one.lower, one.percent) for one in parts.brackets]),
        tuple(Holiday(one.name, one.starts, one.ends, one.component) for one in parts.holidays),
        row.currency,
    )  # fmt: skip


def slices(edges: Sequence[tuple[int, Any]]) -> tuple[Bracket, ...]:
    """Brackets from where each begins and its percentage; each ends where the next begins, the last is open.

    >>> [(one.lower, one.upper) for one in slices([(0, 5), (1000, 10)])]
    [(0, 1000), (1000, None)]
    """
    open_end: list[tuple[int | None, Any]] = [*edges, (None, None)]
    return tuple(Bracket(low, high, percent) for (low, percent), (high, _) in pairwise(open_end) if low is not None)


def load_book(ctx: CallContext, codes: Mapping[UUID, str]) -> RateBook:
    """All rates of the tenant by the codes of their regions, in four queries."""
    parts = list_parts(ctx)
    rows = ctx.session.scalars(select(RateRow).order_by(RateRow.id))
    rates = [as_rate(row, codes[row.region_id], parts[row.id]) for row in rows]
    return RateBook(rate for rate in rates if _is_whole(rate))


def _is_whole(rate: Rate) -> bool:
    """A rate whose parts are not loaded yet holds nowhere; its lines are then refused by name."""
    return rate.percent is not None or bool(rate.components) or bool(rate.brackets and rate.brackets[0].lower == 0)
