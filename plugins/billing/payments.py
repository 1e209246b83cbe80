"""Payments and credits: what settles an invoice, booked as it happens."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from kernel import audit, events
from kernel.errors import InvalidInput, PreconditionFailed
from kernel.ids import uuid7
from plugins.billing.days import check_days
from plugins.billing.errors import (
    CreditNotFound,
    CreditTooLarge,
    CreditUsed,
    InvoiceNotFinal,
    PaymentNotFound,
    PaymentTaken,
)
from plugins.billing.invoices import lock_invoice
from plugins.billing.ledger import Booking, post_entries, reverse_entry
from plugins.billing.models import Credit, CreditApplication, Invoice, Payment

if TYPE_CHECKING:
    from kernel.context import CallContext

METHODS = ("bank_transfer", "card", "cash", "check", "direct_debit", "other")


def record_payment(ctx: CallContext, invoice_id: UUID, *, amount: int, received_on: date | None = None,
                   method: str = "bank_transfer", reference: str = "", version: int | None = None) -> Payment:  # fmt: skip
    """Note money received for an invoice, in minor units; what exceeds the invoice becomes a credit of the client.

    `version` is that of the invoice as its reader saw it, so that what is sent twice is noted once. Raises
    InvoiceNotFinal, PreconditionFailed, and InvalidInput by field.
    """
    invoice = _payable(ctx, invoice_id)
    if version is not None and invoice.version != version:
        raise PreconditionFailed("This payment was noted already, or something else changed. Look at the invoice again.")
    if amount <= 0:
        raise InvalidInput(errors={"amount": "An amount is above zero."})
    if method not in METHODS:
        raise InvalidInput(errors={"method": f"One of {', '.join(METHODS)}."})
    check_days(received_on=received_on)
    day, applied = received_on or ctx.today(), min(amount, invoice.total - invoice.settled)
    payment_id, over = uuid7(), amount - applied
    [entry_id] = post_entries(ctx, [Booking("payment", day, invoice.currency, invoice.client_id, payment_id,
                                            f"Payment of {invoice.number}",
                                            {"cash": amount, "receivable": -applied, "credit": -over})])  # fmt: skip
    payment = Payment(
        id=payment_id, invoice_id=invoice.id, amount=amount, applied=applied, currency=invoice.currency, received_on=day,
        method=method, reference=reference, entry_id=entry_id, recorded_at=ctx.now(), recorded_by=ctx.actor.name,
    )  # fmt: skip
    ctx.session.add(payment)
    ctx.session.flush()
    if over:
        give_credit(ctx, invoice, over, payment_id=payment_id)
    invoice.updated_at = ctx.now()  # a new version, even where all of it becomes a credit
    _settle(ctx, invoice, applied)
    audit.record(ctx, "payment.recorded", kind="invoice", row_id=invoice.id, label=invoice.number,
                 changes={"amount": amount, "method": method})  # fmt: skip
    events.publish(ctx, "payment.recorded", {"payment_id": payment_id, "invoice_id": invoice.id,
                                             "currency": invoice.currency, "amount": amount})  # fmt: skip
    return payment


def _payable(ctx: CallContext, invoice_id: UUID) -> Invoice:
    invoice = lock_invoice(ctx, invoice_id)
    if invoice.status != "finalized" or invoice.kind != "invoice":
        raise InvoiceNotFinal(f"{invoice.number} is no open invoice. Finalize it first.")
    return invoice


def _settle(ctx: CallContext, invoice: Invoice, amount: int) -> None:
    before = invoice.settled
    invoice.settled = before + amount
    ctx.session.flush()
    if before < invoice.total == invoice.settled:
        events.publish(ctx, "invoice.paid", {"invoice_id": invoice.id, "number": invoice.number,
                                             "client_id": invoice.client_id, "currency": invoice.currency,
                                             "total": invoice.total, "kind": invoice.kind})  # fmt: skip


def take_back_payment(ctx: CallContext, payment_id: UUID) -> Payment:
    """Take back a payment that was entered by mistake or bounced.

    Raises PaymentNotFound, PaymentTaken, and CreditUsed when what it paid too much is spent.
    """
    known = ctx.session.scalar(select(Payment).where(Payment.id == payment_id))
    if known is None:
        raise PaymentNotFound("There is no payment with this id.")
    invoice = lock_invoice(ctx, known.invoice_id)
    ctx.session.refresh(known)
    if known.taken_back_at is not None:
        raise PaymentTaken("This payment was taken back before.")
    _withdraw(ctx, select(Credit).where(Credit.payment_id == payment_id))
    reverse_entry(ctx, known.entry_id, f"Payment of {invoice.number} taken back")
    known.taken_back_at = ctx.now()
    _settle(ctx, invoice, -known.applied)
    audit.record(ctx, "payment.taken_back", kind="invoice", row_id=invoice.id, label=invoice.number)
    return known


def _withdraw(ctx: CallContext, wanted: object) -> None:
    credit = ctx.session.scalar(wanted.with_for_update(), execution_options={"populate_existing": True})  # type: ignore[attr-defined]
    if credit is None:
        return
    if credit.remaining != credit.amount:
        raise CreditUsed("What this payment gave as a credit is spent already.")
    credit.remaining = 0


def give_credit(ctx: CallContext, invoice: Invoice, amount: int, *, payment_id: UUID | None = None,
                note_id: UUID | None = None) -> Credit:  # fmt: skip
    """Owe the client of an invoice an amount, given by a payment or by a credit note. The caller books it."""
    credit = Credit(client_id=invoice.client_id, currency=invoice.currency, amount=amount, remaining=amount,
                    invoice_id=note_id, payment_id=payment_id, created_at=ctx.now())  # fmt: skip
    ctx.session.add(credit)
    ctx.session.flush()
    return credit


def apply_credit(ctx: CallContext, invoice_id: UUID, credit_id: UUID, amount: int | None = None) -> CreditApplication:
    """Pay an invoice, or part of it, from a credit of the same client and currency; by default as much as both allow.

    Raises CreditNotFound, InvoiceNotFinal, and CreditTooLarge.
    """
    invoice = _payable(ctx, invoice_id)
    credit = _credit_for(ctx, invoice, credit_id)
    most = min(credit.remaining, invoice.total - invoice.settled)
    wanted = most if amount is None else amount
    if not 0 < wanted <= most:
        raise CreditTooLarge(errors={"amount": f"At most {most} minor units can be applied."})
    application_id = uuid7()
    [entry_id] = post_entries(ctx, [Booking("credit_applied", ctx.today(), invoice.currency, invoice.client_id,
                                            application_id, f"Credit applied to {invoice.number}",
                                            {"credit": wanted, "receivable": -wanted})])  # fmt: skip
    application = CreditApplication(id=application_id, credit_id=credit.id, invoice_id=invoice.id, amount=wanted,
                                    applied_on=ctx.today(), entry_id=entry_id, applied_at=ctx.now())  # fmt: skip
    ctx.session.add(application)
    credit.remaining -= wanted
    _settle(ctx, invoice, wanted)
    audit.record(ctx, "credit.applied", kind="invoice", row_id=invoice.id, label=invoice.number, changes={"amount": wanted})
    return application


def _credit_for(ctx: CallContext, invoice: Invoice, credit_id: UUID) -> Credit:
    wanted = select(Credit).where(Credit.id == credit_id).with_for_update()
    credit = ctx.session.scalar(wanted, execution_options={"populate_existing": True})
    if credit is None:
        raise CreditNotFound("There is no credit with this id.")
    if credit.client_id != invoice.client_id or credit.currency != invoice.currency:
        raise CreditTooLarge("A credit pays invoices of its own client and currency only.",
                             errors={"credit_id": "Choose a credit of the same client and currency."})  # fmt: skip
    return credit


def list_payments(ctx: CallContext, invoice_id: UUID) -> list[Payment]:
    """The payments of an invoice, oldest first, those taken back too."""
    return list(ctx.session.scalars(select(Payment).where(Payment.invoice_id == invoice_id).order_by(Payment.id)))


def list_applications(ctx: CallContext, invoice_id: UUID) -> list[CreditApplication]:
    """The credits that paid an invoice, oldest first."""
    mine = select(CreditApplication).where(CreditApplication.invoice_id == invoice_id).order_by(CreditApplication.id)
    return list(ctx.session.scalars(mine))


def usable_credits(ctx: CallContext, invoice: Invoice) -> list[Credit]:
    """The credits that could pay this invoice, oldest first."""
    return list(ctx.session.scalars(
        select(Credit).where(Credit.client_id == invoice.client_id, Credit.currency == invoice.currency, Credit.remaining > 0)
        .order_by(Credit.id)
    ))  # fmt: skip
