"""Fixed lines, products and licenses: one charge for each service period."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
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
from plugins.billing.pricing import FixedPart, Item, Priced, choose_price, price_fixed, price_items
from plugins.billing.service_periods import ServicePeriod, due_periods

KINDS = ("fixed", "product", "license", "bucket")
FLAT = ("fixed", "bucket")
MOST_PERIODS = 120
"""Of one line on one invoice: more is a mistyped year rather than a debt."""


def find_recurring(book: Book, findings: Findings) -> None:
    """Add what recurring lines owe up to the window's end, also of earlier periods that were never billed."""
    for place, agreed in enumerate(book.lines):
        if agreed.line.kind in KINDS and _costs(agreed):
            try:
                findings.lines += list(_owed(book, place, agreed))
            except DeskhandError as error:
                findings.refuse(agreed.contract.client_id, error)


def _costs(agreed: AgreedLine) -> bool:
    """False for a bucket that is free as long as nobody draws more than it includes."""
    return agreed.line.kind != "bucket" or agreed.line.price is not None or bool(agreed.items)


def _owed(book: Book, place: int, agreed: AgreedLine) -> Iterable[Found]:
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
        for part in _price(book, agreed, period):
            yield found_on(agreed, _line(book, place, agreed, part))


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


class _Part(NamedTuple):
    """One item of a line in one period, priced; a fixed line without services has a single part without an item."""

    period: ServicePeriod
    at: int
    item: AgreedItem | None
    priced: Priced


def _price(book: Book, agreed: AgreedLine, period: ServicePeriod) -> list[_Part]:
    currency, items = agreed.contract.currency, agreed.items
    if agreed.line.kind in FLAT:
        scheduled = agreed.scheduled(None, period.served.start)
        whole_line = agreed.line.price if scheduled is None else scheduled
        priced = price_fixed(whole_line, _fixed_parts(book, agreed, period), period.coverage, currency, book.mode,
                             scheduled=scheduled is not None)  # fmt: skip
    else:
        priced = price_items([_item(book, agreed, one, period) for one in items], currency, book.mode)
    whole: Sequence[AgreedItem | None] = items or (None,)
    return [_Part(period, at, item, one) for at, (item, one) in enumerate(zip(whole, priced, strict=True))]


def _fixed_parts(book: Book, agreed: AgreedLine, period: ServicePeriod) -> list[FixedPart]:
    if not agreed.items:
        return [FixedPart(Named(0, agreed.words), Decimal(1), agreed.line.price)]
    items = [_item(book, agreed, one, period) for one in agreed.items]
    return [
        FixedPart(
            one.key, one.quantity, choose_price(one.client_price, one.unit_price, one.catalog_price, one.scheduled_price)[0]
        )
        for one in items
    ]


def _item(book: Book, agreed: AgreedLine, one: AgreedItem, period: ServicePeriod) -> Item:
    """An item with the prices of the first day that is served."""
    contract, on = agreed.contract, period.served.start
    return Item(
        ItemNamed(book, agreed, one.item_id), one.quantity, one.unit_price, book.list_price(one.item_id, contract.currency, on),
        period.coverage, book.client_price(contract.client_id, one.item_id, contract.currency, on),
        agreed.scheduled(one.item_id, on),
    )  # fmt: skip


def _line(book: Book, place: int, agreed: AgreedLine, part: _Part) -> DueLine:
    period, at, item, priced = part
    line, facts = agreed.line, book.facts(item.item_id if item else None)
    exact = line.kind in FLAT or period.coverage is None
    return DueLine(
        description=_describe(agreed, (facts.name if facts else line.name) if item else None),
        item_id=item.item_id if item else None,
        quantity=priced.quantity,
        unit_price=whole_price(priced.unit_price) if exact else None,
        amount=priced.amount,
        unit=facts.unit if facts and line.kind not in FLAT else "each",
        tax_category=tax_category_of(facts),
        location_id=line.location_id,
        contract_line_id=line.id,
        kind="fixed" if line.kind in FLAT else line.kind,
        service_period=period.served,
        tax_point=None if line.timing == "advance" else period.served.last_day,
        trace={**priced.trace, "contract_line": agreed.words, "period": period.period.key},
        sources=[recurring_source(agreed, item, at, period, priced.amount)],
        order=(0, place, period.period.start, at, ""),
    )


def _describe(agreed: AgreedLine, item: str | None) -> str:
    if item is None or (agreed.line.kind in FLAT and len(agreed.items) == 1):
        return agreed.label
    if agreed.line.kind in FLAT:
        return f"{agreed.label}: {item}"
    return agreed.line.invoice_text if agreed.line.invoice_text and len(agreed.items) == 1 else item


def recurring_source(agreed: AgreedLine, item: AgreedItem | None, index: int, period: ServicePeriod, amount: int) -> Source:
    """What makes a period of a line billed only once: the line itself on the first part, its items on the others."""
    if index == 0 or item is None:
        return Source(CONTRACT_LINE, agreed.line.id, period.period.key, amount)
    return Source(CONTRACT_ITEM, item.id, period.period.key, amount)
