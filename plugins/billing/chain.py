"""The hash chain of each series: what was finalized or voided, in order; nothing can be changed or left out unseen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import select

from kernel.db import cursor
from kernel.ids import uuid7, uuid7_texts
from plugins.billing.bulk import Batch, Change, among_asked, insert_rows, read_together
from plugins.billing.models import ChainLink, Invoice, InvoiceDiscount, InvoiceLine, InvoiceTax, Series
from plugins.billing.numbering import Place

if TYPE_CHECKING:
    from kernel.context import CallContext

_LINK = (
    "id", "series", "position", "invoice_id", "event", "occurred_at", "content_hash", "previous_hash", "hash",
)  # fmt: skip
_HEAD = "select chain_length, chain_hash from billing_series where name = %s for update"
_END = "update billing_series set chain_length = %s, chain_hash = %s where name = %s"
_HEADER = (
    Invoice.id, Invoice.kind, Invoice.series, Invoice.number, Invoice.client_id, Invoice.currency, Invoice.invoice_date,
    Invoice.due_date, Invoice.po_number, Invoice.notes, Invoice.net, Invoice.discount, Invoice.subtotal, Invoice.tax,
    Invoice.total, Invoice.tax_notes, Invoice.credit_of_id, Invoice.parties, Invoice.early_percent, Invoice.early_until,
)  # fmt: skip
_IF_THERE = {"early_percent", "early_until"}
"""What is sealed only where it stands on the invoice: chains were begun before there was such a thing."""
_PARTS: tuple[tuple[str, Any, tuple[Any, ...]], ...] = (
    ("lines", InvoiceLine, (
        InvoiceLine.position, InvoiceLine.description, InvoiceLine.item_id, InvoiceLine.quantity, InvoiceLine.unit,
        InvoiceLine.unit_price, InvoiceLine.net, InvoiceLine.discount, InvoiceLine.tax, InvoiceLine.total,
        InvoiceLine.tax_category, InvoiceLine.period_start, InvoiceLine.period_end,
    )),
    ("taxes", InvoiceTax, (
        InvoiceTax.position, InvoiceTax.name, InvoiceTax.code, InvoiceTax.percent, InvoiceTax.base, InvoiceTax.tax,
        InvoiceTax.tax_date,
    )),
    ("discounts", InvoiceDiscount, (InvoiceDiscount.position, InvoiceDiscount.description, InvoiceDiscount.amount)),
)  # fmt: skip


SEALED = {"header": tuple(one.key for one in _HEADER)} | {
    name: tuple(one.key for one in columns) for name, _, columns in _PARTS
}  # fmt: skip
_CONTENT = (
    select(*_HEADER).where(among_asked(Invoice.id)),
    *(select(table.invoice_id, *columns).where(among_asked(table.invoice_id)).order_by(table.position)
      for _, table, columns in _PARTS),
)  # fmt: skip


class Rows(NamedTuple):
    """Rows of one table that are to be written, of one invoice: their columns, and the values as the database keeps them."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]


def hash_written(header: tuple[tuple[str, ...], tuple[Any, ...]], lines: Rows, taxes: Rows, discounts: Rows) -> bytes:
    """What `content_hashes` will find of an invoice whose rows are being written."""
    names, values = header
    content = _pick(names, SEALED["header"])(values)
    for name in _IF_THERE:
        if content[name] is None:
            del content[name]
    for (name, *_), (columns, rows) in zip(_PARTS, (lines, taxes, discounts), strict=True):
        content[name] = list(map(_pick(columns, SEALED[name]), rows))
    return _digest(content)


@cache
def _pick(columns: tuple[str, ...], wanted: tuple[str, ...]) -> Callable[[tuple[Any, ...]], dict[str, Any]]:
    """What takes the wanted columns out of a row."""
    values_of = itemgetter(*map(columns.index, wanted))
    return lambda row: dict(zip(wanted, values_of(row), strict=True))


def content_hashes(ctx: CallContext, invoice_ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """SHA-256 of what stands on each invoice: header, lines, taxes and discounts."""
    headers, *parts = read_together(ctx.session, _CONTENT, invoice_ids)
    content: dict[UUID, dict[str, Any]] = {
        row["id"]: {name: value for name, value in row.items() if value is not None or name not in _IF_THERE} for row in headers
    }
    for (name, *_), rows in zip(_PARTS, parts, strict=True):
        for one in content.values():
            one[name] = []
        for row in rows:
            content[row.pop("invoice_id")][name].append(row)
    return {invoice_id: _digest(one) for invoice_id, one in content.items()}


def _digest(content: Mapping[str, Any]) -> bytes:
    return sha256(orjson.dumps(content, default=str, option=orjson.OPT_SORT_KEYS)).digest()


def add_links(ctx: CallContext, series: str, event: str, invoice_ids: Sequence[UUID]) -> None:
    """Seal what happened to these invoices (`finalized`, `unfinalized`, `voided`) behind what happened before, in their order."""
    insert_rows(ctx.session, *link_batch(ctx, series, event, invoice_ids))


def link_batch(ctx: CallContext, series: str, event: str, invoice_ids: Sequence[UUID],
               written: Mapping[UUID, bytes] | None = None) -> Batch:  # fmt: skip
    """`add_links`, to be written by `insert_batches`; the series is held, and says already where it will end. `written` has
    the `hash_written` of invoices that do not stand in the database yet.
    """
    with cursor(ctx.session) as cur:
        [head] = cur.execute(_HEAD, [series]).fetchall()
    contents = content_hashes(ctx, invoice_ids) if written is None else written
    links, position, previous = [], head["chain_length"], head["chain_hash"]
    for link_id, invoice_id in zip(uuid7_texts(len(invoice_ids)), invoice_ids, strict=True):
        position += 1
        sealed = _seal(previous, position, invoice_id, event, contents[invoice_id])
        links.append((link_id, series, position, invoice_id, event, ctx.now(), contents[invoice_id], previous, sealed))
        previous = sealed
    with cursor(ctx.session) as cur:
        cur.execute(_END, [position, previous, series])
    return ChainLink, _LINK, links


def next_link(ctx: CallContext, series: str, place: Place, invoice_id: UUID, content: bytes) -> tuple[Batch, Change]:
    """The link of one invoice that becomes final behind the end of a series that is held, and the change of that end."""
    position = place.length + 1
    sealed = _seal(place.hash, position, invoice_id, "finalized", content)
    row = (uuid7(), series, position, invoice_id, "finalized", ctx.now(), content, place.hash, sealed)
    return (ChainLink, _LINK, [row]), (_END, (position, sealed, series))


def _seal(previous: bytes, position: int, invoice_id: UUID, event: str, content: bytes) -> bytes:
    return sha256(previous + position.to_bytes(8, "big") + invoice_id.bytes + event.encode() + content).digest()


def verify_chain(ctx: CallContext, series: str) -> list[str]:
    """What is wrong with a series: broken seals, missing links, invoices that differ from what was sealed. Empty: nothing.

    An invoice that became a draft again may differ from then on, until it is final once more.
    """
    links = list(ctx.session.scalars(select(ChainLink).where(ChainLink.series == series).order_by(ChainLink.position)))
    contents = content_hashes(ctx, [link.invoice_id for link in links])
    last = {link.invoice_id: link for link in links}
    sealed_as = dict[UUID, bytes]()
    wrong, previous = [], b""
    for position, link in enumerate(links, 1):
        sealed = _seal(previous, position, link.invoice_id, link.event, link.content_hash)
        if link.position != position or link.previous_hash != previous or link.hash != sealed:
            wrong.append(f"The seal of link {link.position} does not fit the link before it.")
        now = contents.get(link.invoice_id) if last[link.invoice_id] is link and link.event != "unfinalized" else None
        before = None if link.event == "finalized" else sealed_as.get(link.invoice_id)
        if link.content_hash != (now or before or link.content_hash):
            wrong.append(f"The invoice of link {link.position} is not what was sealed.")
        sealed_as[link.invoice_id] = link.content_hash
        previous = link.hash
    head = ctx.session.scalar(select(Series).where(Series.name == series), execution_options={"populate_existing": True})
    if head is not None and (head.chain_length, bytes(head.chain_hash)) != (len(links), previous):
        wrong.append("The series ends with another link than it says.")
    return wrong
