"""Charges of other rooms: hours priced by contract, materials at their own price, the rest at list prices."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from math import lcm
from typing import Any, NamedTuple
from uuid import UUID

from kernel.errors import DeskhandError
from kernel.hookspecs.charging import Charge
from kernel.money import Rounding, allocate, multiply, round_minor
from plugins.billing.contracts.agreed import AgreedLine
from plugins.billing.due.book import Book, Finder
from plugins.billing.due.overtime import Piece, overtime_of, terms_of, worker_of
from plugins.billing.due.recurring import found_on
from plugins.billing.due.values import DueLine, Findings, Found, Named, Source, tax_category_of, whole_price
from plugins.billing.errors import HourlyRateMissing
from plugins.billing.hours import HourlyTerms, TimeItem, billed_minutes, hourly_rate, hours_of
from plugins.billing.overtime import cost, price_hours
from plugins.billing.periods import Cycle, Period, Schedule, calendar_anchor
from plugins.billing.pricing import Item, Price, Step, explain, plain, price_items

_MONTHS = Schedule(Cycle.MONTHLY, calendar_anchor(Cycle.MONTHLY))
_NO_TERMS = HourlyTerms()
_WORDS = 200


class _Work(NamedTuple):
    """A time entry with the line that covers it, the minutes to bill and its rate."""

    charge: Charge
    place: tuple[int, AgreedLine] | None
    currency: str
    rate: Price
    rate_from: str
    billed: int
    steps: list[Step]
    overtime: int = 0


class _Group(NamedTuple):
    """What stands on one invoice line: entries of one contract line, period, item, place, role and rate."""

    client_id: UUID
    currency: str
    place: int
    period: Period
    item_id: UUID | None
    item: str
    location_id: UUID | None
    role: str
    rate_from: str
    rate: Price


def find_charged(book: Book, charges: Sequence[Charge], findings: Findings) -> None:
    """Add what other rooms hold for billing."""
    if hours := [charge for charge in charges if charge.unit == "hour"]:
        _find_hours(book, hours, findings)
    for number, charge in enumerate(charges):
        if charge.unit != "hour":
            try:
                findings.lines.append(_piece(book, number, charge))
            except DeskhandError as error:
                findings.refuse(charge.client_id, error)


def _find_hours(book: Book, charges: Sequence[Charge], findings: Findings) -> None:
    finder, groups = Finder(book.lines, "hourly"), defaultdict[_Group, list[_Work]](list)
    missing: defaultdict[tuple[UUID, str], list[Charge]] = defaultdict(list)
    found: list[_Work] = []
    for charge in charges:
        place = finder.find(charge.client_id, charge.contract_line_id, charge.item_id, charge.on_date)
        if place and charge.on_date >= place[1].agreement.held(book.window.end):
            continue
        work = _work(book, charge, place)
        if isinstance(work, str):
            missing[charge.client_id, work].append(charge)
        else:
            found.append(work)
    for work in _with_overtime(book, found):
        groups[_group(book, work)].append(work)
    for (client_id, currency), unpriced in missing.items():
        findings.refuse(client_id, _no_rate(book, currency, unpriced))
    alike = Counter(group._replace(location_id=None) for group in groups)
    for group, works in groups.items():
        several = alike[group._replace(location_id=None)] > 1
        findings.lines.append(_hours(book, group, works, _words(book, group) if several else group.item))


def _work(book: Book, charge: Charge, place: tuple[int, AgreedLine] | None) -> _Work | str:
    """The entry with its rate, or the currency in which there is none."""
    agreed = place[1] if place else None
    currency = agreed.contract.currency if agreed else book.currencies[charge.client_id]
    if charge.unit_price is not None and charge.currency:
        currency = charge.currency
    scheduled = agreed.scheduled(None, charge.on_date) if agreed else None
    terms = _terms(agreed, scheduled)
    minutes = charge.minutes if charge.minutes is not None else round_minor(charge.quantity * 60, Rounding.HALF_UP)
    promised = book.client_price(charge.client_id, charge.item_id, currency, charge.on_date)
    listed = book.list_price(charge.item_id, currency, charge.on_date) if promised is None else promised
    rate_from, rate = hourly_rate(TimeItem(charge.source_id, minutes, charge.role, charge.unit_price, listed), terms)
    if rate is None:
        return currency
    if rate_from == "catalog" and promised is not None:
        rate_from = "client"
    elif rate_from == "line" and scheduled is not None:
        rate_from = "schedule"
    billed, steps = billed_minutes(minutes, terms)
    return _Work(charge, place, currency, rate, rate_from, billed, steps)


def _with_overtime(book: Book, works: Sequence[_Work]) -> list[_Work]:
    """The same work, with the minutes of it that are overtime by its contract line."""
    pieces = [
        Piece(one.charge, one.place[1].line.id, terms, one.billed)
        for one in works
        if one.place and (terms := terms_of(one.place[1]))
    ]
    if not pieces:
        return list(works)
    over = overtime_of(pieces, book.worked)
    return [one._replace(overtime=over.get((one.charge.source_kind, one.charge.source_id), 0)) for one in works]


def _terms(agreed: AgreedLine | None, scheduled: int | None) -> HourlyTerms:
    if agreed is None:
        return _NO_TERMS
    line = agreed.line
    rate = line.hourly_rate if scheduled is None else scheduled
    return HourlyTerms(agreed.role_rates, rate, line.minimum_minutes, line.round_up_minutes)


def _no_rate(book: Book, currency: str, charges: Sequence[Charge]) -> HourlyRateMissing:
    named = [f"{book.item_name(one.item_id, 'work')} on {one.on_date.isoformat()} ({one.description[:60]})" for one in charges]
    return HourlyRateMissing(
        f"No hourly rate in {currency} for: {', '.join(named)}. Give the contract line or the service one.",
        entries=[str(one.source_id) for one in charges],
        currency=currency,
    )


def _group(book: Book, work: _Work) -> _Group:
    charge, agreed = work.charge, work.place[1] if work.place else None
    schedule = agreed.agreement.schedule if agreed else _MONTHS
    whole = schedule.period_containing(charge.on_date)
    return _Group(
        charge.client_id, work.currency, work.place[0] if work.place else -1,
        Period(whole.start, min(whole.end, book.window.end)), charge.item_id,
        book.item_name(charge.item_id, charge.description), (agreed and agreed.line.location_id) or charge.location_id,
        (charge.role or "") if work.rate_from == "role" else "", work.rate_from, work.rate,
    )  # fmt: skip


def _words(book: Book, group: _Group) -> str:
    """The item and where it was done: what tells apart lines that are taxed by place."""
    place = book.places.get(group.location_id) if group.location_id else None
    return f"{group.item} ({place})" if place else group.item


def _hours(book: Book, group: _Group, works: list[_Work], description: str) -> Found:
    agreed = book.lines[group.place] if group.place >= 0 else None
    minutes, overtime = sum(one.billed for one in works), sum(one.overtime for one in works)
    amount, shares = _priced(book, group, works, overtime, agreed)
    facts = book.facts(group.item_id)
    line = DueLine(
        description=description,
        item_id=group.item_id,
        quantity=hours_of(minutes),
        unit_price=None if overtime else whole_price(group.rate),
        amount=amount,
        unit="hour",
        tax_category=tax_category_of(facts),
        location_id=group.location_id,
        contract_line_id=agreed.line.id if agreed else None,
        kind="hourly",
        service_period=group.period,
        tax_point=group.period.last_day,
        trace=_trace(book, group, works, shares, agreed),
        sources=[
            Source(one.charge.source_kind, one.charge.source_id, "", share, one.charge.version)
            for one, share in zip(works, shares, strict=True)
        ],
        order=(0 if agreed else 1, group.place, group.period.start, 0, f"{description} {group.role} {group.rate:>20}"),
    )
    return found_on(agreed, line, group.currency) if agreed else Found(group.client_id, group.currency, None, None, line)


def _priced(
    book: Book, group: _Group, works: list[_Work], overtime: int, agreed: AgreedLine | None
) -> tuple[int, list[int]]:  # fmt: skip
    """What the hours cost, and the share of each entry."""
    terms, minutes = terms_of(agreed), sum(one.billed for one in works)
    if not overtime or terms is None:
        amount = multiply(group.rate, minutes, book.mode, per=60)
        return amount, allocate(amount, [one.billed for one in works])
    dearer = terms.of(group.rate)
    amount = price_hours(group.rate, dearer, minutes, overtime, book.mode)
    exact = [cost(group.rate, dearer, one.billed, one.overtime) for one in works]
    shared = lcm(*(one.denominator for one in exact))
    return amount, allocate(amount, [int(one * shared) for one in exact])


def _trace(book: Book, group: _Group, works: list[_Work], shares: list[int], agreed: AgreedLine | None) -> dict[str, Any]:
    minutes = sum(one.billed for one in works)
    inputs = {"minutes": sum(_worked(one) for one in works), "rate": plain(group.rate), "rate_from": group.rate_from}
    if group.role:
        inputs["role"] = group.role
    steps: list[Step] = [["hours_times_rate", f"{minutes}/60 × {plain(group.rate)}", sum(shares)]]
    overtime, terms = sum(one.overtime for one in works), terms_of(agreed)
    if overtime and terms:
        normal, dearer = f"{minutes - overtime}/60 × {plain(group.rate)}", plain(terms.of(group.rate))
        steps = [["hours_and_overtime", f"{normal} + {overtime}/60 × {dearer}", sum(shares)]]
    return {
        **explain("hourly", inputs, steps, book.mode),
        "contract_line": agreed.words if agreed else None,
        "period": group.period.key,
        "entries": [_entry(one, share) for one, share in zip(works, shares, strict=True)],
    }


def _worked(work: _Work) -> int:
    return work.charge.minutes if work.charge.minutes is not None else work.billed


def _entry(work: _Work, share: int) -> Mapping[str, Any]:
    charge = work.charge
    return {
        "id": str(charge.source_id), "kind": charge.source_kind, "on": charge.on_date.isoformat(),
        "description": charge.description[:_WORDS], "minutes": _worked(work), "billed_minutes": work.billed,
        "steps": work.steps, "amount": share, "detail": dict(charge.detail),
        **({"worker": worker_of(charge), "overtime": work.overtime} if work.place and terms_of(work.place[1]) else {}),
    }  # fmt: skip


def _piece(book: Book, number: int, charge: Charge) -> Found:
    """A material or any other single thing, in its own currency or the client's."""
    currency = charge.currency or book.currencies[charge.client_id]
    facts, listed = book.facts(charge.item_id), book.list_price(charge.item_id, currency, charge.on_date)
    promised = (
        book.client_price(charge.client_id, charge.item_id, currency, charge.on_date) if charge.unit_price is None else None
    )
    name = Named(number, f"{charge.description[:60]} on {charge.on_date.isoformat()}", charge.item_id)
    item = Item(name, charge.quantity, charge.unit_price, listed, client_price=promised)
    priced, *_ = price_items([item], currency, book.mode)
    line = DueLine(
        description=_describe(charge, book.item_name(charge.item_id, "")),
        item_id=charge.item_id,
        quantity=charge.quantity,
        unit_price=whole_price(priced.unit_price),
        amount=priced.amount,
        unit=charge.unit,
        tax_category=tax_category_of(facts),
        location_id=charge.location_id,
        contract_line_id=None,
        kind="product",
        service_period=None,
        tax_point=charge.on_date,
        trace={**priced.trace, "contract_line": None, "on": charge.on_date.isoformat(), "detail": dict(charge.detail)},
        sources=[Source(charge.source_kind, charge.source_id, "", priced.amount, charge.version)],
        order=(3, 0, charge.on_date, 0, charge.description),
    )
    return Found(charge.client_id, currency, None, None, line)


def _describe(charge: Charge, item: str) -> str:
    if not item or not charge.description or item in charge.description:
        return charge.description or item
    return f"{item}: {charge.description}"


def owed_before(
    charges: Iterable[Charge], clients: Mapping[UUID, str], until: date, billed: Mapping[str, Mapping[int, object]]
) -> list[Charge]:
    """The charges of these clients dated before a day and not on an invoice yet, in one fixed order."""
    mine = (
        one for one in charges
        if one.client_id in clients and one.on_date < until and one.source_id.int not in billed.get(one.source_kind, {})
    )  # fmt: skip
    return sorted(mine, key=lambda one: (one.client_id, one.on_date, one.source_kind, one.source_id))
