"""REST of sending invoices by mail."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.rest import Rest
from kernel.context import CallContext
from plugins.billing import invoices, sending
from plugins.billing.schemas import sendings as schemas

rest = Rest("billing")
_INVOICE = "/invoices/<uuid:invoice_id>"


@rest.post(f"{_INVOICE}/send", permission="invoice.send", body=schemas.SendIn, out=schemas.SendingList, status=202)
def send_invoice(ctx: CallContext, invoice_id: UUID, body: dict[str, Any]) -> Any:
    """Send a finalized invoice by mail, as PDF

    The mail is kept and tried until the mail server takes it; `GET …/sendings` tells how it stands.
    """
    return {"items": sending.send_invoice(ctx, invoice_id, **body)}


@rest.get(f"{_INVOICE}/sendings", permission="invoice.read", out=schemas.SendingList)
def list_sendings(ctx: CallContext, invoice_id: UUID) -> Any:
    """List to whom an invoice was sent, and how that stands"""
    return {"items": sending.list_sendings(ctx, invoices.get_invoice(ctx, invoice_id).id)}
