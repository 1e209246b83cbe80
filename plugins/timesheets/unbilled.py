"""Time that no invoice bills yet, and time that waits for approval."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Date, Uuid, any_, cast, func, literal, select

from kernel.context import CallContext
from kernel.hookspecs.charging import ChargeWindow, Unapproved, Unbilled
from plugins.timesheets.models import TimeEntry

_WAITS = TimeEntry.state != "approved"


def unapproved_time(ctx: CallContext, window: ChargeWindow, clients: Sequence[UUID]) -> list[Unapproved]:
    """Billable entries of these clients before the window's end that nobody has approved."""
    mine: ColumnElement[Any] = TimeEntry.client_id == any_(literal(list(clients), ARRAY(Uuid)))
    wanted = select(TimeEntry.client_id, func.count(), func.sum(TimeEntry.minutes)).where(mine, _WAITS, _billable(window.end))
    rows = ctx.session.execute(wanted.group_by(TimeEntry.client_id).order_by(TimeEntry.client_id))
    return [Unapproved(client_id, count, minutes) for client_id, count, minutes in rows]


def unbilled_time(ctx: CallContext, until: date) -> list[Unbilled]:
    """Billable entries before a day that stand on no invoice, by month, those that wait for approval apart."""
    month = cast(func.date_trunc("month", TimeEntry.worked_on), Date).label("month")
    ready = (TimeEntry.state == "approved").label("ready")
    wanted = select(month, ready, func.count(), func.sum(TimeEntry.minutes)).where(_billable(until))
    rows = ctx.session.execute(wanted.group_by("month", "ready").order_by("month", "ready"))
    return [Unbilled(first, "time", count, approved, minutes) for first, approved, count, minutes in rows]


def _billable(until: date) -> ColumnElement[bool]:
    return TimeEntry.invoice_id.is_(None) & (TimeEntry.minutes > 0) & (TimeEntry.worked_on < until)
