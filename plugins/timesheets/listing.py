"""Lists and sums of time entries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from kernel.api.listing import Page, paginate
from kernel.context import CallContext
from kernel.directory.models import Client, User
from plugins.timesheets.models import TimeEntry

_SORTABLE = {"worked_on": TimeEntry.worked_on, "started_at": TimeEntry.started_at, "updated_at": TimeEntry.updated_at}


def list_entries(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of entries; without `time.read_all` one's own only."""
    rows = (
        select(
            TimeEntry.id, TimeEntry.user_id, User.name.label("user_name"), TimeEntry.client_id,
            Client.name.label("client_name"), TimeEntry.work_kind, TimeEntry.work_id, TimeEntry.item_id,
            TimeEntry.started_at, TimeEntry.ended_at, TimeEntry.worked_on, TimeEntry.minutes, TimeEntry.notes,
            TimeEntry.state, TimeEntry.invoice_id, TimeEntry.updated_at,
        )
        .join(User, (User.tenant_id == TimeEntry.tenant_id) & (User.id == TimeEntry.user_id))
        .join(Client, (Client.tenant_id == TimeEntry.tenant_id) & (Client.id == TimeEntry.client_id))
    )  # fmt: skip
    if not ctx.actor.may("time.read_all"):
        rows = rows.where(TimeEntry.user_id == ctx.actor.user_id)
    return paginate(ctx, rows, query, sortable=_SORTABLE, default="-worked_on")


def week_of(ctx: CallContext, day: date, user_id: UUID | None) -> list[tuple[date, int]]:
    """Billable minutes of a person on each day of the week (Monday to Sunday) that holds the day."""
    monday = day - timedelta(days=day.weekday())
    found = (
        select(TimeEntry.worked_on, func.sum(TimeEntry.minutes))
        .where(TimeEntry.user_id == user_id, TimeEntry.worked_on.between(monday, monday + timedelta(days=6)))
        .group_by(TimeEntry.worked_on)
    )
    sums = dict(ctx.session.execute(found).all())
    return [(monday + timedelta(days=i), int(sums.get(monday + timedelta(days=i), 0))) for i in range(7)]


def count_by_state(ctx: CallContext, state: str) -> int:
    """How many entries of the tenant are in a state."""
    return ctx.session.scalar(select(func.count()).where(TimeEntry.state == state)) or 0


def entries_of_work(ctx: CallContext, kind: str, work_id: UUID) -> list[Mapping[str, Any]]:
    """The time spent on a piece of work, newest first."""
    found = (
        select(TimeEntry.id, User.name.label("user_name"), TimeEntry.worked_on, TimeEntry.minutes, TimeEntry.notes,
               TimeEntry.state, TimeEntry.item_id)
        .join(User, (User.tenant_id == TimeEntry.tenant_id) & (User.id == TimeEntry.user_id))
        .where(TimeEntry.work_kind == kind, TimeEntry.work_id == work_id)
        .order_by(TimeEntry.started_at.desc(), TimeEntry.id)
    )  # fmt: skip
    return [dict(row) for row in ctx.session.execute(found).mappings()]
