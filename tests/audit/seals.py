"""I6: the hash chain, reckoned again from the rows, and whether the database lets anybody change what is final.

The content of an invoice is JSON with sorted keys and without blanks: its header and the lists `lines`, `taxes` and
`discounts` in the order of their positions; decimals, days and ids are text; what is only on some invoices
is in the header of those alone. A seal is the SHA-256 of the seal before it,
the position in eight bytes, the invoice's id in sixteen, the event's name, and the SHA-256 of the content.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

import psycopg

from tests.audit.books import Books, Row, bind, grouped

_HEADER = (
    "id", "kind", "series", "number", "client_id", "currency", "invoice_date", "due_date", "po_number", "notes", "net",
    "discount", "subtotal", "tax", "total", "tax_notes", "credit_of_id", "parties",
)  # fmt: skip
_IF_THERE = ("early_percent", "early_until")
_PARTS = {
    "lines": (
        "position", "description", "item_id", "quantity", "unit", "unit_price", "net", "discount", "tax", "total",
        "tax_category", "period_start", "period_end",
    ),
    "taxes": ("position", "name", "code", "percent", "base", "tax", "tax_date"),
    "discounts": ("position", "description", "amount"),
}  # fmt: skip
_EVENTS = {"finalized", "voided", "unfinalized"}
_FORBIDDEN = (
    "update billing_invoices set total = total + 1, subtotal = subtotal + 1, net = net + 1 where id = %s",
    "update billing_invoices set number = number || 'x' where id = %s",
    "update billing_invoices set client_id = id where id = %s",
    "update billing_invoices set status = 'draft' where id = %s and status = 'void'",
    "update billing_invoices set parties = '{}' where id = %s",
    "delete from billing_invoices where id = %s",
    "update billing_invoice_lines set description = 'forged' where invoice_id = %s",
    "delete from billing_invoice_lines where invoice_id = %s",
    "update billing_invoice_taxes set tax = tax + 1 where invoice_id = %s",
    "update billing_chain_links set hash = ''::bytea where invoice_id = %s",
    "delete from billing_chain_links where invoice_id = %s",
    "update billing_ledger_entries set words = 'forged' where source_id = %s",
    "update billing_postings set amount = amount + 1 where entry_id in"
    " (select id from billing_ledger_entries where source_id = %s)",
    "delete from billing_postings where entry_id in (select id from billing_ledger_entries where source_id = %s)",
)


def content_hash(books: Books, invoice: Row) -> bytes:
    """SHA-256 of what stands on an invoice."""
    content = {name: getattr(invoice, name) for name in _HEADER}
    content |= {name: value for name in _IF_THERE if (value := getattr(invoice, name)) is not None}
    rows = {"lines": books.lines_of, "taxes": books.taxes_of, "discounts": books.discounts_of}
    for part, names in _PARTS.items():
        content[part] = [{name: getattr(one, name) for name in names} for one in rows[part][invoice.id]]
    written = json.dumps(content, default=str, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(written.encode()).digest()


def check_chain(books: Books) -> Iterator[str]:
    """Every link against the one before it and against its invoice; every final invoice against the chain."""
    heads = {one.name: (one.chain_length, bytes(one.chain_hash)) for one in books.series}
    chains = grouped(books.links, lambda one: one.series)
    for series, head in heads.items():
        yield from _links(books, series, chains[series])
        end = (len(chains[series]), bytes(chains[series][-1].hash) if chains[series] else b"")
        if end != head:
            yield f"I6 {series} ends at link {end[0]}, the series says {head[0]}."
    yield from _states(books)


def _links(books: Books, series: str, links: Sequence[Row]) -> Iterator[str]:
    seal = b""
    last = {link.invoice_id: link.position for link in links}
    before: dict[UUID, bytes] = {}
    for position, link in enumerate(links, 1):
        content = bytes(link.content_hash)
        expected = sha256(seal + position.to_bytes(8, "big") + link.invoice_id.bytes + link.event.encode() + content).digest()
        if (link.position, bytes(link.previous_hash), bytes(link.hash)) != (position, seal, expected):
            yield f"I6 link {link.position} of {series} does not fit the one before it."
        invoice = books.by_id.get(link.invoice_id)
        if invoice is None:
            yield f"I6 link {link.position} of {series} is about an invoice that is not there."
        elif last[invoice.id] == position and invoice.status != "draft" and content_hash(books, invoice) != content:
            yield f"I6 {invoice.number} is not what was sealed."
        if link.event != "finalized" and before.get(link.invoice_id) != content:
            yield f"I6 link {link.position} of {series} says {link.event} of what was not finalized like that."
        before[link.invoice_id], seal = content, bytes(link.hash)


def _states(books: Books) -> Iterator[str]:
    """The last word of the chain about an invoice is its status."""
    said = {link.invoice_id: link.event for link in books.links}
    due = {"draft": {None, "unfinalized"}, "finalized": {"finalized"}, "void": {"voided"}}
    for one in books.invoices:
        if said.get(one.id) not in due[one.status]:
            yield f"I6 {one.number} is {one.status}, the chain says {said.get(one.id)}."
    for link in books.links:
        if link.event not in _EVENTS:
            yield f"I6 link {link.position} of {link.series} says {link.event}."


def check_guards(database: psycopg.Connection[Any], tenant_id: UUID, invoice_id: UUID) -> Iterator[str]:
    """Try to change a final invoice as the application's role; each try must be refused by the database itself."""
    for statement in _FORBIDDEN:
        with database.transaction(force_rollback=True):
            bind(database, tenant_id)
            try:
                with database.transaction():
                    changed = database.execute(statement, [invoice_id]).rowcount
            except psycopg.Error:
                continue
        if changed:
            yield f"I6 the database allowed: {statement}"
