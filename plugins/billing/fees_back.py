"""Fees for paying an invoice late that is void by now: nobody owed it, so what stands on other invoices for it is taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Subquery, cast, exists, func, literal, select, union_all
from sqlalchemy.orm import aliased

from kernel.db import among
from plugins.billing.models import Invoice, InvoiceLine, Reminder, Source

if TYPE_CHECKING:
    from kernel.context import CallContext

LATE_FEE, REMINDER_FEE, FEE_BACK = "billing.late_fee", "billing.reminder_fee", "billing.fee_back"


class FeeBack(NamedTuple):
    """A fee to be taken back: by which line of which invoice it was charged, for which void one, and what is left of it."""

    source: Source
    line: InvoiceLine
    invoice: Invoice
    void_number: str
    amount: int


def waiting_fees(ctx: CallContext, client_ids: Iterable[UUID]) -> list[FeeBack]:
    """The fees of these clients on final invoices that no invoice takes back yet, less what credit notes did."""
    void = _of_void(among(Invoice.client_id, client_ids))
    fee = (Source.tenant_id == void.c.tenant_id) & (Source.source_kind == void.c.kind) & (Source.source_id == void.c.thing)
    here = (InvoiceLine.tenant_id == Source.tenant_id) & (InvoiceLine.id == Source.line_id)
    wanted = (
        select(Source, InvoiceLine, Invoice, void.c.number).select_from(void).join(Source, fee).join(InvoiceLine, here)
        .join(Invoice, (Invoice.tenant_id == Source.tenant_id) & (Invoice.id == Source.invoice_id))
        .where(Source.live, Invoice.status == "finalized", ~_taken()).order_by(Source.id)
    )  # fmt: skip
    rows = ctx.session.execute(wanted).all()
    credited = _credited(ctx, [row[1] for row in rows])
    found = (FeeBack(*row, row[1].net - row[1].discount - credited.get(row[1].id, 0)) for row in rows)
    return [one for one in found if one.amount > 0]


def fees_back_of(ctx: CallContext, invoice_line_ids: Sequence[UUID]) -> dict[UUID, int]:
    """What of invoice lines invoices take back as fees, before tax."""
    by, amount = aliased(Source), cast(func.sum(func.abs(Source.amount)), BigInteger)
    fee = (by.tenant_id == Source.tenant_id) & (by.id == Source.source_id)
    wanted = select(by.line_id, amount).join(by, fee).where(Source.live, Source.source_kind == FEE_BACK)
    return dict(ctx.session.execute(wanted.where(among(by.line_id, invoice_line_ids)).group_by(by.line_id)).all())


def has_fees_back(ctx: CallContext, invoice_id: UUID) -> bool:
    """Whether another invoice takes back a fee that this one charged."""
    return ctx.session.scalar(select(Source.id).where(Source.invoice_id == invoice_id, _taken()).limit(1)) is not None


def _of_void(wanted: ColumnElement[bool]) -> Subquery:
    """What fees may have been charged for: void invoices, and the reminders of such."""
    void = wanted & (Invoice.status == "void")
    late = select(Invoice.tenant_id, literal(LATE_FEE).label("kind"), Invoice.id.label("thing"), Invoice.number).where(void)
    same = (Reminder.tenant_id == Invoice.tenant_id) & (Reminder.invoice_id == Invoice.id)
    reminded = select(Invoice.tenant_id, literal(REMINDER_FEE), Reminder.id, Invoice.number).join(Reminder, same).where(void)
    return union_all(late, reminded).subquery("void")


def _taken() -> ColumnElement[bool]:
    by = aliased(Source)
    return exists().where(by.tenant_id == Source.tenant_id, by.source_kind == FEE_BACK, by.source_id == Source.id, by.live)


def _credited(ctx: CallContext, lines: Sequence[InvoiceLine]) -> dict[UUID, int]:
    """What credit notes took back of these lines, before tax."""
    note = (Invoice.tenant_id == InvoiceLine.tenant_id) & (Invoice.id == InvoiceLine.invoice_id)
    of = among(Invoice.credit_of_id, {one.invoice_id for one in lines}), Invoice.status == "finalized"
    amount = cast(func.sum(InvoiceLine.net), BigInteger)
    wanted = select(InvoiceLine.credited_line_id, amount).join(Invoice, note).where(*of)
    rows = ctx.session.execute(wanted.group_by(InvoiceLine.credited_line_id)).all() if lines else []
    return {line_id: taken for line_id, taken in rows if line_id}
