"""Which attempts are looked at again, since notices may be lost: often while they live, seldom afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import and_, exists, or_, select

from plugins.payments.models import LIVE, Attempt, OnlineRefund
from plugins.payments.services import SAFE_TO_REPEAT

if TYPE_CHECKING:
    from kernel.context import CallContext

LIVE_AGAIN = timedelta(minutes=15)
PAID_AGAIN = timedelta(days=1)
PAID_FOR = timedelta(days=120)
"""How long after a payment its refunds and disputes are looked for; card networks give payers about as long."""
_MOST = 500


def due_looks(ctx: CallContext) -> list[Attempt]:
    """Attempts whose turn it is, those looked at longest ago coming first."""
    now = ctx.now()
    living = and_(Attempt.state.in_(LIVE), Attempt.looked_at <= now - LIVE_AGAIN)
    paid = and_(Attempt.state == "paid", Attempt.kind != "setup", Attempt.looked_at <= now - PAID_AGAIN,
                Attempt.ended_at >= now - PAID_FOR)  # fmt: skip
    mine = OnlineRefund.tenant_id == Attempt.tenant_id, OnlineRefund.attempt_id == Attempt.id
    lost = exists().where(*mine, OnlineRefund.state == "asked", OnlineRefund.asked_at <= now - SAFE_TO_REPEAT)
    wanted = select(Attempt).where(or_(living, paid, lost)).order_by(Attempt.looked_at, Attempt.id).limit(_MOST)
    return list(ctx.session.scalars(wanted))


def unanswered_refunds(ctx: CallContext) -> list[UUID]:
    """Refunds that can be asked for again with the same request id; older ones are looked for."""
    young = OnlineRefund.state == "asked", OnlineRefund.asked_at > ctx.now() - SAFE_TO_REPEAT
    return list(ctx.session.scalars(select(OnlineRefund.id).where(*young)))
