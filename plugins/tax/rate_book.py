"""The tenant's rates with their parts, as the calculator takes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple
from uuid import UUID

import orjson
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


RATES = """
json_build_object(
  'regions', (select json_object_agg(id, code) from tax_regions),
  'rates', (select json_agg(json_build_array(id, region_id, category, name, starts, ends, percent::text, currency) order by id)
    from tax_rates),
  'components', (select json_agg(json_build_array(rate_id, id, name, percent::text, compound, starts, ends)
    order by sequence, starts) from tax_components),
  'brackets', (select json_agg(json_build_array(rate_id, lower, percent::text) order by lower) from tax_brackets),
  'holidays', (select json_agg(json_build_array(rate_id, name, starts, ends, component) order by starts, id) from tax_holidays)
)::text
"""
"""All rates of the tenant with their parts as one text, in one query: the same text is the same book, made once."""


@lru_cache(maxsize=64)
def codes_of(rates: str) -> Mapping[UUID, str]:
    """The codes of regions, out of what `RATES` reads."""
    return {UUID(region_id): code for region_id, code in (orjson.loads(rates)["regions"] or {}).items()}


@lru_cache(maxsize=64)
def book_of(rates: str) -> RateBook:
    """The rates by the codes of their regions, out of what `RATES` reads."""
    read, codes = orjson.loads(rates), codes_of(rates)
    components, brackets, holidays = (_by_rate(read[name]) for name in ("components", "brackets", "holidays"))
    found = (
        Rate(
            rate_id, codes[UUID(region_id)], category, name, date.fromisoformat(starts), _day(ends), _percent(percent),
            tuple(Component(key, words, Decimal(part), compound, _day(first), _day(last))
                  for key, words, part, compound, first, last in components[rate_id]),
            slices([(lower, Decimal(part)) for lower, part in brackets[rate_id]]),
            tuple(Holiday(words, date.fromisoformat(first), date.fromisoformat(last), component)
                  for words, first, last, component in holidays[rate_id]),
            currency,
        )
        for rate_id, region_id, category, name, starts, ends, percent, currency in read["rates"] or ()
    )  # fmt: skip
    return RateBook(rate for rate in found if _is_whole(rate))


def _by_rate(rows: list[list[Any]] | None) -> dict[str, list[list[Any]]]:
    found: dict[str, list[list[Any]]] = defaultdict(list)
    for rate_id, *part in rows or ():
        found[rate_id].append(part)
    return found


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _percent(text: str | None) -> Decimal | None:
    return Decimal(text) if text else None


def _is_whole(rate: Rate) -> bool:
    """A rate whose parts are not loaded yet holds nowhere; its lines are then refused by name."""
    return rate.percent is not None or bool(rate.components) or bool(rate.brackets and rate.brackets[0].lower == 0)
