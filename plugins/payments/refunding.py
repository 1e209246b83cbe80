"""Refunds that are asked for here: a row first, then the service, then the books by what it answered."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import BigInteger, cast, func, select

from kernel import audit
from kernel.errors import DeskhandError
from kernel.hookspecs.paying import RefundAsked
from kernel.ids import uuid7
from kernel.jobs import enqueue
from kernel.money import exponent, format_minor
from plugins.payments.errors import NotRefundable
from plugins.payments.models import Attempt, OnlineRefund
from plugins.payments.services import REFUND, SAFE_TO_REPEAT, get_attempt

if TYPE_CHECKING:
    from kernel.context import CallContext


def refundable(ctx: CallContext, attempt: Attempt) -> int:
    """How much of a payment can go back: what came, less what went or is on its way."""
    if attempt.receipt_id is None:
        return 0
    gone = cast(func.coalesce(func.sum(OnlineRefund.amount), 0), BigInteger)
    mine = select(gone).where(OnlineRefund.attempt_id == attempt.id, OnlineRefund.state != "failed")
    return max(attempt.paid - (ctx.session.scalar(mine) or 0), 0)


def ask_refund(ctx: CallContext, attempt_id: UUID, *, amount: int) -> OnlineRefund:
    """Send money of an online payment back, by the service that brought it. Raises AttemptNotFound and NotRefundable."""
    attempt = get_attempt(ctx, attempt_id, lock=True)
    most = refundable(ctx, attempt)
    if not 0 < amount <= most:
        raise NotRefundable(
            errors={"amount": f"At most {format_minor(most, attempt.currency)} can go back." if most else "Nothing can go back."}
        )
    _try_out(ctx, attempt, amount)
    row = OnlineRefund(
        id=uuid7(), attempt_id=attempt.id, amount=amount, state="asked", asked_by=ctx.actor.name, asked_at=ctx.now()
    )
    ctx.session.add(row)
    ctx.session.flush()
    audit.record(ctx, "online_payment.refund_asked", kind="payment", row_id=attempt.receipt_id, changes={"amount": amount})
    enqueue(ctx, REFUND, {"refund_id": str(row.id)}, key=str(row.id))
    return row


def _try_out(ctx: CallContext, attempt: Attempt, amount: int) -> None:
    """Would the books take it? Money that is sent cannot be called back, so this is asked before. Raises NotRefundable."""
    trial = ctx.session.begin_nested()
    try:
        ctx.hooks.refund_receipt(ctx=ctx, payment_id=attempt.receipt_id, amount=amount, refunded_on=ctx.today(),
                                 method=attempt.paid_by, reference="", key=f"trial:{uuid7()}")  # fmt: skip
    except DeskhandError as refusal:
        raise NotRefundable(refusal.detail, errors=refusal.errors or {"amount": refusal.title}) from refusal
    finally:
        trial.rollback()


def refund_asked(ctx: CallContext, refund_id: UUID) -> tuple[Attempt, RefundAsked] | None:
    """What the service shall be told, unless it answered before."""
    row = ctx.session.scalar(select(OnlineRefund).where(OnlineRefund.id == refund_id))
    if row is None or row.state != "asked" or ctx.now() - row.asked_at > SAFE_TO_REPEAT:
        return None
    attempt = get_attempt(ctx, row.attempt_id)
    asked = RefundAsked(str(row.id), row.id, attempt.payment, attempt.currency, exponent(attempt.currency), row.amount)
    return attempt, asked


def refuse(ctx: CallContext, refund_id: UUID, words: str) -> str:
    """The service said no, and has no such refund: nothing went back. Returns the state of the refund."""
    row = ctx.session.scalars(select(OnlineRefund).where(OnlineRefund.id == refund_id).with_for_update()).one()
    if row.state == "asked":
        row.state, row.problem = "failed", words[:500]
    return row.state


def list_refunds(ctx: CallContext, attempt_id: UUID) -> list[OnlineRefund]:
    """The refunds of an attempt, the oldest first."""
    return list(ctx.session.scalars(select(OnlineRefund).where(OnlineRefund.attempt_id == attempt_id).order_by(OnlineRefund.id)))
