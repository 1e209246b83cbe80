"""What is open of an invoice, and paying it: the one place where `settled` moves.

Locks are taken in one order everywhere: invoices by id, then payments, then credits by id, then series.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from kernel import events
from plugins.billing.errors import InvoiceNotFinal, InvoiceNotFound, InvoiceVoid
from plugins.billing.models import Invoice

if TYPE_CHECKING:
    from kernel.context import CallContext

OWED = ("invoice", "prepayment")
"""Kinds of documents that a client pays."""


def lock_payable(ctx: CallContext, invoice_ids: Iterable[UUID]) -> list[Invoice]:
    """Invoices that can be paid, held to the end of the transaction, by id.

    Raises InvoiceNotFound, InvoiceVoid, and InvoiceNotFinal for drafts and credit notes.
    """
    found = lock_all(ctx, invoice_ids)
    for invoice in found:
        check_payable(invoice)
    return found


def lock_all(ctx: CallContext, invoice_ids: Iterable[UUID]) -> list[Invoice]:
    """Invoices of whatever state, held to the end of the transaction, by id. Raises InvoiceNotFound."""
    wanted = set(invoice_ids)
    rows = select(Invoice).where(Invoice.id.in_(wanted)).order_by(Invoice.id).with_for_update()
    found = list(ctx.session.scalars(rows, execution_options={"populate_existing": True}))
    if len(found) != len(wanted):
        raise InvoiceNotFound("There is no invoice with this id.")
    return found


def check_payable(invoice: Invoice) -> None:
    """Raise InvoiceVoid or InvoiceNotFinal unless money for this invoice is expected."""
    if invoice.status == "void":
        raise InvoiceVoid(f"{invoice.number} is void; nothing is owed for it.")
    if invoice.status != "finalized":
        raise InvoiceNotFinal(f"{invoice.number} is a draft. Finalize it first.")
    if invoice.kind not in OWED:
        raise InvoiceNotFinal(f"{invoice.number} is a credit note; nothing is owed for it.")


def settle(ctx: CallContext, invoice: Invoice, amount: int) -> None:
    """Count an amount (below zero: take it back) as paid. The caller books it and holds the invoice."""
    before = invoice.settled
    invoice.settled = before + amount
    ctx.session.flush()
    if before < invoice.total == invoice.settled:
        events.publish(ctx, "invoice.paid", {"invoice_id": invoice.id, "number": invoice.number,
                                             "client_id": invoice.client_id, "currency": invoice.currency,
                                             "total": invoice.total, "kind": invoice.kind})  # fmt: skip
