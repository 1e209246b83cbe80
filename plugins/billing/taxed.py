"""What final invoices and credit notes were taxed, added up for the tax report."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, BigInteger, Date, Select, case, cast, column, func, literal, select, true, union_all

from kernel.db import fetch_rows
from kernel.hookspecs.tax import TaxDate, Taxed
from plugins.billing.models import EarlyDiscount, Invoice, InvoiceTax

if TYPE_CHECKING:
    from kernel.context import CallContext


def taxed_documents(ctx: CallContext, first_day: date, last_day: date, dated_by: TaxDate) -> list[Taxed]:
    """The taxes of documents by month, less what discounts for early payment took off them, in one query; what was voided is
    taken back in the month when it was.
    """
    on_point = case((Invoice.kind == "invoice", InvoiceTax.tax_date), else_=Invoice.invoice_date)
    issued = _parts(1, on_point if dated_by is TaxDate.TAX_POINT else Invoice.invoice_date)
    voided = _parts(-1, _day_of(ctx, Invoice.voided_at))
    parts = union_all(
        issued.where(Invoice.finalized_at.is_not(None)), voided.where(Invoice.status == "void"),
        _kept(1, EarlyDiscount.given_on), _kept(-1, _day_of(ctx, EarlyDiscount.taken_back_at)),
    ).subquery()  # fmt: skip
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


def _day_of(ctx: CallContext, instant: Any) -> Any:
    return cast(func.timezone(ctx.tenant.zone, instant), Date)


def _kept(sign: int, day: Any) -> Select[Any]:
    """What discounts for early payment took off each tax of their invoices; it counts like a credit note."""
    each = func.json_array_elements(EarlyDiscount.tax_parts).table_valued(column("value", JSON())).lateral("each")
    position, base, tax = (cast(each.c.value.op("->>")(at), BigInteger) for at in range(3))
    mine = (InvoiceTax.tenant_id == EarlyDiscount.tenant_id) & (InvoiceTax.invoice_id == EarlyDiscount.invoice_id)
    invoice = (Invoice.tenant_id == EarlyDiscount.tenant_id) & (Invoice.id == EarlyDiscount.invoice_id)
    return select(
        day.label("day"), literal("credit_note").label("kind"), Invoice.currency, InvoiceTax.region, InvoiceTax.code,
        InvoiceTax.name, InvoiceTax.percent, (base * literal(sign)).label("base"), (tax * literal(sign)).label("tax"),
    ).select_from(EarlyDiscount).join(each, true()).join(InvoiceTax, mine & (InvoiceTax.position == position)) \
        .join(Invoice, invoice).where(day.is_not(None))  # fmt: skip


def _of(parts: Any, kind: str, name: str) -> Any:
    amount = case((parts.c.kind == kind, parts.c[name]), else_=0)
    return cast(func.sum(amount), BigInteger).label(name)
