"""How clients pay: their terms, whether they are reminded and charged for being late; and invoices in dispute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import delete, select

from kernel import audit
from kernel.directory.clients import apply_changes, get_client
from kernel.errors import InvalidInput
from plugins.billing.errors import InvoiceNotFinal
from plugins.billing.invoices import lock_invoice
from plugins.billing.models import Hold, Payer
from plugins.billing.receivables.errors import HoldNotFound, TermsNotFound
from plugins.billing.receivables.terms import get_terms
from plugins.billing.said import check_reason

if TYPE_CHECKING:
    from kernel.context import CallContext


def get_payer(ctx: CallContext, client_id: UUID) -> Payer:
    """How a client pays; one of whom nothing was said pays by the default terms and is reminded. Raises ClientNotFound."""
    get_client(ctx, client_id)
    known = ctx.session.scalar(select(Payer).where(Payer.client_id == client_id))
    return known or Payer(client_id=client_id, terms_id=None, reminders=True, late_fees=True)


def change_payer(ctx: CallContext, client_id: UUID, changes: Mapping[str, Any], version: int | None = None) -> Payer:
    """Say how a client pays: `terms_id` (None: the default), `reminders`, `late_fees`.

    Raises ClientNotFound, InvalidInput at `terms_id`, PreconditionFailed.
    """
    payer, client = get_payer(ctx, client_id), get_client(ctx, client_id)
    _check_terms(ctx, changes.get("terms_id"))
    if payer.version is None:
        ctx.session.add(payer)
        ctx.session.flush()
    apply_changes(ctx, payer, changes, version, kind="payer", label=client.name)
    return payer


def _check_terms(ctx: CallContext, terms_id: UUID | None) -> None:
    try:
        if terms_id is not None:
            get_terms(ctx, terms_id)
    except TermsNotFound as error:
        raise InvalidInput(errors={"terms_id": error.detail}) from error


def find_hold(ctx: CallContext, invoice_id: UUID) -> Hold | None:
    """Why an invoice is held, if it is."""
    return ctx.session.scalar(select(Hold).where(Hold.invoice_id == invoice_id))


def hold_invoice(ctx: CallContext, invoice_id: UUID, reason: str) -> Hold:
    """Hold an invoice that the client disputes: no reminders, no late fees. Holding it again changes the reason.

    Raises InvoiceNotFinal, and InvalidInput without a reason.
    """
    said = check_reason(reason, "why the invoice is held")
    invoice = lock_invoice(ctx, invoice_id)
    if invoice.status != "finalized":
        raise InvoiceNotFinal(f"{invoice.number} is {invoice.status}; only finalized invoices are held.")
    hold = find_hold(ctx, invoice_id) or Hold(invoice_id=invoice_id)
    hold.reason, hold.held_by, hold.created_at = said, ctx.actor.name, ctx.now()
    ctx.session.add(hold)
    ctx.session.flush()
    audit.record(ctx, "invoice.held", kind="invoice", row_id=invoice_id, label=invoice.number, changes={"reason": hold.reason})
    return hold


def release_invoice(ctx: CallContext, invoice_id: UUID) -> None:
    """Let reminders and late fees of an invoice go on. Raises InvoiceNotFound, HoldNotFound."""
    invoice = lock_invoice(ctx, invoice_id)
    gone = ctx.session.scalar(delete(Hold).where(Hold.invoice_id == invoice_id).returning(Hold.id))
    if gone is None:
        raise HoldNotFound(f"{invoice.number} is not held.")
    audit.record(ctx, "invoice.released", kind="invoice", row_id=invoice_id, label=invoice.number)
