"""What the service says of an attempt becomes our books: told twice, late or out of order, it changes them once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from kernel.clock import zone_info
from kernel.errors import Conflict, DeskhandError, InvalidInput, Refused
from kernel.hookspecs.paying import Disputed, PaidBack, Seen
from kernel.hookspecs.receipts import NewReceipt, ReceiptShare
from kernel.ids import uuid7
from plugins.payments.mandates import keep_mandate
from plugins.payments.models import Attempt, Dispute, OnlineRefund
from plugins.payments.services import SAFE_TO_REPEAT, end_attempt, get_attempt, shares_of

if TYPE_CHECKING:
    from kernel.context import CallContext

_EXPECTED = (Conflict, InvalidInput, Refused)
_LOST = "It was under way, and the account that is connected now has no such payment. Look for it at the payment service."


def apply_seen(ctx: CallContext, attempt_id: UUID, seen: Seen | None) -> Attempt:
    """Bring our rows to what the service has; None where it never heard of the attempt."""
    attempt = get_attempt(ctx, attempt_id, lock=True)
    attempt.looked_at = ctx.now()
    if seen is None:
        if attempt.live:
            attempt.problem = _LOST if attempt.state == "processing" else ""
            end_attempt(ctx, attempt, "expired")
        return attempt
    if seen.payment and not attempt.payment:
        attempt.payment = seen.payment
    if seen.state == "paid":
        _note_paid(ctx, attempt, seen)
    elif attempt.live:
        _note_unpaid(ctx, attempt, seen)
    if attempt.receipt_id is not None:
        for back in seen.refunds:
            note_refund(ctx, attempt, back)
        for dispute in seen.disputes:
            _note_dispute(ctx, attempt, dispute)
        _give_up_refunds(ctx, attempt)
    ctx.session.flush()
    return attempt


def _give_up_refunds(ctx: CallContext, attempt: Attempt) -> None:
    """What was asked long ago and is not among the refunds that the service has never reached it."""
    old = OnlineRefund.state == "asked", OnlineRefund.asked_at <= ctx.now() - SAFE_TO_REPEAT
    for row in ctx.session.scalars(select(OnlineRefund).where(OnlineRefund.attempt_id == attempt.id, *old)):
        row.state, row.problem = "failed", "The payment service could not be reached. Nothing was refunded; try again."


def _note_unpaid(ctx: CallContext, attempt: Attempt, seen: Seen) -> None:
    if seen.state in ("failed", "expired"):
        end_attempt(ctx, attempt, seen.state, code=seen.refused_code, words=seen.refused_words)
    elif seen.state == "processing":
        attempt.state = "processing"
    else:
        attempt.refused_code, attempt.refused_words = seen.refused_code, seen.refused_words


def _note_paid(ctx: CallContext, attempt: Attempt, seen: Seen) -> None:
    """Money is here, whatever we thought of the attempt before."""
    if attempt.keep_method and seen.method is not None and attempt.state != "paid":
        keep_mandate(ctx, attempt, seen.method)
    if attempt.state != "paid":
        end_attempt(ctx, attempt, "paid")
    if attempt.kind == "setup" or attempt.receipt_id is not None:
        return
    attempt.paid, attempt.paid_at, attempt.paid_by = seen.amount, seen.paid_at, seen.by
    if seen.currency != attempt.currency:
        attempt.problem = f"{seen.currency} came in for {attempt.currency}."
        return
    _book(ctx, attempt, lambda: _receive(ctx, attempt, f"{attempt.provider}:{seen.payment}", seen.paid_at, attempt.paid))


def _receive(ctx: CallContext, attempt: Attempt, key: str, at: datetime | None, amount: int) -> None:
    shares = tuple(ReceiptShare(one.invoice_id, one.amount) for one in shares_of(ctx, attempt.id))
    receipt = ctx.hooks.record_receipt(ctx=ctx, receipt=NewReceipt(
        attempt.client_id, attempt.currency, amount, _day(ctx, at), attempt.paid_by, attempt.payment, key,
        _within(shares, amount), at_most=True))  # fmt: skip
    attempt.receipt_id = receipt.id


def _within(shares: tuple[ReceiptShare, ...], amount: int) -> tuple[ReceiptShare, ...]:
    """The shares as far as the money goes."""
    cut = []
    for one in shares:
        if part := min(one.amount, amount):
            cut.append(ReceiptShare(one.invoice_id, part))
        amount -= part
    return tuple(cut)


def _book(ctx: CallContext, row: Attempt | OnlineRefund | Dispute, act: Callable[[], None]) -> bool:
    """Do it whole or not at all; a refusal of the books is kept in words, for a person."""
    try:
        with ctx.session.begin_nested():
            act()
    except _EXPECTED as refusal:
        ctx.session.refresh(row)
        row.problem = _words(refusal)
        return False
    row.problem = ""
    return True


def _words(refusal: DeskhandError) -> str:
    return " ".join([refusal.detail, *refusal.errors.values()])[:500].strip() or refusal.title


def _day(ctx: CallContext, at: datetime | None) -> date:
    return (at or ctx.now()).astimezone(zone_info(ctx.tenant.zone)).date()


def note_refund(ctx: CallContext, attempt: Attempt, back: PaidBack) -> None:
    """A refund as the service has it now; the attempt is held."""
    row = _refund_row(ctx, attempt, back)
    key = f"{attempt.provider}:{back.id}"
    if back.state == "done" and not row.noted:
        day = _day(ctx, back.at)
        row.noted = _book(ctx, row, lambda: ctx.hooks.refund_receipt(
            ctx=ctx, payment_id=attempt.receipt_id, amount=back.amount, refunded_on=day, method=attempt.paid_by,
            reference=back.id, key=key))  # fmt: skip
    elif back.state == "failed" and row.noted:
        row.noted = not _book(ctx, row, lambda: ctx.hooks.take_back_receipt_refund(ctx=ctx, key=key))
    row.state = back.state


def _refund_row(ctx: CallContext, attempt: Attempt, back: PaidBack) -> OnlineRefund:
    mine = OnlineRefund.attempt_id == attempt.id
    row = ctx.session.scalar(select(OnlineRefund).where(mine, OnlineRefund.provider_ref == back.id))
    if row is None and back.refund_id is not None:
        row = ctx.session.scalar(select(OnlineRefund).where(mine, OnlineRefund.id == back.refund_id))
    if row is None:
        row = OnlineRefund(id=uuid7(), attempt_id=attempt.id, amount=back.amount, asked_by=attempt.provider, asked_at=back.at,
                           noted=False, state="asked")  # fmt: skip
        ctx.session.add(row)
    row.provider_ref = back.id
    ctx.session.flush()
    return row


def _note_dispute(ctx: CallContext, attempt: Attempt, seen: Disputed) -> None:
    mine = Dispute.attempt_id == attempt.id, Dispute.provider_ref == seen.id
    row = ctx.session.scalar(select(Dispute).where(*mine))
    if row is None:
        row = Dispute(id=uuid7(), attempt_id=attempt.id, provider_ref=seen.id, amount=seen.amount, state=seen.state,
                      reason=seen.reason, opened_at=seen.at, booked="no")  # fmt: skip
        ctx.session.add(row)
    row.state, row.amount = seen.state, seen.amount
    ctx.session.flush()
    if row.booked == "no" and seen.state in ("open", "lost"):
        _take_back(ctx, attempt, row)
    elif row.booked in ("taken_back", "refunded") and seen.state == "won":
        _give_again(ctx, attempt, row)


def _take_back(ctx: CallContext, attempt: Attempt, row: Dispute) -> None:
    """The whole payment is taken back where nothing else became of it; else so much of it goes back as is disputed."""
    reason = f"Disputed: {row.reason}" if row.reason else "Disputed"
    whole = row.amount == attempt.paid
    if whole and _book(ctx, row, lambda: ctx.hooks.take_back_receipt(ctx=ctx, payment_id=attempt.receipt_id, reason=reason)):
        row.booked = "taken_back"
    elif _book(ctx, row, lambda: ctx.hooks.refund_receipt(
            ctx=ctx, payment_id=attempt.receipt_id, amount=row.amount, refunded_on=_day(ctx, row.opened_at),
            method=attempt.paid_by, reference=row.provider_ref, key=_key(attempt, row))):  # fmt: skip
        row.booked = "refunded"


def _give_again(ctx: CallContext, attempt: Attempt, row: Dispute) -> None:
    if row.booked == "refunded":
        done = _book(ctx, row, lambda: ctx.hooks.take_back_receipt_refund(ctx=ctx, key=_key(attempt, row)))
    else:
        done = _book(ctx, row, lambda: _receive(ctx, attempt, f"{_key(attempt, row)}:won", ctx.now(), row.amount))
    if done:
        row.booked = "returned"


def _key(attempt: Attempt, row: Dispute) -> str:
    return f"{attempt.provider}:{row.provider_ref}"
