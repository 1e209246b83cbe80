"""Keeping tokens alive: services forget refresh tokens that nobody has used for 60 or 100 days."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import or_, select

from kernel.context import CallContext
from kernel.errors import Unavailable
from kernel.hookspecs.connections import ConsentWithdrawn
from plugins.connections.access import renew
from plugins.connections.models import ConnectionRow
from plugins.connections.providers import list_providers

IDLE = timedelta(hours=20)


def due_connections(ctx: CallContext) -> list[UUID]:
    """Connections whose tokens nobody has renewed since the night before, those waiting longest first."""
    row = ConnectionRow
    wanted = select(row.id).where(
        row.tokens.is_not(None), row.provider.in_(list_providers(ctx)), row.refreshed_at < ctx.now() - IDLE,
        or_(row.next_try_at.is_(None), row.next_try_at <= ctx.now()),
    )  # fmt: skip
    return list(ctx.session.scalars(wanted.order_by(row.refreshed_at, row.id)))


def renew_quietly(ctx: CallContext, connection_id: UUID) -> bool:
    """Renew; False where that failed, which stands on the connection by then."""
    try:
        renew(ctx, connection_id)
    except (ConsentWithdrawn, Unavailable):
        return False
    return True
