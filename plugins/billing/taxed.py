"""What final invoices and credit notes were taxed, added up for the tax report."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Date, Select, case, cast, func, literal, select, union_all

from kernel.db import fetch_rows
from kernel.hookspecs.tax import TaxDate, Taxed
from plugins.billing.models import Invoice, InvoiceTax

if TYPE_CHECKING:
    from kernel.context import CallContext


def taxed_documents(ctx: CallContext, first_day: date, last_day: date, dated_by: TaxDate) -> list[Taxed]:
    """The taxes of documents by month, in one query; what was voided is taken back in the month when it was."""
    on_point = case((Invoice.kind == "invoice", InvoiceTax.tax_date), else_=Invoice.invoice_date)
    issued = _parts(1, on_point if dated_by is TaxDate.TAX_POINT else Invoice.invoice_date)
    voided = _parts(-1, cast(func.timezone(ctx.tenant.zone, Invoice.voided_at), Date))
    parts = union_all(issued.where(Invoice.finalized_at.is_not(None)), voided.where(Invoice.status == "void")).subquery()
    tax = (parts.c.currency, parts.c.region, parts.c.code, parts.c.name, parts.c.percent)
    month = cast(func.date_trunc("month", parts.c.day), Date)
    rows = fetch_rows(ctx.session, (
        select(month.label("month"), *tax, *(_of(parts, "invoice", name) for name in ("base", "tax")),
               *(_of(parts, "credit_note", name).label(f"credited_{name}") for name in ("base", "tax")))
        .where(parts.c.day.between(first_day, last_day)).group_by(month, *tax)
    ))  # fmt: skip
    return [Taxed(**row) for row in rows]


def _parts(sign: int, day: Any) -> Select[Any]:
    """Each tax of each document, as it counts on a day."""
    same = (Invoice.tenant_id == InvoiceTax.tenant_id) & (Invoice.id == InvoiceTax.invoice_id)
    return select(
        day.label("day"), Invoice.kind, Invoice.currency, InvoiceTax.region, InvoiceTax.code, InvoiceTax.name,
        InvoiceTax.percent, (InvoiceTax.base * literal(sign)).label("base"), (InvoiceTax.tax * literal(sign)).label("tax"),
    ).join(Invoice, same)  # fmt: skip


def _of(parts: Any, kind: str, name: str) -> Any:
    amount = case((parts.c.kind == kind, parts.c[name]), else_=0)
    return cast(func.sum(amount), BigInteger).label(name)
