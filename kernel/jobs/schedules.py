"""Recurring work: schedules in the database, fired once whoever looks, at the hour the zone's clocks show."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from cronsim import CronSim, CronSimError
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from kernel import audit
from kernel.clock import zone_info
from kernel.errors import Conflict, InvalidInput, NotFound, PreconditionFailed
from kernel.ids import uuid7
from kernel.jobs.ledger import enqueue, job_type
from kernel.jobs.models import Schedule
from kernel.tenancy import TenantPlugin, note_offered
from kernel.wakeups import read_notes, settle_notes, wake

if TYPE_CHECKING:
    from kernel.app import Kernel
    from kernel.context import CallContext


class CronInvalid(InvalidInput):
    """Not a cron expression of five fields, or one that never comes true."""

    code = "cron_invalid"
    title = "Not a cron expression"


class ScheduleNotFound(NotFound):
    code = "schedule_not_found"
    title = "No such schedule"


def next_time(cron: str, zone: str, after: datetime) -> datetime:
    """The first instant after `after`, in UTC, at which the zone's clocks match the expression.

    As in Debian's cron, an hour that daylight saving skips is made up for at once, and one that it repeats fires once.
    Raises CronInvalid and ZoneUnknown.

    >>> next_time("30 2 * * *", "Europe/Vienna", datetime(2026, 3, 28, 12, tzinfo=UTC)).isoformat()
    '2026-03-29T01:00:00+00:00'
    """
    local = after.astimezone(zone_info(zone))
    if len(cron.split()) != 5:
        raise _cron_invalid(cron, "it needs five fields")
    try:
        # In the repeated hour the expression is matched against its first passing, which may lie behind.
        return next(found for one in CronSim(cron, local) if (found := one.astimezone(UTC)) > after)
    except (CronSimError, StopIteration) as error:
        raise _cron_invalid(cron, str(error) or "no day matches it") from error


def _cron_invalid(cron: str, why: str) -> CronInvalid:
    words = f"{cron!r} does not work: {why}. Write minute, hour, day, month and weekday, like 0 3 * * 1-5."
    return CronInvalid(words, errors={"cron": words})


def add_schedule(ctx: CallContext, *, name: str, job: str, cron: str, zone: str | None = None,
                 args: Mapping[str, Any] | None = None) -> Schedule:  # fmt: skip
    """Let a kind of job recur, in the tenant's zone unless another is named.

    Raises JobUnknown, CronInvalid, ZoneUnknown, and Conflict for a name that this job has already.
    """
    job_type(ctx.kernel, job)
    zone = zone or ctx.tenant.zone
    if ctx.session.scalar(select(Schedule.id).where(Schedule.job == job, Schedule.name == name)):
        raise Conflict(errors={"name": "This work has a schedule of that name already."})
    schedule = Schedule(name=name, job=job, args=dict(args or {}), cron=cron, zone=zone, enabled=True,
                        next_run_at=next_time(cron, zone, ctx.now()))  # fmt: skip
    ctx.session.add(schedule)
    ctx.session.flush()
    audit.record(ctx, "schedule.added", kind="schedule", row_id=schedule.id, label=name)
    _wake(ctx, schedule)
    return schedule


def change_schedule(ctx: CallContext, schedule_id: UUID, *, cron: str | None = None, zone: str | None = None,
                    enabled: bool | None = None, version: int | None = None) -> Schedule:  # fmt: skip
    """Change when a schedule fires, or switch it on or off.

    Raises ScheduleNotFound, CronInvalid, ZoneUnknown, and PreconditionFailed when it is no longer of that `version`.
    """
    schedule = get_schedule(ctx, schedule_id)
    if version not in (None, schedule.version):
        raise PreconditionFailed("Somebody else changed this meanwhile. Load it again and repeat the change.")
    wanted = {"cron": cron, "zone": zone, "enabled": enabled}
    changes = {name: value for name, value in wanted.items() if value is not None}
    for name, value in changes.items():
        setattr(schedule, name, value)
    upcoming = next_time(schedule.cron, schedule.zone, ctx.now())
    schedule.next_run_at = upcoming if schedule.enabled else None
    audit.record(ctx, "schedule.changed", kind="schedule", row_id=schedule.id, label=schedule.name, changes=changes)
    _wake(ctx, schedule)
    ctx.session.flush()
    return schedule


def remove_schedule(ctx: CallContext, schedule_id: UUID) -> None:
    """Remove a schedule; jobs that it queued stay. Raises ScheduleNotFound."""
    schedule = get_schedule(ctx, schedule_id)
    ctx.session.delete(schedule)
    audit.record(ctx, "schedule.removed", kind="schedule", row_id=schedule.id, label=schedule.name)


def get_schedule(ctx: CallContext, schedule_id: UUID) -> Schedule:
    """Raises ScheduleNotFound."""
    schedule = ctx.session.scalar(select(Schedule).where(Schedule.id == schedule_id))
    if schedule is None:
        raise ScheduleNotFound
    return schedule


def list_schedules(ctx: CallContext) -> list[Schedule]:
    """All schedules of the tenant, by name."""
    return list(ctx.session.scalars(select(Schedule).order_by(Schedule.name, Schedule.id)))


def offer_schedules(ctx: CallContext) -> None:
    """Give the tenant the schedules of its plugins that it was never given; what was changed or removed stays so."""
    met = {row.plugin: row for row in ctx.session.scalars(select(TenantPlugin))}
    for plugin, one in ctx.kernel.plugins.collect("register_schedules"):
        key = f"schedule {one.job} {one.name}"
        if key in met[plugin.name].offered:
            continue
        upcoming = next_time(one.cron, ctx.tenant.zone, ctx.now()) if one.enabled else None
        row = {"tenant_id": ctx.tenant_id, "id": uuid7(), "name": one.name, "job": one.job, "args": dict(one.args),
               "cron": one.cron, "zone": ctx.tenant.zone, "enabled": one.enabled, "next_run_at": upcoming}  # fmt: skip
        known = insert(Schedule).on_conflict_do_nothing(index_elements=["tenant_id", "job", "name"])
        ctx.session.execute(known, row)
        note_offered(met[plugin.name], [key])
        if upcoming:
            wake(ctx.session, "schedules", upcoming)


def fire_due(kernel: Kernel, tenant_id: UUID) -> bool:
    """Queue the job of every schedule whose time has come, once however many times were missed; False if none was."""
    with kernel.call(tenant_id) as ctx:
        notes = read_notes(ctx.session, "schedules")
        due = select(Schedule).where(Schedule.enabled, Schedule.next_run_at <= ctx.now())
        fired = ctx.session.scalars(due.order_by(Schedule.next_run_at).with_for_update(skip_locked=True)).all()
        for schedule in fired:
            _fire(ctx, schedule)
        ctx.session.flush()
        upcoming = ctx.session.scalar(select(func.min(Schedule.next_run_at)).where(Schedule.enabled))
        settle_notes(ctx.session, "schedules", notes, upcoming)
    return bool(fired)


def _fire(ctx: CallContext, schedule: Schedule) -> None:
    if schedule.job in ctx.kernel.jobs:
        enqueue(ctx, schedule.job, schedule.args, key=f"schedule {schedule.id} {schedule.next_run_at}")
        schedule.last_run_at = ctx.now()
    schedule.next_run_at = next_time(schedule.cron, schedule.zone, ctx.now())


def _wake(ctx: CallContext, schedule: Schedule) -> None:
    if schedule.next_run_at is not None:
        wake(ctx.session, "schedules", schedule.next_run_at)
