"""Time on a ticket, laid out for the house rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from kernel.context import CallContext
from plugins.timesheets.approval import approve
from plugins.timesheets.services import log_time

NEEDS = ("ticket_id", "item_id")


def furnish(ctx: CallContext, there: Mapping[str, UUID]) -> dict[str, UUID]:
    """An hour of one's own that is not submitted yet, and hours of a colleague: two submitted, one approved."""
    mine = _hour(ctx, there, None, 0)
    first, later, approved = (_hour(ctx, there, there["user_id"], ago, "submitted") for ago in (0, -72, 2))
    return {
        "entry_id": mine, "time-entries/ids": mine, "time-entries/approve/ids": first, "time-entries/request-changes/ids": later,
        "time-entries/reverse/ids": _approved(ctx, approved), "work_id": there["ticket_id"],
    }  # fmt: skip


def _hour(ctx: CallContext, there: Mapping[str, UUID], whose: UUID | None, ago: int, state: str = "draft") -> UUID:
    start = ctx.now() - timedelta(days=1, hours=ago)
    work = {"work_id": there["ticket_id"], "item_id": there["item_id"], "user_id": whose}
    entry = log_time(ctx, started_at=start, ended_at=start + timedelta(hours=1), **work)
    entry.state = state
    ctx.session.flush()
    return entry.id


def _approved(ctx: CallContext, entry_id: UUID) -> UUID:
    approve(ctx, [entry_id])
    return entry_id
