"""Tidying: what the house itself has kept long enough goes, a batch at a time.

The audit trail is never tidied, nor are deliveries of events that were given up and that nobody has looked at.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, exists, or_, select

from kernel.api.idempotency import IdempotencyKey
from kernel.api.ratelimit import RateBucket
from kernel.auth import SESSION_IDLE, SessionRow
from kernel.context import CallContext
from kernel.db import TenantTable
from kernel.events import EventDelivery, OutboxEvent
from kernel.jobs.models import ENDED, Job

KEEP_ANSWERS = timedelta(days=30)
"""How long a request with an Idempotency-Key may be sent again."""
KEEP_EVENTS = timedelta(days=30)
"""How long events are kept after all who listen have heard them."""
KEEP_JOBS = timedelta(days=90)
"""How long ended jobs are kept, with their history, results and errors."""


def tidy_up(ctx: CallContext, limit: int) -> int:
    """Remove at most `limit` of each: answers to repeated requests, full rate-limit buckets, sessions that have ended,
    events that were heard, ended jobs. Returns how many rows went."""
    return sum(_remove(ctx, table, gone, limit) for table, gone in _kept_long_enough(ctx))


def _kept_long_enough(ctx: CallContext) -> list[tuple[type[TenantTable], Any]]:
    now = ctx.now()
    unheard = exists().where(
        EventDelivery.tenant_id == OutboxEvent.tenant_id, EventDelivery.event_id == OutboxEvent.id,
        EventDelivery.state.in_(("pending", "dead")),
    )  # fmt: skip
    heard = OutboxEvent.relayed_at.is_not(None) & (OutboxEvent.occurred_at < now - KEEP_EVENTS) & ~unheard
    return [
        (IdempotencyKey, IdempotencyKey.created_at < now - KEEP_ANSWERS),
        (RateBucket, RateBucket.full_at < now),
        (SessionRow, or_(SessionRow.expires_at < now, SessionRow.seen_at < now - SESSION_IDLE)),
        (OutboxEvent, heard),
        (Job, Job.state.in_(ENDED) & (Job.finished_at < now - KEEP_JOBS)),
    ]


def _remove(ctx: CallContext, table: type[TenantTable], gone: Any, limit: int) -> int:
    """Rows that somebody holds just now are left for the next night."""
    some = select(table.id).where(gone).order_by(table.id).limit(limit).with_for_update(skip_locked=True)
    removed = delete(table).where(table.id.in_(some.scalar_subquery())).returning(table.id)
    return len(ctx.session.scalars(removed, execution_options={"synchronize_session": False}).all())
