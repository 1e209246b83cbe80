"""Tax rates from files, with their history: a later rate ends the one before it, as when it is entered by hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from kernel.context import CallContext
from kernel.db import upsert
from kernel.hookspecs.transfer import ImportRow, Resolver, RowError
from kernel.ids import uuid7
from plugins.tax.models import BracketRow, ComponentRow, HolidayRow, RateRow

_OTHER_DAY = "Another rate of this region and category holds on the same day."


@dataclass(slots=True)
class _Span:
    """The days of a rate; `line` is 0 for one that is stored and not in the file."""

    id: UUID
    line: int
    starts: date
    ends: date | None
    stored_ends: date | None = None


def load_rates(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Rates; one of parts or brackets has no percentage of its own, they come from the next files.

    A row whose external id is known, with another percentage from a later day on, is a new rate: the one before ends then,
    and what was billed by it keeps what it says.
    """
    wrong = _wrong(rows)
    if wrong:
        return wrong
    ids = _claim(ctx, rows, resolver)
    wrong = list(_changed_kinds(ctx, rows, ids))
    if wrong:
        return wrong
    spans = _spans(ctx, rows, ids)
    wrong = [error for same in spans.values() for error in _close(same)]
    if wrong:
        return wrong
    _end_stored(ctx, [one for same in spans.values() for one in same if not one.line])
    ends = {one.id: one.ends for same in spans.values() for one in same}
    upsert(ctx.session, RateRow, [
        {"id": ids[row.external_id], "region_id": row.values["region"], "category": row.values["tax_category"],
         "name": row.values["name"], "percent": row.values["percentage"], "starts": row.values["valid_from"],
         "ends": ends[ids[row.external_id]]}
        for row in rows
    ])  # fmt: skip
    return []


def _wrong(rows: Sequence[ImportRow]) -> list[RowError]:
    wrong = [RowError(row.line, "percentage", "A simple rate has a percentage, another kind has none.") for row in rows
             if (row.values["kind"] == "simple") != (row.values["percentage"] is not None)]  # fmt: skip
    wrong += [RowError(row.line, "valid_to", "A rate ends after the day it begins.") for row in rows
              if row.values["valid_to"] and row.values["valid_to"] <= row.values["valid_from"]]  # fmt: skip
    return wrong + _bad_percentages(rows)


def _bad_percentages(rows: Sequence[ImportRow]) -> list[RowError]:
    return [RowError(row.line, "percentage", "A percentage is from 0 to 100 with at most six decimals.") for row in rows
            if row.values["percentage"] is not None
            and (not 0 <= row.values["percentage"] <= 100 or row.values["percentage"].scaleb(6) % 1)]  # fmt: skip


def _claim(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> Mapping[str, UUID]:
    """The ids of the rates: those known, and new ones for what is a new rate under a known name."""
    known = resolver.resolve("tax_rate", [row.external_id for row in rows])
    stored = _stored(ctx, known.values())
    fresh = {
        row.external_id: uuid7()
        for row in rows
        if row.external_id in known and _succeeds(row.values, stored.get(known[row.external_id]))
    }
    resolver.remember("tax_rate", fresh)
    return resolver.claim("tax_rate", [row.external_id for row in rows])


def _changed_kinds(ctx: CallContext, rows: Sequence[ImportRow], ids: Mapping[str, UUID]) -> Iterator[RowError]:
    stored = _stored(ctx, ids.values())
    for row in rows:
        before = stored.get(ids[row.external_id])
        if before is not None and (before.percent is None) != (row.values["percentage"] is None):
            yield RowError(row.line, "kind", "A rate keeps its kind. Give the new one an external id of its own.")


def _stored(ctx: CallContext, ids: Iterable[UUID]) -> Mapping[UUID, RateRow]:
    return {one.id: one for one in ctx.session.scalars(select(RateRow).where(RateRow.id.in_(set(ids))))}


def _succeeds(values: Mapping[str, Any], before: RateRow | None) -> bool:
    if before is None or (before.region_id, before.category) != (values["region"], values["tax_category"]):
        return False
    return bool(before.starts < values["valid_from"] and before.percent != values["percentage"])


def _spans(ctx: CallContext, rows: Sequence[ImportRow], ids: Mapping[str, UUID]) -> Mapping[tuple[UUID, str], list[_Span]]:
    """The days of all rates of the regions and categories that the file touches, stored ones and the file's."""
    found: dict[tuple[UUID, str], list[_Span]] = defaultdict(list)
    for row in rows:
        values = row.values
        span = _Span(ids[row.external_id], row.line, values["valid_from"], values["valid_to"])
        found[values["region"], values["tax_category"]].append(span)
    regions = {region for region, _ in found}
    kept = select(RateRow).where(RateRow.region_id.in_(regions), RateRow.id.not_in(ids.values()))
    for one in ctx.session.scalars(kept):
        if (one.region_id, one.category) in found:
            found[one.region_id, one.category].append(_Span(one.id, 0, one.starts, one.ends, one.ends))
    return found


def _close(spans: list[_Span]) -> Iterator[RowError]:
    """Let each open rate end where the next begins; names the rows that hold on the same day all the same."""
    spans.sort(key=lambda one: (one.starts, one.line))
    for earlier, later in pairwise(spans):
        if earlier.ends is None and earlier.starts < later.starts:
            earlier.ends = later.starts
        if earlier.ends is None or later.starts < earlier.ends:
            yield RowError(later.line or earlier.line, "valid_from", _OTHER_DAY)


def _end_stored(ctx: CallContext, spans: Sequence[_Span]) -> None:
    for one in spans:
        if one.ends != one.stored_ends:
            ctx.session.execute(
                update(RateRow).where(RateRow.id == one.id)
                .values(ends=one.ends, version=RateRow.version + 1, updated_at=func.now())
            )  # fmt: skip


def load_components(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """The parts of composite rates."""
    stored = _stored(ctx, (row.values["rate"] for row in rows))
    wrong = [RowError(row.line, "rate", "This rate is no composite one.") for row in rows
             if stored[row.values["rate"]].percent is not None or stored[row.values["rate"]].currency]  # fmt: skip
    wrong += _bad_percentages(rows)
    if wrong:
        return wrong
    ids = resolver.claim("tax_rate_component", [row.external_id for row in rows])
    upsert(ctx.session, ComponentRow, [
        {"id": ids[row.external_id], "rate_id": row.values["rate"], "sequence": row.values["sequence"],
         "name": row.values["name"], "percent": row.values["percentage"], "compound": bool(row.values["compound"]),
         "starts": row.values["valid_from"], "ends": row.values["valid_to"]}
        for row in rows
    ])  # fmt: skip
    return []


def load_brackets(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """The brackets of rates; they are amounts, and give the rate their currency."""
    wrong = _bad_percentages(rows) + list(_wrong_brackets(ctx, rows))
    if wrong:
        return wrong
    for rate_id, currency in {row.values["rate"]: row.values["currency"] for row in rows}.items():
        ctx.session.execute(update(RateRow).where(RateRow.id == rate_id).values(currency=currency))
    ids = resolver.claim("tax_rate_bracket", [row.external_id for row in rows])
    upsert(ctx.session, BracketRow, [
        {"id": ids[row.external_id], "rate_id": row.values["rate"], "lower": row.values["lower"],
         "percent": row.values["percentage"]}
        for row in rows
    ])  # fmt: skip
    return []


def _wrong_brackets(ctx: CallContext, rows: Sequence[ImportRow]) -> Iterator[RowError]:
    """Rows of rates of another kind, below zero, or in another currency than the rest of their rate."""
    stored = _stored(ctx, (row.values["rate"] for row in rows))
    composite = _component_names(ctx, stored)
    currencies: dict[UUID, str] = {one.id: one.currency for one in stored.values() if one.currency}
    for row in rows:
        rate = row.values["rate"]
        if stored[rate].percent is not None or rate in composite:
            yield RowError(row.line, "rate", "Brackets need a rate of the kind brackets.")
        if row.values["lower"] < 0:
            yield RowError(row.line, "lower", "A bracket begins at 0 or above.")
        if currencies.setdefault(rate, row.values["currency"]) != row.values["currency"]:
            yield RowError(row.line, "currency", "All brackets of a rate are in one currency.")


def load_holidays(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Days on which rates, or their components of a name, are not levied."""
    names = _component_names(ctx, {row.values["rate"] for row in rows})
    wrong = [RowError(row.line, "valid_to", "A holiday ends after the day it begins.") for row in rows
             if row.values["valid_to"] <= row.values["valid_from"]]  # fmt: skip
    wrong += [RowError(row.line, "component", "The rate has no component of this name.") for row in rows
              if row.values["component"] and row.values["component"] not in names[row.values["rate"]]]  # fmt: skip
    if wrong:
        return wrong
    ids = resolver.claim("tax_holiday", [row.external_id for row in rows])
    upsert(ctx.session, HolidayRow, [
        {"id": ids[row.external_id], "rate_id": row.values["rate"], "component": row.values["component"],
         "name": row.values["name"], "starts": row.values["valid_from"], "ends": row.values["valid_to"]}
        for row in rows
    ])  # fmt: skip
    return []


def _component_names(ctx: CallContext, rate_ids: Collection[UUID]) -> Mapping[UUID, set[str]]:
    found: dict[UUID, set[str]] = defaultdict(set)
    wanted = select(ComponentRow.rate_id, ComponentRow.name).where(ComponentRow.rate_id.in_(rate_ids))
    for rate_id, name in ctx.session.execute(wanted):
        found[rate_id].add(name)
    return found
