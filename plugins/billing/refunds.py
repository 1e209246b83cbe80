"""Money paid back to clients: of a payment, or of a credit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from kernel import audit, events
from kernel.errors import InvalidInput, PreconditionFailed
from kernel.ids import uuid7
from kernel.money import format_minor
from plugins.billing.credits.applying import check_not_expired
from plugins.billing.credits.moving import lock_credits, move_credit
from plugins.billing.credits.rules import in_order
from plugins.billing.days import check_days
from plugins.billing.errors import CreditTooLarge, PaymentTaken, RefundNotFound, RefundStands
from plugins.billing.ledger import Booking, post_entries, reverse_entry
from plugins.billing.models import Credit, CreditMovement, Invoice, Payment, PaymentAllocation, Refund
from plugins.billing.payments import METHODS, allocate, credits_of, get_payment, hold_payment, lock_payment, shares_of
from plugins.billing.receivables.early import give_early_discounts, take_back_early_discount
from plugins.billing.settling import lock_all

if TYPE_CHECKING:
    from kernel.context import CallContext


def refundable(ctx: CallContext, payment: Payment) -> int:
    """How much of a payment can still go back: what invoices have of it, and what is left of credits it gave."""
    if payment.taken_back_at is not None:
        return 0
    ids = shares_of(ctx, payment.id)
    invoices = list(ctx.session.scalars(select(Invoice).where(Invoice.id.in_(ids))))
    credits = list(ctx.session.scalars(select(Credit).where(Credit.payment_id == payment.id)))
    return _most(ids, invoices, credits)


def _most(shares: dict[UUID, int], invoices: Sequence[Invoice], credits: Sequence[Credit]) -> int:
    return sum(one.remaining for one in credits) + sum(shares.get(one.id, 0) for one in _reopening(invoices))


def _reopening(invoices: Sequence[Invoice]) -> list[Invoice]:
    """What a prepayment has goes back through the credit it gave; other invoices are open again."""
    return [one for one in invoices if one.kind == "invoice"]


def refund_payment(ctx: CallContext, payment_id: UUID, *, amount: int, refunded_on: date | None = None,
                   method: str = "bank_transfer", reference: str = "", refunded_before: int | None = None,
                   idempotency_key: str | None = None) -> Refund:  # fmt: skip
    """Pay a client back what it paid, or part of it: first what is left of the credits that the payment gave, then what
    invoices have of it, the latest first; those are open again by as much, and by the discount they gave for paying early.
    `refunded_before` is what had gone back as the reader saw it, so that what is sent twice is paid once; the same
    `idempotency_key` gives the refund that it gave first.

    Raises PaymentNotFound, PaymentTaken, PreconditionFailed, Conflict, CreditTooLarge when more is asked than is left, and
    InvalidInput by field.
    """
    day = _check(ctx, amount, refunded_on, method)
    invoices, payment, shares = hold_payment(ctx, payment_id)
    if (known := _sent_before(ctx, idempotency_key)) is not None:  # asked while the payment is held: who came second waited
        return known
    credits = in_order(credits_of(ctx, payment_id), "newest_first")
    if payment.taken_back_at is not None:
        raise PaymentTaken("This payment was taken back before.")
    if refunded_before is not None and payment.refunded != refunded_before:
        raise PreconditionFailed("This refund was noted already, or another one. Look at the payment again.")
    if amount > (most := _most(shares, invoices, credits)):
        raise CreditTooLarge(errors={"amount": f"At most {format_minor(most, payment.currency)} of this payment can go back."})
    refund_id, from_credits = uuid7(), min(amount, sum(one.remaining for one in credits))
    booked = {"cash": -amount, "credit": from_credits, "receivable": amount - from_credits}
    [entry_id] = post_entries(ctx, [Booking("refund", day, payment.currency, payment.client_id, refund_id,
                                            "Payment refunded", booked)])  # fmt: skip
    _take_credits(ctx, credits, from_credits, entry_id)
    _reopen(ctx, payment, _reopening(invoices), shares, amount - from_credits, entry_id)
    payment.refunded += amount
    refund = _refund(ctx, refund_id, payment.client_id, payment.currency, amount, day, method, reference, entry_id)
    refund.payment_id, refund.idempotency_key = payment.id, idempotency_key
    return _written(ctx, refund)


def _sent_before(ctx: CallContext, key: str | None) -> Refund | None:
    """What the same key gave before; the database refuses a second row of it."""
    if key is None:
        return None
    if not 1 <= len(key) <= 255:
        raise InvalidInput(errors={"idempotency_key": "Write 1 to 255 characters."})
    return ctx.session.scalar(select(Refund).where(Refund.idempotency_key == key))


def _check(ctx: CallContext, amount: int, refunded_on: date | None, method: str) -> date:
    if amount <= 0:
        raise InvalidInput(errors={"amount": "An amount is above zero."})
    if method not in METHODS:
        raise InvalidInput(errors={"method": f"One of {', '.join(METHODS)}."})
    check_days(refunded_on=refunded_on)
    return refunded_on or ctx.today()


def _take_credits(ctx: CallContext, credits: Sequence[Credit], amount: int, entry_id: UUID) -> None:
    for credit in credits:
        if share := min(credit.remaining, amount):
            move_credit(ctx, credit, "refunded", -share, entry_id)
        amount -= share


def _reopen(ctx: CallContext, payment: Payment, invoices: Sequence[Invoice], shares: dict[UUID, int], amount: int,
            entry_id: UUID) -> None:  # fmt: skip
    latest = list(ctx.session.scalars(select(PaymentAllocation.invoice_id).where(PaymentAllocation.payment_id == payment.id)
                                      .order_by(PaymentAllocation.id.desc())))  # fmt: skip
    for invoice in sorted(invoices, key=lambda one: latest.index(one.id)):
        if share := min(shares.get(invoice.id, 0), amount):
            payment.applied -= share
            allocate(ctx, payment, invoice, -share, entry_id)
            take_back_early_discount(ctx, invoice)
        amount -= share


def refund_credit(ctx: CallContext, credit_id: UUID, *, amount: int, refunded_on: date | None = None,
                  method: str = "bank_transfer", reference: str = "", version: int | None = None) -> Refund:  # fmt: skip
    """Pay a client what is left of a credit, or part of it. `version` is that of the credit as its reader saw it.

    Raises CreditNotFound, CreditExpired, CreditTooLarge, PreconditionFailed, and InvalidInput by field.
    """
    day = _check(ctx, amount, refunded_on, method)
    [credit] = lock_credits(ctx, [credit_id], version)
    check_not_expired(ctx, credit)
    if amount > credit.remaining:
        raise CreditTooLarge(
            errors={"amount": f"At most {format_minor(credit.remaining, credit.currency)} are left of this credit."}
        )
    refund_id = uuid7()
    [entry_id] = post_entries(ctx, [Booking("refund", day, credit.currency, credit.client_id, refund_id,
                                            "Credit refunded", {"cash": -amount, "credit": amount})])  # fmt: skip
    move_credit(ctx, credit, "refunded", -amount, entry_id, reason=reference)
    refund = _refund(ctx, refund_id, credit.client_id, credit.currency, amount, day, method, reference, entry_id)
    refund.credit_id = credit.id
    return _written(ctx, refund)


def _refund(ctx: CallContext, refund_id: UUID, client_id: UUID, currency: str, amount: int, day: date, method: str,
            reference: str, entry_id: UUID) -> Refund:  # fmt: skip
    return Refund(id=refund_id, client_id=client_id, currency=currency, amount=amount, refunded_on=day, method=method,
                  reference=reference, entry_id=entry_id, recorded_at=ctx.now(), recorded_by=ctx.actor.name)  # fmt: skip


def _written(ctx: CallContext, refund: Refund) -> Refund:
    ctx.session.add(refund)
    ctx.session.flush()
    kind, row_id = ("payment", refund.payment_id) if refund.payment_id else ("credit", refund.credit_id)
    audit.record(ctx, f"{kind}.refunded", kind=kind, row_id=row_id, changes={"amount": refund.amount, "method": refund.method})
    events.publish(ctx, "money.refunded", _said(refund))
    return refund


def take_back_refund(ctx: CallContext, refund_id: UUID) -> Refund:
    """Take back a refund that came back or was entered by mistake: credits have again what it took of them, and invoices that it
    opened are paid again. Raises RefundNotFound, and RefundStands when that was done before, or an invoice is paid otherwise.
    """
    refund = get_refund(ctx, refund_id)
    if refund.credit_id is not None:
        ctx.require("credit.manage")
    opened = _opened_by(ctx, refund)
    invoices = lock_all(ctx, opened)
    payment = lock_payment(ctx, refund.payment_id) if refund.payment_id else None
    moved = list(ctx.session.scalars(select(CreditMovement).where(CreditMovement.entry_id == refund.entry_id)))
    credits = {one.id: one for one in lock_credits(ctx, [one.credit_id for one in moved])}
    ctx.session.refresh(refund)
    if refund.taken_back_at is not None:
        raise RefundStands("This refund was taken back before.")
    for invoice in invoices:
        if invoice.status != "finalized" or invoice.total - invoice.settled < opened[invoice.id]:
            raise RefundStands(f"{invoice.number} is void, or paid otherwise by now. Take that back first.")
    entry_id = reverse_entry(ctx, refund.entry_id, "Refund taken back")
    for one in moved:
        credits[one.credit_id].expired_at = None  # what it has again is worth something, until its last day is over
        move_credit(ctx, credits[one.credit_id], "unrefunded", -one.amount, entry_id)
    if payment is not None:
        payment.refunded -= refund.amount
        payment.applied += sum(opened.values())
        for invoice in invoices:
            allocate(ctx, payment, invoice, opened[invoice.id], entry_id)
        give_early_discounts(ctx, payment, invoices)
    refund.taken_back_at = ctx.now()
    return _taken_back(ctx, refund)


def take_back_refund_by_key(ctx: CallContext, key: str) -> Payment:
    """Take back the refund of a payment that was noted under this key, unless that was done before; returns the payment.

    Raises RefundNotFound and RefundStands.
    """
    refund = _sent_before(ctx, key)
    if refund is None or refund.payment_id is None:
        raise RefundNotFound("No refund was noted under this key.")
    payment = get_payment(ctx, refund.payment_id)
    if refund.taken_back_at is None:
        take_back_refund(ctx, refund.id)
    return payment


def get_refund(ctx: CallContext, refund_id: UUID) -> Refund:
    """One refund. Raises RefundNotFound."""
    refund = ctx.session.scalar(select(Refund).where(Refund.id == refund_id))
    if refund is None:
        raise RefundNotFound("There is no refund with this id.")
    return refund


def _opened_by(ctx: CallContext, refund: Refund) -> dict[UUID, int]:
    """How much of each invoice a refund opened again."""
    wanted = select(PaymentAllocation.invoice_id, -PaymentAllocation.amount).where(PaymentAllocation.entry_id == refund.entry_id)
    return dict(ctx.session.execute(wanted).all())


def _taken_back(ctx: CallContext, refund: Refund) -> Refund:
    ctx.session.flush()
    kind, row_id = ("payment", refund.payment_id) if refund.payment_id else ("credit", refund.credit_id)
    audit.record(ctx, f"{kind}.refund_taken_back", kind=kind, row_id=row_id, changes={"amount": refund.amount})
    events.publish(ctx, "money.refund_taken_back", _said(refund))
    return refund


def _said(refund: Refund) -> dict[str, object]:
    return {"refund_id": refund.id, "client_id": refund.client_id, "currency": refund.currency, "amount": refund.amount,
            "payment_id": refund.payment_id, "credit_id": refund.credit_id}  # fmt: skip


def list_refunds(ctx: CallContext, *, payment_id: UUID | None = None, credit_id: UUID | None = None) -> list[Refund]:
    """What was paid back of a payment or of a credit, oldest first."""
    column, wanted = (Refund.payment_id, payment_id) if payment_id else (Refund.credit_id, credit_id)
    return list(ctx.session.scalars(select(Refund).where(column == wanted).order_by(Refund.id)))
