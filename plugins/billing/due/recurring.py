"""Fixed lines, products and licenses: one charge for each service period."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from kernel.errors import DeskhandError
from plugins.billing.contracts.agreed import AgreedItem, AgreedLine
from plugins.billing.contracts.billed import CONTRACT_LINE
from plugins.billing.due.book import Book
from plugins.billing.due.values import (
    CONTRACT_ITEM,
    DueLine,
    Findings,
    Found,
    Named,
    Source,
    tax_category_of,
    whole_price,
)
from plugins.billing.errors import TooManyPeriods
from plugins.billing.pricing import ONE, FixedPart, Item, Priced, choose_price, price_fixed, price_items
from plugins.billing.service_periods import ServicePeriod, due_periods

KINDS = ("fixed", "product", "license", "bucket")
FLAT = ("fixed", "bucket")
MOST_PERIODS = 120
"""Of one line on one invoice: more is a mistyped year rather than a debt."""


def find_recurring(book: Book, findings: Findings) -> None:
    """Add what recurring lines owe up to the window's end, also of earlier periods that were never billed."""
    found = findings.lines
    for place, agreed in enumerate(book.lines):
        if agreed.line.kind in KINDS and _costs(agreed):
            kept = len(found)
            try:
                _add_owed(book, place, agreed, found)
            except DeskhandError as error:
                del found[kept:]
                findings.refuse(agreed.contract.client_id, error)


def _costs(agreed: AgreedLine) -> bool:
    """False for a bucket that is free as long as nobody draws more than it includes."""
    return agreed.line.kind != "bucket" or agreed.line.price is not None or bool(agreed.items)


def _add_owed(book: Book, place: int, agreed: AgreedLine, found: list[Found]) -> None:
    line = agreed.line
    due = due_periods(
        agreed.agreement, advance=line.timing == "advance", prorate=line.prorate, until=book.window.end,
        billed=book.billed_periods(line.id),
    )  # fmt: skip
    if len(due) > MOST_PERIODS:
        raise TooManyPeriods(
            f"{agreed.words} owes {len(due)} periods since {due[0].period.start.isoformat()}, more than {MOST_PERIODS}."
            " Correct its first day, or say up to which day it was billed before."
        )
    for period in due:
        for at, (item, priced) in enumerate(zip(agreed.items or (None,), _price(book, agreed, period), strict=True)):
            found.append(found_on(agreed, _line(book, place, agreed, period, at, item, priced)))


def found_on(agreed: AgreedLine, line: DueLine, currency: str | None = None) -> Found:
    """A line of a contract, on the invoice of its client, currency and PO number."""
    contract = agreed.contract
    return Found(contract.client_id, currency or contract.currency, contract.po_number or None, contract.id, line)


class ItemNamed(NamedTuple):
    """An item of a line as messages name it: put into words only where there is one."""

    book: Book
    agreed: AgreedLine
    item_id: UUID | None

    def __str__(self) -> str:
        return f"{self.book.item_name(self.item_id, self.agreed.line.name)} ({self.agreed.words})"


def _price(book: Book, agreed: AgreedLine, period: ServicePeriod) -> list[Priced]:
    """Each item of a line in one period; a fixed line without services is one part without an item."""
    currency = agreed.contract.currency
    if agreed.line.kind in FLAT:
        scheduled = agreed.scheduled(None, period.served.start) if agreed.prices else None
        whole_line = agreed.line.price if scheduled is None else scheduled
        return price_fixed(whole_line, _fixed_parts(book, agreed, period), period.coverage, currency, book.mode,
                           scheduled=scheduled is not None)  # fmt: skip
    return price_items([_item(book, agreed, one, period) for one in agreed.items], currency, book.mode)


def _fixed_parts(book: Book, agreed: AgreedLine, period: ServicePeriod) -> list[FixedPart]:
    if not agreed.items:
        return [FixedPart(Named(0, agreed.words), ONE, agreed.line.price)]
    items = [_item(book, agreed, one, period) for one in agreed.items]
    return [
        FixedPart(key, quantity, choose_price(promised, price, listed, scheduled)[0])
        for key, quantity, price, listed, _, promised, scheduled in items
    ]


def _item(book: Book, agreed: AgreedLine, one: AgreedItem, period: ServicePeriod) -> Item:
    """An item with the prices of the first day that is served."""
    contract, on, item_id = agreed.contract, period.served.start, one.item_id
    promised = book.client_price(contract.client_id, item_id, contract.currency, on) if book.promised else None
    return Item(
        ItemNamed(book, agreed, item_id), one.quantity, one.unit_price, book.list_price(item_id, contract.currency, on),
        period.coverage, promised, agreed.scheduled(item_id, on) if agreed.prices else None,
    )  # fmt: skip


def _line(book: Book, place: int, agreed: AgreedLine, period: ServicePeriod, at: int, item: AgreedItem | None,
          priced: Priced) -> DueLine:  # fmt: skip
    line, item_id, served = agreed.line, item.item_id if item else None, period.served
    facts, flat, key = book.facts(item_id), line.kind in FLAT, period.period.key
    priced.trace.update(contract_line=agreed.words, period=key)
    return DueLine(
        agreed.label if flat and len(agreed.items) < 2 else _describe(agreed, facts.name if facts else line.name),
        item_id,
        priced.quantity,
        whole_price(priced.unit_price) if flat or period.coverage is None else None,
        priced.amount,
        facts.unit if facts and not flat else "each",
        tax_category_of(facts),
        line.location_id,
        line.id,
        "fixed" if flat else line.kind,
        served,
        None if line.timing == "advance" else served.last_day,
        priced.trace,
        [recurring_source(agreed, item, at, period, priced.amount)],
        (0, place, period.period.start, at, ""),
    )


def _describe(agreed: AgreedLine, item: str) -> str:
    if agreed.line.kind in FLAT:
        return f"{agreed.label}: {item}"
    return agreed.line.invoice_text if agreed.line.invoice_text and len(agreed.items) == 1 else item


def recurring_source(agreed: AgreedLine, item: AgreedItem | None, index: int, period: ServicePeriod, amount: int) -> Source:
    """What makes a period of a line billed only once: the line itself on the first part, its items on the others."""
    if index == 0 or item is None:
        return Source(CONTRACT_LINE, agreed.line.id, period.period.key, amount)
    return Source(CONTRACT_ITEM, item.id, period.period.key, amount)
