"""Money that came in, as other rooms bring it and ask for it: the hooks of receipts, in billing's own verbs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import BigInteger, cast, func, select

from kernel.hookspecs.receipts import NewReceipt, OpenInvoice, OpenInvoiceQuery, Receipt, ReceiptShare
from kernel.money import exponent
from plugins.billing import payments, refunds
from plugins.billing.models import Credit, CreditMovement, Invoice, Payment, PaymentAllocation
from plugins.billing.payments import Allocation
from plugins.billing.settling import OWED, lock_all

if TYPE_CHECKING:
    from kernel.context import CallContext


def record_receipt(ctx: CallContext, receipt: NewReceipt) -> Receipt:
    """Note money that came in as the hook of this name says."""
    given = receipt.shares
    shares = None if given is None else [Allocation(*one) for one in given]
    if shares and receipt.at_most:
        shares = _as_open(ctx, receipt, shares)
    payment = payments.record_client_payment(
        ctx, receipt.client_id, amount=receipt.amount, currency=receipt.currency, allocations=shares,
        received_on=receipt.received_on, method=receipt.method, reference=receipt.reference, idempotency_key=receipt.key,
    )  # fmt: skip
    return get_receipts(ctx, [payment.id])[payment.id]


def _as_open(ctx: CallContext, receipt: NewReceipt, shares: Sequence[Allocation]) -> list[Allocation]:
    """What can still go to each invoice; they are held, so that nobody pays them meanwhile."""
    held = {one.id: one for one in lock_all(ctx, {one.invoice_id for one in shares})}
    cut = [Allocation(one.invoice_id, min(one.amount, _open_of(held[one.invoice_id], receipt))) for one in shares]
    return [one for one in cut if one.amount]


def _open_of(invoice: Invoice, receipt: NewReceipt) -> int:
    theirs = (invoice.client_id, invoice.currency) == (receipt.client_id, receipt.currency)
    return invoice.total - invoice.settled if theirs and invoice.status == "finalized" and invoice.kind in OWED else 0


def get_receipts(ctx: CallContext, payment_ids: Sequence[UUID]) -> dict[UUID, Receipt]:
    """Give payments as the hook of this name says."""
    found = ctx.session.scalars(select(Payment).where(Payment.id.in_(list(payment_ids))).order_by(Payment.id)).all()
    ids = [one.id for one in found]
    shares, lapsed = _shares_of(ctx, ids), _lapsed_of(ctx, ids)
    return {one.id: _told(one, shares.get(one.id, ()), lapsed.get(one.id, 0)) for one in found}


def _lapsed_of(ctx: CallContext, payment_ids: Sequence[UUID]) -> dict[UUID, int]:
    """What of the credits that payments gave is the client's no more, though nothing was paid with it."""
    same = (Credit.tenant_id == CreditMovement.tenant_id) & (Credit.id == CreditMovement.credit_id)
    gone = select(Credit.payment_id, func.sum(-CreditMovement.amount)).join(Credit, same)
    mine = Credit.payment_id.in_(payment_ids), CreditMovement.kind.in_(("expired", "transferred"))
    rows = ctx.session.execute(gone.where(*mine).group_by(Credit.payment_id)) if payment_ids else ()
    return {payment_id: int(amount) for payment_id, amount in rows}


def _shares_of(ctx: CallContext, payment_ids: Sequence[UUID]) -> Mapping[UUID, tuple[ReceiptShare, ...]]:
    amount = cast(func.sum(PaymentAllocation.amount), BigInteger)
    rows = ctx.session.execute(
        select(PaymentAllocation.payment_id, PaymentAllocation.invoice_id, amount)
        .where(PaymentAllocation.payment_id.in_(payment_ids))
        .group_by(PaymentAllocation.payment_id, PaymentAllocation.invoice_id).having(amount != 0)
        .order_by(PaymentAllocation.invoice_id)
    )  # fmt: skip
    shares: dict[UUID, tuple[ReceiptShare, ...]] = {}
    for payment_id, invoice_id, share in rows:
        shares[payment_id] = (*shares.get(payment_id, ()), ReceiptShare(invoice_id, share))
    return shares


def _told(payment: Payment, shares: tuple[ReceiptShare, ...], lapsed: int) -> Receipt:
    return Receipt(payment.id, payment.client_id, payment.currency, payment.amount, payment.received_on, payment.method,
                   payment.reference, shares, payment.refunded, payment.taken_back_at is not None, lapsed)  # fmt: skip


def take_back_receipt(ctx: CallContext, payment_id: UUID, reason: str) -> Receipt:
    """Take back a payment as the hook of this name says."""
    payments.take_back_payment(ctx, payment_id, reason=reason)
    return get_receipts(ctx, [payment_id])[payment_id]


def refund_receipt(ctx: CallContext, payment_id: UUID, amount: int, refunded_on: date, method: str, reference: str,
                   key: str) -> Receipt:  # fmt: skip
    """Note what was paid back as the hook of this name says."""
    refunds.refund_payment(ctx, payment_id, amount=amount, refunded_on=refunded_on, method=method, reference=reference,
                           idempotency_key=key)  # fmt: skip
    return get_receipts(ctx, [payment_id])[payment_id]


def take_back_receipt_refund(ctx: CallContext, key: str) -> Receipt:
    """Take back a refund as the hook of this name says."""
    payment = refunds.take_back_refund_by_key(ctx, key)
    return get_receipts(ctx, [payment.id])[payment.id]


def find_open_invoices(ctx: CallContext, query: OpenInvoiceQuery) -> list[OpenInvoice]:
    """Give open invoices as the hook of this name says."""
    wanted = select(Invoice).where(Invoice.status == "finalized", Invoice.kind.in_(OWED), Invoice.settled < Invoice.total)
    for column, value in ((Invoice.client_id, query.client_id), (Invoice.currency, query.currency)):
        wanted = wanted if value is None else wanted.where(column == value)
    for column, values in ((Invoice.number, query.numbers), (Invoice.id, query.ids)):
        wanted = wanted if values is None else wanted.where(column.in_(values))
    rows = ctx.session.scalars(wanted.order_by(Invoice.due_date, Invoice.id).limit(query.limit))
    return [
        OpenInvoice(one.id, one.number, one.client_id, one.currency, exponent(one.currency), one.total, one.total - one.settled,
                    one.invoice_date, one.due_date)
        for one in rows
    ]  # fmt: skip
