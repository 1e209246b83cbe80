"""What is billed: billing's memory, and the word to the rooms that own the things."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select, update

from kernel.hookspecs.charging import Settled
from plugins.billing.models import Source

if TYPE_CHECKING:
    from kernel.context import CallContext


def release_sources(ctx: CallContext, invoice_id: UUID) -> int:
    """Make what an invoice billed billable again; returns how many things."""
    mine = (Source.invoice_id == invoice_id) & Source.live
    rows = ctx.session.execute(select(Source.source_kind, Source.source_id, Source.line_id).where(mine)).all()
    if rows:
        settled = [Settled(kind, source_id, invoice_id, line_id) for kind, source_id, line_id in rows]
        ctx.session.execute(update(Source).where(mine).values(live=False), execution_options={"synchronize_session": False})
        for rooms in (ctx.hooks, ctx.hooks.silenced):  # a room that is switched off by now must not keep them as billed
            rooms.release_charges(ctx=ctx, settled=settled)
    return len(rows)


def list_sources(ctx: CallContext, line_id: UUID, invoice_id: UUID) -> list[Source]:
    """What one line bills."""
    wanted = select(Source).where(Source.invoice_id == invoice_id, Source.line_id == line_id).order_by(Source.id)
    return list(ctx.session.scalars(wanted))
