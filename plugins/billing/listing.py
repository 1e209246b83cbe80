"""Lists of invoices and payments: for REST, pages, the palette and other rooms' pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, case, cast, func, select

from kernel.api.listing import Page, paginate
from kernel.db import fetch_rows
from kernel.directory.models import Client
from kernel.hookspecs.tax import TaxSource
from plugins.billing.models import Invoice, Payment

if TYPE_CHECKING:
    from datetime import date

    from kernel.context import CallContext

_SORTABLE = {
    "created_at": Invoice.created_at,
    "invoice_date": Invoice.invoice_date,
    "due_date": Invoice.due_date,
    "number": Invoice.number,
    "total": Invoice.total,
    "updated_at": Invoice.updated_at,
}
_FILTERS = {"run_id": Invoice.run_id, "credit_of_id": Invoice.credit_of_id}
STATES = ("draft", "open", "partly_paid", "overdue", "paid", "issued", "void")
MOST_OPEN = 100
AGES = ((0, "not_due"), (30, "days_30"), (60, "days_60"), (90, "days_90"))


def state_of(invoice: Any, today: date) -> str:
    """How an invoice (or its header) stands: one of `STATES`. A credit note is `issued`."""
    if invoice.status != "finalized":
        return str(invoice.status)
    if invoice.kind == "credit_note":
        return "issued"
    if invoice.settled >= invoice.total:
        return "paid"
    if invoice.due_date < today:
        return "overdue"
    return "partly_paid" if invoice.settled else "open"


def _state(today: date) -> ColumnElement[str]:
    """`state_of` as the database reckons it."""
    return case(
        (Invoice.status != "finalized", Invoice.status),
        (Invoice.kind == "credit_note", "issued"),
        (Invoice.settled >= Invoice.total, "paid"),
        (Invoice.due_date < today, "overdue"),
        (Invoice.settled > 0, "partly_paid"),
        else_="open",
    ).label("state")


def list_invoices(ctx: CallContext, query: Mapping[str, Any], text: str = "") -> Page:
    """One page of invoices and credit notes with client names and how they stand; `text` as in `find_invoices`."""
    rows = _rows(ctx.today()).where(_named(text)) if text.strip() else _rows(ctx.today())
    return paginate(ctx, rows, query, sortable=_SORTABLE, default="-created_at", filters=_FILTERS)


@lru_cache(maxsize=8)  # the same statement for a whole day: its SQL is then made once
def _rows(today: date) -> Select[Any]:
    client = (Client.tenant_id == Invoice.tenant_id) & (Client.id == Invoice.client_id)
    return select(
        Invoice.id, Invoice.kind, Invoice.origin, Invoice.number, Invoice.status, _state(today), Invoice.client_id,
        Client.name.label("client_name"), Invoice.currency, Invoice.invoice_date, Invoice.due_date, Invoice.po_number,
        Invoice.subtotal, Invoice.tax, Invoice.total, Invoice.settled, Invoice.run_id, Invoice.created_by_name,
        Invoice.author, Invoice.created_at, Invoice.updated_at,
    ).join(Client, client)  # fmt: skip


def find_invoices(ctx: CallContext, words: str, limit: int = 6) -> list[dict[str, Any]]:
    """Invoices whose number holds the text, or whose client's name begins with it; the newest first."""
    rows = _rows(ctx.today()).where(_named(words))
    return fetch_rows(ctx.session, rows.order_by(Invoice.id.desc()).limit(limit))


def _named(words: str) -> ColumnElement[bool]:
    text = words.strip().lower()
    return (func.strpos(func.lower(Invoice.number), text) > 0) | Client.name_key.startswith(text, autoescape=True)


def open_invoices(ctx: CallContext, client_id: UUID, currency: str) -> list[dict[str, Any]]:
    """What a client has not paid in full, those due first coming first, with `open` of each; at most `MOST_OPEN`."""
    owed = Invoice.status == "finalized", Invoice.kind != "credit_note", Invoice.settled < Invoice.total
    rows = (
        select(Invoice.id, Invoice.number, _state(ctx.today()), Invoice.due_date, (Invoice.total - Invoice.settled).label("open"))
        .where(*owed, Invoice.client_id == client_id, Invoice.currency == currency)
        .order_by(Invoice.due_date, Invoice.id).limit(MOST_OPEN)
    )  # fmt: skip
    return fetch_rows(ctx.session, rows)


def list_payments(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of the payments of clients."""
    client = (Client.tenant_id == Payment.tenant_id) & (Client.id == Payment.client_id)
    rows = select(
        Payment.id, Payment.client_id, Client.name.label("client_name"), Payment.amount, Payment.applied, Payment.refunded,
        Payment.currency, Payment.received_on, Payment.method, Payment.reference, Payment.recorded_by, Payment.taken_back_at,
    ).join(Client, client)  # fmt: skip
    return paginate(ctx, rows, query, sortable={"received_on": Payment.received_on}, default="-received_on")


def total_run(ctx: CallContext, run_id: UUID) -> list[dict[str, Any]]:
    """What the invoices of a run that still count come to, by currency: `invoices`, `total`."""
    signed = case((Invoice.kind == "credit_note", -Invoice.total), else_=Invoice.total)
    total = cast(func.sum(signed), BigInteger).label("total")
    wanted = select(Invoice.currency, func.count().label("invoices"), total)
    counted = Invoice.run_id == run_id, Invoice.status != "void"
    return fetch_rows(ctx.session, wanted.where(*counted).group_by(Invoice.currency).order_by(Invoice.currency))


def count_drafts(ctx: CallContext) -> int:
    """How many invoices wait to be finalized."""
    return ctx.session.scalar(select(func.count()).where(Invoice.status == "draft")) or 0


def age_receivables(ctx: CallContext) -> list[dict[str, Any]]:
    """What clients owe, by currency and days overdue: `not_due`, `days_30` (1 to 30), `days_60`, `days_90`, `older`."""
    late = ctx.today() - Invoice.due_date
    open_amount = Invoice.total - Invoice.settled
    columns: list[ColumnElement[Any]] = []
    below = None
    for days, name in AGES:
        inside = late <= days if below is None else (late > below) & (late <= days)
        columns.append(_sum(open_amount, inside).label(name))
        below = days
    columns.append(_sum(open_amount, late > AGES[-1][0]).label("older"))
    total = cast(func.sum(open_amount), BigInteger).label("total")
    wanted = Invoice.status == "finalized", Invoice.kind != "credit_note", Invoice.settled < Invoice.total
    return fetch_rows(ctx.session, select(Invoice.currency, *columns, total).where(*wanted).group_by(Invoice.currency)
                      .order_by(Invoice.currency))  # fmt: skip


def _sum(amount: ColumnElement[Any], inside: ColumnElement[bool]) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(amount).filter(inside), 0), BigInteger)


def labels_of(ctx: CallContext, invoice_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The numbers of invoices, for other rooms' pages."""
    rows = ctx.session.execute(select(Invoice.id, Invoice.number).where(Invoice.id.in_(invoice_ids)))
    return {row.id: row.number for row in rows}


def draft_ids(ctx: CallContext, run_id: UUID | None = None) -> list[UUID]:
    """Every draft that can become final, or those of one run, oldest first; those that wait for tax amounts are left out."""
    waits = Invoice.tax_source == TaxSource.PENDING_EXTERNAL
    wanted = select(Invoice.id).where(Invoice.status == "draft", ~waits).order_by(Invoice.id)
    return list(ctx.session.scalars(wanted if run_id is None else wanted.where(Invoice.run_id == run_id)))
