"""Overdue invoices: final, not paid in full, due before today in the tenant's zone. It is derived; only that it was said of an
invoice is kept, so that it is said once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.dialects.postgresql import insert

from kernel import events
from kernel.ids import uuid7
from plugins.billing.models import Invoice, OverdueNote

if TYPE_CHECKING:
    from datetime import date

    from kernel.context import CallContext

BATCH = 500


def is_overdue(today: date) -> ColumnElement[bool]:
    """Invoices that should have been paid before today; prepayments as well."""
    owed = (Invoice.status == "finalized") & (Invoice.kind != "credit_note") & (Invoice.settled < Invoice.total)
    return owed & (Invoice.due_date < today)


def note_overdue(ctx: CallContext) -> int:
    """Say `invoice.overdue` of some invoices of which it was not said yet; returns how many. Call it until it is 0."""
    noted = exists().where(OverdueNote.tenant_id == Invoice.tenant_id, OverdueNote.invoice_id == Invoice.id)
    wanted = select(Invoice).where(is_overdue(ctx.today()), ~noted).order_by(Invoice.due_date, Invoice.id).limit(BATCH)
    found = list(ctx.session.scalars(wanted))
    if not found:
        return 0
    fresh = _note(ctx, [one.id for one in found])
    events.publish_many(ctx, "invoice.overdue", [_said(one) for one in found if one.id in fresh])
    return len(found)


def _note(ctx: CallContext, invoice_ids: list[UUID]) -> set[UUID]:
    """Those of which nobody else says it at this moment."""
    rows = [{"tenant_id": ctx.tenant_id, "id": uuid7(), "invoice_id": one, "noted_on": ctx.today()} for one in invoice_ids]
    fresh = insert(OverdueNote).values(rows).on_conflict_do_nothing(index_elements=["tenant_id", "invoice_id"])
    return set(ctx.session.scalars(fresh.returning(OverdueNote.invoice_id)))


def _said(invoice: Invoice) -> dict[str, object]:
    return {"invoice_id": invoice.id, "number": invoice.number, "client_id": invoice.client_id, "currency": invoice.currency,
            "total": invoice.total, "open_amount": invoice.total - invoice.settled, "due_date": invoice.due_date}  # fmt: skip
