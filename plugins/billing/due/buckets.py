"""Buckets: what was drawn in each period that is over, on a line of its own, and what goes beyond the allowance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from kernel.hookspecs.charging import Charge
from kernel.money import allocate
from plugins.billing.buckets.pools import BUCKET, Pool, UsedBefore
from plugins.billing.burn import ZERO, price_overage, shown, steps_of
from plugins.billing.due.book import Book
from plugins.billing.due.drawing import Draw, Statement, draw_down
from plugins.billing.due.recurring import found_on
from plugins.billing.due.values import DueLine, Findings, Found, Source, tax_category_of
from plugins.billing.models.contracts import UsageEntry
from plugins.billing.pricing import explain, plain

_WORDS = 200
_UNITS = {"hour": "h", "each": ""}


def find_buckets(
    book: Book, buckets: Mapping[UUID, Pool], used: UsedBefore, charges: list[Charge], entries: list[UsageEntry],
    findings: Findings,
) -> tuple[list[Charge], list[UsageEntry]]:  # fmt: skip
    """Add a line for what was drawn from each bucket, split by service where it costs something; give back what draws from
    none. What draws from a bucket whose period is not over waits.
    """
    if not buckets:
        return charges, entries
    places = {agreed.line.id: place for place, agreed in enumerate(book.lines)}
    until = dict.fromkeys(buckets, book.window.end)
    drawn = draw_down(buckets, used, until, charges, entries, findings)
    for statement in drawn.statements:
        if statement.tells:
            findings.lines += list(_lines(book, places[statement.bucket.agreed.line.id], statement))
    return drawn.charges, drawn.entries


def _lines(book: Book, place: int, statement: Statement) -> Iterator[Found]:
    """One line for all if nothing is to pay, else one for each service that drew, so that each is taxed as its own."""
    bucket, beyond = statement.bucket, statement.beyond
    by_item: defaultdict[UUID | None, list[Draw]] = defaultdict(list)
    for draw in statement.draws:
        by_item[draw.item_id].append(draw)
    order = sorted(by_item, key=lambda item: (book.item_name(item, ""), str(item)))
    if not beyond:
        whole = [draw for item in order for draw in by_item[item]]
        yield found_on(bucket.agreed, _line(book, place, statement, 0, order[0] if order else None, whole, (0, ZERO)))
        return
    weights = [_weight(by_item[item]) for item in order]
    over = price_overage(beyond, weights, bucket.terms.overage_rate, bucket.terms.per, book.mode)
    for at, item in enumerate(order):
        line = _line(book, place, statement, at, item, by_item[item], (over.amounts[at], over.quantities[at]))
        yield found_on(bucket.agreed, line if len(order) > 1 else _with_price(line, bucket.terms.overage_rate))


def _weight(draws: Sequence[Draw]) -> Decimal:
    return max(sum((one.weight for one in draws), ZERO), ZERO)


def _with_price(line: DueLine, rate: int) -> DueLine:
    """The overage of a single service has a unit price; parts of a split have none that would make them exactly."""
    return replace(line, unit_price=rate)


def _line(
    book: Book, place: int, statement: Statement, at: int, item_id: UUID | None, draws: Sequence[Draw],
    priced: tuple[int, Decimal],
) -> DueLine:  # fmt: skip
    agreed, period, (amount, quantity) = statement.bucket.agreed, statement.period, priced
    shares = allocate(amount, [max(one.weight, ZERO) for one in draws])
    first = [Source(BUCKET, agreed.line.id, statement.key, 0)] if at == 0 else []
    return DueLine(
        description=_describe(book, statement, item_id if statement.beyond else None),
        item_id=item_id,
        quantity=quantity,
        unit_price=None,
        amount=amount,
        unit=statement.bucket.terms.unit,
        tax_category=tax_category_of(book.facts(item_id)),
        location_id=agreed.line.location_id,
        contract_line_id=agreed.line.id,
        kind="bucket",
        service_period=period.served,
        tax_point=period.served.last_day,
        trace=_trace(book, statement, draws, shares, amount),
        sources=[*first, *(Source(one.kind, one.id, "", share, one.version) for one, share in zip(draws, shares, strict=True))],
        order=(0, place, period.period.start, 900 + at, ""),
    )


def _describe(book: Book, statement: Statement, item_id: UUID | None) -> str:
    """The line, what of its allowance was used, and the service that the overage is for."""
    bucket = statement.bucket
    unit = _UNITS[bucket.terms.unit]
    used, available = _shown(statement, statement.used), _shown(statement, statement.allowance.available)
    words = f"{bucket.agreed.label}: {used} / {available} {unit}".rstrip()
    return f"{words} ({book.item_name(item_id, '')})" if item_id else words


def _trace(
    book: Book, statement: Statement, draws: Sequence[Draw], shares: Sequence[int], amount: int
) -> dict[str, Any]:  # fmt: skip
    bucket, allowance = statement.bucket, statement.allowance
    inputs = {
        "included": _shown(statement, allowance.included), "carried": _shown(statement, allowance.carried),
        "drawn": _shown(statement, statement.used), "overage_rate": bucket.terms.overage_rate,
    }  # fmt: skip
    if statement.before:
        inputs["billed_before"] = _shown(statement, statement.before)
    told = "entries" if bucket.terms.unit == "hour" else "records"
    steps = steps_of(allowance, statement.used, statement.before, bucket.terms.per, bucket.terms.overage_rate, amount)
    return {
        **explain("bucket", inputs, steps, book.mode),
        "contract_line": bucket.agreed.words,
        "period": statement.period.period.key,
        told: [_told(bucket, one, share) for one, share in zip(draws, shares, strict=True)],
        "drawn": f"{statement.used:f}",
    }


def _shown(statement: Statement, amount: Decimal) -> int | str:
    return plain(shown(amount, statement.bucket.terms.per))


def _told(bucket: Pool, draw: Draw, share: int) -> dict[str, Any]:
    if bucket.terms.unit == "each":
        return {"id": str(draw.id), "on": draw.on.isoformat(), "quantity": f"{draw.amount.normalize():f}"}
    return {
        "id": str(draw.id), "kind": draw.kind, "on": draw.on.isoformat(), "description": draw.words[:_WORDS],
        "minutes": int(draw.amount), "billed_minutes": int(draw.amount), "drawn": plain(draw.weight), "steps": [],
        "amount": share, "detail": dict(draw.detail),
    }  # fmt: skip
