"""Finalizing and voiding: number, parties, ledger, hash chain, status and events in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from kernel import audit, events
from kernel.errors import InvalidInput
from plugins.billing.chain import add_links
from plugins.billing.errors import CreditUsed, InvoiceNotDraft, InvoiceNotFinal, InvoiceNotFound, InvoiceSettled
from plugins.billing.invoices import get_invoice, lock_invoice
from plugins.billing.ledger import Booking, find_entry, post_entries, reverse_entry
from plugins.billing.models import Credit, Invoice
from plugins.billing.numbering import assign_numbers
from plugins.billing.parties import find_parties
from plugins.billing.settings import billing_settings
from plugins.billing.sources import release_sources

if TYPE_CHECKING:
    from kernel.context import CallContext

MOST = 500


def finalize_invoice(ctx: CallContext, invoice_id: UUID) -> Invoice:
    """Finalize one draft. Raises InvoiceNotFound and InvoiceNotDraft."""
    return finalize_invoices(ctx, [invoice_id])[0]


def finalize_invoices(ctx: CallContext, invoice_ids: Sequence[UUID]) -> list[Invoice]:
    """Finalize drafts, all or none. From then on they never change; corrections are credit notes.

    Raises InvoiceNotFound, InvoiceNotDraft, and InvalidInput for more than 500 at once.
    """
    wanted = sorted(set(invoice_ids))
    if len(wanted) > MOST:
        raise InvalidInput(errors={"ids": f"At most {MOST} invoices are finalized at once."})
    drafts = _locked_drafts(ctx, wanted)
    _number(ctx, drafts)
    parties = find_parties(ctx, drafts)
    for invoice in drafts:
        invoice.parties = parties[invoice.id]
    ctx.session.flush()
    in_order = sorted(drafts, key=lambda one: (one.series, one.serial))
    _seal(ctx, in_order)
    post_entries(ctx, [_booking(one) for one in in_order])
    events.publish_many(ctx, "invoice.finalized", [summary(one) for one in in_order])
    return drafts


def _locked_drafts(ctx: CallContext, ids: Sequence[UUID]) -> list[Invoice]:
    found = list(ctx.session.scalars(select(Invoice).where(Invoice.id.in_(ids)).order_by(Invoice.id).with_for_update(),
                                     execution_options={"populate_existing": True}))  # fmt: skip
    if len(found) != len(ids):
        raise InvoiceNotFound("There is no invoice with this id.")
    for invoice in found:
        if invoice.status != "draft":
            raise InvoiceNotDraft(f"{invoice.number} is {invoice.status} already.")
    return found


def _number(ctx: CallContext, drafts: Sequence[Invoice]) -> None:
    """Numbers for those that have none yet, by invoice date."""
    settings = billing_settings(ctx)
    waiting = sorted((one for one in drafts if one.serial is None), key=lambda one: (one.invoice_date, one.id))
    for series in sorted({one.series for one in waiting}):
        dated = [(one.id, one.invoice_date) for one in waiting if one.series == series]
        assign_numbers(ctx, series, dated, settings)
    for invoice in waiting:
        ctx.session.refresh(invoice, ["serial", "number"])


def _seal(ctx: CallContext, in_order: Sequence[Invoice]) -> None:
    """Make numbered drafts final and chain them, each series in the order of its numbers."""
    for invoice in in_order:
        invoice.status, invoice.finalized_at = "finalized", ctx.now()
        audit.record(ctx, "invoice.finalized", kind="invoice", row_id=invoice.id, label=invoice.number)
    ctx.session.flush()
    for series in sorted({one.series for one in in_order}):
        add_links(ctx, series, "finalized", [one.id for one in in_order if one.series == series])


def _booking(invoice: Invoice) -> Booking:
    """A sale is owed by the client; a credit note is owed to the client until a credit is applied."""
    if invoice.kind == "invoice":
        words, amounts = "Invoice", {"receivable": invoice.total, "revenue": -invoice.subtotal, "tax": -invoice.tax}
    else:
        words, amounts = "Credit note", {"revenue": invoice.subtotal, "tax": invoice.tax, "credit": -invoice.total}
    return Booking(invoice.kind, invoice.invoice_date, invoice.currency, invoice.client_id, invoice.id,
                   f"{words} {invoice.number}", amounts)  # fmt: skip


def summary(invoice: Invoice) -> dict[str, object]:
    """What events say of an invoice."""
    return {"invoice_id": invoice.id, "number": invoice.number, "client_id": invoice.client_id,
            "currency": invoice.currency, "total": invoice.total, "kind": invoice.kind}  # fmt: skip


def void_invoice(ctx: CallContext, invoice_id: UUID, reason: str) -> Invoice:
    """Take a finalized invoice or credit note back: the ledger is reversed, and what it billed can be billed again.

    Raises InvalidInput without a reason, InvoiceNotFinal, InvoiceSettled when it is paid or credited, and CreditUsed.
    """
    if not 1 <= len(reason.strip()) <= 500:
        raise InvalidInput(errors={"reason": "Say in 1 to 500 characters why the invoice is void."})
    original = _credited_invoice(ctx, invoice_id)
    invoice = lock_invoice(ctx, invoice_id)
    if invoice.status != "finalized":
        raise InvoiceNotFinal(f"{invoice.number} is {invoice.status}. Only a finalized invoice can be voided.")
    if invoice.settled or invoice.credited:
        raise InvoiceSettled("Take back its payments first; what a credit has paid is corrected by a credit note.")
    if original is not None:
        _withdraw_credit(ctx, invoice, original)
    release_sources(ctx, invoice.id)
    reverse_entry(ctx, find_entry(ctx, invoice.id), f"Void {invoice.number}: {reason.strip()}")
    invoice.status, invoice.voided_at, invoice.void_reason = "void", ctx.now(), reason.strip()
    ctx.session.flush()
    add_links(ctx, invoice.series, "voided", [invoice.id])
    audit.record(ctx, "invoice.voided", kind="invoice", row_id=invoice.id, label=invoice.number, changes={"reason": reason})
    events.publish(ctx, "invoice.voided", {**summary(invoice), "reason": invoice.void_reason})
    return invoice


def _credited_invoice(ctx: CallContext, invoice_id: UUID) -> Invoice | None:
    """The invoice that this one, if it is a credit note, corrects; locked first, as credit notes are written."""
    invoice = get_invoice(ctx, invoice_id)
    return None if invoice.credit_of_id is None else lock_invoice(ctx, invoice.credit_of_id)


def _withdraw_credit(ctx: CallContext, note: Invoice, original: Invoice) -> None:
    wanted = select(Credit).where(Credit.invoice_id == note.id).with_for_update()
    credit = ctx.session.scalar(wanted, execution_options={"populate_existing": True})
    if credit is not None and credit.remaining != credit.amount:
        raise CreditUsed("The credit of this note is spent on invoices. Correct those by credit notes of their own.")
    if credit is not None:
        credit.remaining = 0
    original.credited -= note.total
