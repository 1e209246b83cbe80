"""Usage: summed by contract line, item and service period before minimum and tiers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kernel.errors import DeskhandError
from kernel.hookspecs.pricing import ItemFacts
from kernel.money import allocate
from plugins.billing.contracts.agreed import AgreedItem, AgreedLine
from plugins.billing.due.book import Book, Finder
from plugins.billing.due.recurring import ItemNamed, found_on, recurring_source
from plugins.billing.due.values import USAGE, DueLine, Findings, Found, Named, Source, tax_category_of, whole_price
from plugins.billing.models.contracts import UsageEntry
from plugins.billing.periods import ONE_DAY, Cycle, Period, Schedule, calendar_anchor
from plugins.billing.pricing import Priced, choose_price, plain_text
from plugins.billing.service_periods import ServicePeriod, due_periods
from plugins.billing.usage import ZERO, UsageSum, UsageTerms, price_usage, sum_usage

_MONTHS = Schedule(Cycle.MONTHLY, calendar_anchor(Cycle.MONTHLY))


_NOTHING = UsageSum(ZERO, ())
Sums = dict[tuple[UUID, str], UsageSum]
"""What was used, by item and key of the period."""


class _Part(NamedTuple):
    """An item in a period of a line; `first` is what makes the period billed once, None for usage that came late."""

    item_id: UUID
    item: AgreedItem | None
    used: UsageSum
    served: Period
    index: int
    first: Source | None


def find_used(book: Book, entries: Sequence[UsageEntry], findings: Findings) -> None:
    """Add what usage costs: on the lines it belongs to, minimums of periods without usage too, else at list prices."""
    finder = Finder(book.lines, "usage")
    on_lines: defaultdict[int, list[UsageEntry]] = defaultdict(list)
    free: defaultdict[UUID, list[UsageEntry]] = defaultdict(list)
    for entry in entries:
        place = finder.find(entry.client_id, entry.contract_line_id, entry.item_id, entry.used_on)
        (on_lines[place[0]] if place else free[entry.client_id]).append(entry)
    for number, agreed in enumerate(book.lines):
        if agreed.line.kind == "usage":
            _attempt(findings, agreed.contract.client_id, _on_line(book, number, agreed, on_lines.get(number, ())))
    for client_id in sorted(free):
        _attempt(findings, client_id, _without_contract(book, client_id, free[client_id]))


def _attempt(findings: Findings, client_id: UUID, owed: Iterator[Found]) -> None:
    try:
        findings.lines += list(owed)
    except DeskhandError as error:
        findings.refuse(client_id, error)


def _carry_corrections(sums: Sums, keys: Sequence[str]) -> None:
    """Where corrections take away more than a period used, all of it counts in the next one; without a next one it waits."""
    below = {item_id for (item_id, _), used in sums.items() if used.quantity < 0}
    for item_id in sorted(below):
        held = _NOTHING
        for key in (*keys, *sorted({key for item, key in sums if item == item_id} - set(keys))):
            used = sums.pop((item_id, key), _NOTHING)
            held = UsageSum(held.quantity + used.quantity, [*held.records, *used.records])
            if held.records and held.quantity >= 0:
                sums[item_id, key], held = held, _NOTHING


def _on_line(book: Book, place: int, agreed: AgreedLine, entries: Sequence[UsageEntry]) -> Iterator[Found]:
    due = due_periods(
        agreed.agreement, advance=False, prorate=False, until=book.window.end, billed=book.billed_periods(agreed.line.id)
    )
    keyed = [(one.item_id, _period_key(book, agreed, due, one), one) for one in entries]
    sums: Sums = sum_usage([((item_id, key), one) for item_id, key, one in keyed if key is not None])
    _carry_corrections(sums, [one.period.key for one in due])
    for period in due:
        for part in _parts(agreed, period, sums):
            yield _found(book, place, agreed, part)
    for (item_id, _), used in sums.items():  # what is left came to light after the last period was billed
        own = agreed.agreement.schedule.period_containing(min(one.used_on for one in used.records))
        yield _found(book, place, agreed, _Part(item_id, agreed.item(item_id), used, own, 0, None))


def _period_key(book: Book, agreed: AgreedLine, due: Sequence[ServicePeriod], entry: UsageEntry) -> str | None:
    """The period that usage is billed in; None while that is not over, or if an earlier system has billed it.

    Usage that comes to light after its period was billed counts in the next one, or on its own once there is none.
    """
    terms, used_on = agreed.agreement, entry.used_on
    if terms.billed_until is not None and used_on <= terms.billed_until:
        return None
    for period, *_ in due:
        if used_on < period.end:
            return period.key
    if terms.active.end == date.max:
        return None
    last = terms.schedule.period_containing(terms.active.end - ONE_DAY)
    return terms.schedule.period_containing(used_on).key if last.end <= terms.held(book.window.end) else None


def _parts(agreed: AgreedLine, period: ServicePeriod, sums: Sums) -> Iterator[_Part]:
    """The items of a line in a period, and others that were booked on it; those with neither usage nor minimum are left out."""
    key, index = period.period.key, 0
    wanted: list[tuple[UUID, AgreedItem | None]] = [(one.item_id, one) for one in agreed.items]
    found = [(item_id, item, sums.pop((item_id, key), _NOTHING)) for item_id, item in wanted]
    found += [(item_id, None, sums.pop((item_id, own))) for item_id, own in list(sums) if own == key]
    for item_id, item, used in found:
        if used.records or (item and item.minimum_quantity):
            yield _Part(item_id, item, used, period.served, index, recurring_source(agreed, item, index, period, 0))
            index += 1


def _found(book: Book, place: int, agreed: AgreedLine, part: _Part) -> Found:
    item_id, item, used, served, index, first = part
    contract, on = agreed.contract, served.last_day
    currency, tiers = contract.currency, item.tiers if item else ()
    listed = book.list_price(item_id, currency, on)
    promised = book.client_price(contract.client_id, item_id, currency, on)
    scheduled = agreed.scheduled(item_id, served.start) if agreed.prices else None
    price, _ = choose_price(None if tiers else promised, item.unit_price if item else None, listed, scheduled)
    terms = UsageTerms(price, tiers, item.minimum_quantity if item and first else ZERO)
    priced = price_usage(ItemNamed(book, agreed, item_id), used.quantity, terms, currency, book.mode)
    return found_on(agreed, _line(book, part, priced, agreed, (0, place, served.start, index, "")))


def _without_contract(book: Book, client_id: UUID, entries: Sequence[UsageEntry]) -> Iterator[Found]:
    """Usage that no contract covers: list prices in the client's currency, by calendar month."""
    currency = book.currencies[client_id]
    sums = sum_usage([((one.item_id, _MONTHS.period_containing(one.used_on).key), one) for one in entries])
    _carry_corrections(sums, ())
    for (item_id, _), used in sums.items():
        name = Named(0, book.item_name(item_id, "usage"), item_id)
        served = _MONTHS.period_containing(max(one.used_on for one in used.records))
        on = served.last_day
        price, _ = choose_price(book.client_price(client_id, item_id, currency, on), None, book.list_price(item_id, currency, on))
        priced = price_usage(name, used.quantity, UsageTerms(price), currency, book.mode)
        part = _Part(item_id, None, used, served, 0, None)
        yield Found(client_id, currency, None, None, _line(book, part, priced, None, (2, 0, served.start, 0, name.words)))


def _line(book: Book, part: _Part, priced: Priced, agreed: AgreedLine | None, order: tuple[int, int, date, int, str]) -> DueLine:
    facts, served, line = book.facts(part.item_id), part.served, agreed.line if agreed else None
    priced.trace.update(
        contract_line=agreed.words if agreed else None, period=served.key, records=[_shown(one) for one in part.used.records]
    )
    return DueLine(
        description=_describe(facts, agreed),
        item_id=part.item_id,
        quantity=priced.quantity,
        unit_price=whole_price(priced.unit_price),
        amount=priced.amount,
        unit=facts.unit if facts else "each",
        tax_category=tax_category_of(facts),
        location_id=line.location_id if line else None,
        contract_line_id=line.id if line else None,
        kind="usage",
        service_period=served,
        tax_point=served.last_day if served.end <= book.window.end else Period(served.start, book.window.end).last_day,
        trace=priced.trace,
        sources=_sources(priced.amount, part),
        order=order,
    )


def _describe(facts: ItemFacts | None, agreed: AgreedLine | None) -> str:
    if agreed and agreed.line.invoice_text and len(agreed.items) == 1:
        return agreed.line.invoice_text
    return facts.name if facts else "Usage"


def _shown(entry: UsageEntry) -> dict[str, str]:
    return {"id": str(entry.id), "on": entry.used_on.isoformat(), "quantity": plain_text(entry.quantity)}


def _sources(amount: int, part: _Part) -> list[Source]:
    """The records, each with its share of the amount by quantity; a minimum that no record explains is the line's own."""
    records = part.used.records
    if len(records) == 1 and records[0].quantity > ZERO:
        shares, explained = [amount], True
    else:
        weights = [max(one.quantity, ZERO) for one in records]
        explained = any(weights)
        shares = allocate(amount, weights) if explained else [0] * len(weights)
    recurring = [part.first._replace(amount=0 if explained else amount)] if part.first else []
    return recurring + [Source(USAGE, one.id, "", share, one.version) for one, share in zip(records, shares, strict=True)]
