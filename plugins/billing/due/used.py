"""Usage: summed by contract line, item and service period before minimum and tiers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from kernel.errors import DeskhandError
from kernel.money import allocate
from plugins.billing.contracts.agreed import AgreedItem, AgreedLine
from plugins.billing.models.contracts import UsageEntry
from plugins.billing.due.book import Book, Finder
from plugins.billing.due.recurring import found_on, recurring_source
from plugins.billing.due.values import (
    USAGE,
    DueLine,
    Findings,
    Found,
    Named,
    Source,
    tax_category_of,
    whole_price,
)
from plugins.billing.periods import Cycle, Period, Schedule, calendar_anchor
from plugins.billing.pricing import Priced
from plugins.billing.service_periods import ServicePeriod, due_periods
from plugins.billing.usage import UsageRecord, UsageSum, UsageTerms, price_usage, sum_usage

_MONTHS = Schedule(Cycle.MONTHLY, calendar_anchor(Cycle.MONTHLY))
_NONE = UsageSum(Decimal(0), ())


def find_used(book: Book, entries: Sequence[UsageEntry], findings: Findings) -> None:
    """Add what usage costs: on the lines it belongs to, minimums of periods without usage too, else at list prices."""
    finder = Finder(book.lines, "usage")
    on_lines: defaultdict[UUID, list[UsageEntry]] = defaultdict(list)
    free: defaultdict[UUID, list[UsageEntry]] = defaultdict(list)
    for entry in entries:
        place = finder.find(entry.client_id, entry.contract_line_id, entry.item_id, entry.used_on)
        (on_lines[place[1].line.id] if place else free[entry.client_id]).append(entry)
    for number, agreed in enumerate(book.lines):
        if agreed.line.kind == "usage":
            _attempt(findings, agreed.contract.client_id, _on_line(book, number, agreed, on_lines[agreed.line.id]))
    for client_id in sorted(free):
        _attempt(findings, client_id, _without_contract(book, client_id, free[client_id]))


def _attempt(findings: Findings, client_id: UUID, owed: Iterator[Found]) -> None:
    try:
        findings.lines += list(owed)
    except DeskhandError as error:
        findings.refuse(client_id, error)


def _on_line(book: Book, place: int, agreed: AgreedLine, entries: Sequence[UsageEntry]) -> Iterator[Found]:
    due = due_periods(
        agreed.agreement, advance=False, prorate=False, until=book.window.end, billed=book.billed_periods(agreed.line.id)
    )
    sums = sum_usage(_records(book, agreed, due, entries))
    known = {one.id: one for one in entries}
    for period in due:
        parts = [part for part in _parts(agreed, period, sums) if part[2].records or _minimum(part[1])]
        for index, (item_id, item, used) in enumerate(parts):
            first = recurring_source(agreed, item, index, period, 0)
            yield _found(book, place, agreed, period.served, index, item_id, item, used, known, first)
    for (_, item_id, key), used in sums.items():
        if key not in {period.period.key for period in due}:
            assert isinstance(item_id, UUID)
            late = _late_period(agreed, used, known)
            yield _found(book, place, agreed, late, 0, item_id, agreed.item(item_id), used, known, None)


def _records(
    book: Book, agreed: AgreedLine, due: Sequence[ServicePeriod], entries: Iterable[UsageEntry]
) -> Iterator[UsageRecord]:
    for entry in entries:
        if (key := _period_key(book, agreed, due, entry)) is not None:
            yield UsageRecord(entry.id, agreed.line.id, entry.item_id, key, entry.quantity)


def _period_key(book: Book, agreed: AgreedLine, due: Sequence[ServicePeriod], entry: UsageEntry) -> str | None:
    """The period that usage is billed in; None while that is not over, or if an earlier system has billed it.

    Usage that comes to light after its period was billed counts in the next one, or on its own once there is none.
    """
    terms, until = agreed.agreement, book.window.end
    if terms.billed_until is not None and entry.used_on <= terms.billed_until:
        return None
    for period in due:
        if entry.used_on < period.period.end:
            return period.period.key
    own = terms.schedule.period_containing(entry.used_on)
    last = own.end >= terms.active.end
    return own.key if last and own.end <= until else None


def _late_period(agreed: AgreedLine, used: UsageSum, known: dict[UUID, UsageEntry]) -> Period:
    first = min(known[record].used_on for record in used.records if isinstance(record, UUID))
    return agreed.agreement.schedule.period_containing(first)


def _parts(
    agreed: AgreedLine, period: ServicePeriod, sums: dict[tuple[object, object, str], UsageSum]
) -> Iterator[tuple[UUID, AgreedItem | None, UsageSum]]:
    key = period.period.key
    for item in agreed.items:
        yield item.item_id, item, sums.get((agreed.line.id, item.item_id, key), _NONE)
    for _, item_id, own in sums:
        if own == key and isinstance(item_id, UUID) and agreed.item(item_id) is None:
            yield item_id, None, sums[agreed.line.id, item_id, key]


def _minimum(item: AgreedItem | None) -> Decimal:
    return item.minimum_quantity if item else Decimal(0)


def _found(
    book: Book, place: int, agreed: AgreedLine, served: Period, index: int, item_id: UUID, item: AgreedItem | None,
    used: UsageSum, known: dict[UUID, UsageEntry], first: Source | None,
) -> Found:  # fmt: skip
    currency = agreed.contract.currency
    listed = book.list_price(item_id, currency)
    price = listed if item is None or item.unit_price is None else item.unit_price
    terms = UsageTerms(price, item.tiers if item else (), _minimum(item) if first else Decimal(0))
    name = Named(index, f"{book.item_name(item_id, agreed.line.name)} ({agreed.words})")
    priced = price_usage(name, used.quantity, terms, currency, book.mode)
    text = agreed.line.invoice_text if agreed.line.invoice_text and len(agreed.items) == 1 else ""
    line = _line(
        book, item_id, priced, served, [known[one] for one in used.records if isinstance(one, UUID)], first,
        text=text, agreed=agreed, order=(0, place, served.start, index, ""),
    )  # fmt: skip
    return found_on(agreed, line)


def _without_contract(book: Book, client_id: UUID, entries: Sequence[UsageEntry]) -> Iterator[Found]:
    """Usage that no contract covers: list prices in the client's currency, by calendar month."""
    currency, known = book.currencies[client_id], {one.id: one for one in entries}
    records = [
        UsageRecord(one.id, None, one.item_id, _MONTHS.period_containing(one.used_on).key, one.quantity)
        for one in entries
    ]
    for (_, item_id, _), used in sum_usage(records).items():
        assert isinstance(item_id, UUID)
        mine = [known[one] for one in used.records if isinstance(one, UUID)]
        name = Named(0, book.item_name(item_id, "usage"))
        terms = UsageTerms(book.list_price(item_id, currency))
        priced = price_usage(name, used.quantity, terms, currency, book.mode)
        served = _MONTHS.period_containing(mine[0].used_on)
        order = (2, 0, served.start, 0, str(name))
        line = _line(book, item_id, priced, served, mine, None, text="", agreed=None, order=order)
        yield Found(client_id, currency, None, None, line)


def _line(
    book: Book, item_id: UUID, priced: Priced, served: Period, entries: Sequence[UsageEntry], first: Source | None, *,
    text: str, agreed: AgreedLine | None, order: tuple[int, int, date, int, str],
) -> DueLine:  # fmt: skip
    facts = book.facts(item_id)
    ended = min(served.end, book.window.end)
    return DueLine(
        description=text or book.item_name(item_id, "Usage"),
        item_id=item_id,
        quantity=priced.quantity,
        unit_price=whole_price(priced.unit_price),
        amount=priced.amount,
        unit=facts.unit if facts else "each",
        tax_category=tax_category_of(facts),
        location_id=agreed.line.location_id if agreed else None,
        contract_line_id=agreed.line.id if agreed else None,
        kind="usage",
        service_period=served,
        tax_point=Period(served.start, ended).last_day,
        trace={
            **priced.trace,
            "contract_line": agreed.words if agreed else None,
            "period": served.key,
            "records": [{"id": str(one.id), "on": one.used_on.isoformat(), "quantity": f"{one.quantity.normalize():f}"}
                        for one in entries],
        },
        sources=_sources(priced.amount, entries, first),
        order=order,
    )  # fmt: skip


def _sources(amount: int, entries: Sequence[UsageEntry], first: Source | None) -> list[Source]:
    """The records, each with its share of the amount by quantity; a minimum that no record explains is the line's own."""
    weights = [max(one.quantity, Decimal(0)) for one in entries]
    explained = any(weights)
    shares = allocate(amount, weights) if explained else [0] * len(entries)
    recurring = [] if first is None else [first._replace(amount=0 if explained else amount)]
    return recurring + [Source(USAGE, one.id, "", share) for one, share in zip(entries, shares, strict=True)]
