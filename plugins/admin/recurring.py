"""Recurring work as administrators set it up: only kinds of work that make sense on a schedule, by who may do that work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from babel import dates

from kernel import audit
from kernel.clock import zone_info
from kernel.context import Actor, CallContext
from kernel.errors import InvalidInput
from kernel.hookspecs.start import JobType
from kernel.jobs import enqueue, schedules
from kernel.jobs.models import Schedule
from kernel.web.i18n import babel_locale

SHOWN = 3
"""How many of the next times a schedule is shown with."""
_FACTS = ("id", "version", "name", "job", "cron", "zone", "enabled", "next_run_at", "last_run_at")


def kinds(ctx: CallContext) -> list[JobType]:
    """The kinds of work that the actor may let recur, of rooms that are on, by title."""
    found = [
        one for name, one in ctx.kernel.jobs.items()
        if one.recurs_by and ctx.actor.may(one.recurs_by) and ctx.hooks.enabled(ctx.kernel.job_plugins[name])
    ]  # fmt: skip
    return sorted(found, key=lambda one: one.title)


def add(ctx: CallContext, *, name: str, job: str, cron: str, zone: str | None = None, enabled: bool = True) -> Schedule:
    """Let a kind of work recur.

    Raises InvalidInput for work that cannot, PermissionDenied, CronInvalid, ZoneUnknown, and Conflict for a taken name.
    """
    kind = ctx.kernel.jobs.get(job)
    if kind is None or kind.recurs_by is None:
        raise InvalidInput(errors={"job": "Choose work that can recur."})
    ctx.require(kind.recurs_by)
    schedule = schedules.add_schedule(ctx, name=name, job=job, cron=cron, zone=zone)
    return schedule if enabled else schedules.change_schedule(ctx, schedule.id, enabled=False)


def change(ctx: CallContext, schedule_id: UUID, changes: Mapping[str, Any], version: int | None = None) -> Schedule:
    """Change when a schedule fires, or switch it. Raises as `schedules.change_schedule`, and PermissionDenied."""
    _admit(ctx, schedule_id)
    return schedules.change_schedule(ctx, schedule_id, **changes, version=version)


def remove(ctx: CallContext, schedule_id: UUID) -> None:
    """Remove a schedule; an upgrade does not bring it back. Raises ScheduleNotFound and PermissionDenied."""
    _admit(ctx, schedule_id)
    schedules.remove_schedule(ctx, schedule_id)


def run_now(ctx: CallContext, schedule_id: UUID) -> UUID:
    """Queue a schedule's work now, as the platform itself like at its hour; returns the job's id.

    Raises ScheduleNotFound, JobUnknown and PermissionDenied.
    """
    _admit(ctx, schedule_id)
    schedule = schedules.get_schedule(ctx, schedule_id)
    audit.record(ctx, "schedule.run", kind="schedule", row_id=schedule.id, label=schedule.name)
    return enqueue(ctx.acting_as(Actor.system()), schedule.job, schedule.args, key=f"schedule {schedule.id} by hand")


def _admit(ctx: CallContext, schedule_id: UUID) -> None:
    kind = ctx.kernel.jobs.get(schedules.get_schedule(ctx, schedule_id).job)
    if kind is not None and kind.recurs_by is not None:
        ctx.require(kind.recurs_by)


def upcoming(ctx: CallContext, schedule: Schedule) -> list[datetime]:
    """The next instants, in UTC, at which a schedule fires; none while it is off."""
    found: list[datetime] = []
    for _ in range(SHOWN if schedule.enabled else 0):
        found.append(schedules.next_time(schedule.cron, schedule.zone, found[-1] if found else ctx.now()))
    return found


def shown(ctx: CallContext, schedule: Schedule) -> dict[str, Any]:
    """A schedule with its next times, if it is on."""
    return {name: getattr(schedule, name) for name in _FACTS} | {"upcoming": upcoming(ctx, schedule)}


def spoken(instant: datetime, zone: str) -> str:
    """An instant as the clocks of a zone show it, in the reader's words: Monday, 5 October 2026, 03:00."""
    local = instant.astimezone(zone_info(zone))
    day = dates.format_date(local, "full", locale=babel_locale())
    return f"{day}, {dates.format_time(local, 'short', tzinfo=zone_info(zone), locale=babel_locale())}"
