"""I7 and I8: what a preview showed is what a run wrote, and what is voided and billed again is billed as before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from typing import Any
from uuid import UUID

from tests.audit.books import Books, Row, grouped

_HEADER = ("client_id", "currency", "po_number", "net", "discount", "subtotal", "tax", "total")
_LINE = (
    "position", "kind", "description", "item_id", "quantity", "unit", "unit_price", "net", "discount", "tax", "total",
    "tax_category", "tax_point", "location_id", "contract_line_id", "period_start", "period_end",
)  # fmt: skip
_TAX = ("position", "name", "code", "percent", "base", "tax", "tax_date")
_SHOWN = ("description", "kind", "item_id", "quantity", "unit", "unit_price", "net", "tax", "total", "period_start", "period_end")


def contents(books: Books, wanted: Callable[[Row], bool]) -> Counter[Hashable]:
    """What stands on some invoices, without their ids, numbers and dates of their own."""
    sources = grouped(books.sources, lambda one: one.line_id)
    return Counter(
        (_of(invoice, _HEADER),
         tuple((_of(line, _LINE), _billed(sources[line.id])) for line in books.lines_of[invoice.id]),
         tuple(_of(tax, _TAX) for tax in books.taxes_of[invoice.id]))
        for invoice in books.invoices if wanted(invoice)
    )  # fmt: skip


def _of(row: Row, names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in names)


def _billed(sources: Collection[Row]) -> tuple[Any, ...]:
    return tuple(sorted((one.source_kind, str(one.source_id), one.period_key, one.amount) for one in sources))


def check_preview(books: Books, preview: Mapping[str, Any], run_id: UUID, parked: Collection[UUID]) -> Iterator[str]:
    """The invoices of a run against those its preview showed just before, and who was parked."""
    foreseen = Counter(_shown(one) for one in preview["invoices"])
    written = Counter(_written(books, one) for one in books.invoices if one.run_id == run_id)
    for one in (foreseen - written).elements():
        yield f"I7 previewed and not written: {one}"
    for one in (written - foreseen).elements():
        yield f"I7 written and not previewed: {one}"
    if {one["client_id"] for one in preview["parked"]} != set(parked):
        yield f"I7 parked are {parked}, previewed {preview['parked']}."


def _shown(invoice: Mapping[str, Any]) -> Hashable:
    header = tuple(invoice[name] for name in ("client_id", "currency", "po_number", "subtotal", "tax", "total"))
    return header, tuple(tuple(line[name] for name in _SHOWN) for line in invoice["lines"])


def _written(books: Books, invoice: Row) -> Hashable:
    header = _of(invoice, ("client_id", "currency", "po_number", "subtotal", "tax", "total"))
    return header, tuple(_of(line, _SHOWN) for line in books.lines_of[invoice.id])
