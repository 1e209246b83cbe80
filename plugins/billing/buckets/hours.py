"""The verbs of working hours: list, add, change, delete; with their spans and days off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from sqlalchemy import delete, func, select

from kernel import audit
from kernel.context import CallContext
from kernel.db import among
from kernel.errors import InvalidInput, PreconditionFailed
from plugins.billing.errors import WorkingHoursInUse, WorkingHoursNotFound
from plugins.billing.models.buckets import Bucket, DayOff, WorkingHours, WorkingSpan
from plugins.billing.working_hours import Hours, Span


def list_hours(ctx: CallContext) -> list[WorkingHours]:
    """All working hours, by name."""
    return list(ctx.session.scalars(select(WorkingHours).order_by(WorkingHours.name_key)))


def get_hours(ctx: CallContext, hours_id: UUID) -> WorkingHours:
    """One of them. Raises WorkingHoursNotFound."""
    found = ctx.session.scalar(select(WorkingHours).where(WorkingHours.id == hours_id))
    if found is None:
        raise WorkingHoursNotFound("There are no working hours with this id.")
    return found


def read_hours(ctx: CallContext, ids: Iterable[UUID]) -> dict[UUID, Hours]:
    """Working hours as work is measured by them."""
    wanted = sorted(ids)
    if not wanted:
        return {}
    spans: defaultdict[UUID, list[Span]] = defaultdict(list)
    order = (WorkingSpan.weekday, WorkingSpan.begins)
    for row in ctx.session.scalars(select(WorkingSpan).where(among(WorkingSpan.hours_id, wanted)).order_by(*order)):
        spans[row.hours_id].append(Span(row.weekday, row.begins, row.ends))
    off: defaultdict[UUID, set[date]] = defaultdict(set)
    for hours_id, day in ctx.session.execute(select(DayOff.hours_id, DayOff.day).where(among(DayOff.hours_id, wanted))):
        off[hours_id].add(day)
    zones = ctx.session.execute(select(WorkingHours.id, WorkingHours.time_zone).where(among(WorkingHours.id, wanted)))
    return {row_id: Hours(zone, tuple(spans[row_id]), frozenset(off[row_id])) for row_id, zone in zones}


def add_hours(ctx: CallContext, *, name: str, time_zone: str, spans: Sequence[Mapping[str, Any]],
              days_off: Sequence[Mapping[str, Any]] = ()) -> WorkingHours:  # fmt: skip
    """Add working hours. Raises InvalidInput for spans that overlap, a zone nobody knows, or a name that is taken."""
    row = WorkingHours()
    _write(ctx, row, {"name": name, "time_zone": time_zone, "spans": spans, "days_off": days_off})
    audit.record(ctx, "working_hours.added", kind="working_hours", row_id=row.id, label=name)
    return row


def change_hours(ctx: CallContext, hours_id: UUID, changes: Mapping[str, Any], version: int | None = None) -> WorkingHours:
    """Change working hours; periods that are not billed yet are weighed anew by them. Raises PreconditionFailed, InvalidInput."""
    row = get_hours(ctx, hours_id)
    if version is not None and row.version != version:
        raise PreconditionFailed("Somebody else changed this meanwhile. Load it again and repeat the change.")
    before = view(ctx, row)
    _write(ctx, row, {**before, **changes})
    audit.record(ctx, "working_hours.changed", kind="working_hours", row_id=row.id, label=row.name,
                 changes={name: str(value) for name, value in changes.items() if before[name] != value})  # fmt: skip
    return row


def delete_hours(ctx: CallContext, hours_id: UUID) -> None:
    """Remove working hours that no bucket burns by. Raises WorkingHoursInUse."""
    row = get_hours(ctx, hours_id)
    held = ctx.session.scalar(select(func.count()).where(Bucket.hours_id == hours_id)) or 0
    if held:
        raise WorkingHoursInUse(f"{held} buckets burn by {row.name}. Give them other working hours first.")
    audit.record(ctx, "working_hours.deleted", kind="working_hours", row_id=row.id, label=row.name)
    ctx.session.delete(row)
    ctx.session.flush()


def view(ctx: CallContext, row: WorkingHours) -> dict[str, Any]:
    """Working hours as interfaces show them; minutes after midnight."""
    spans = ctx.session.scalars(
        select(WorkingSpan).where(WorkingSpan.hours_id == row.id).order_by(WorkingSpan.weekday, WorkingSpan.begins)
    )
    off = ctx.session.scalars(select(DayOff).where(DayOff.hours_id == row.id).order_by(DayOff.day))
    return {
        "id": row.id, "version": row.version, "name": row.name, "time_zone": row.time_zone,
        "spans": [{"weekday": one.weekday, "begins": one.begins, "ends": one.ends} for one in spans],
        "days_off": [{"day": one.day, "name": one.name} for one in off],
    }  # fmt: skip


def _write(ctx: CallContext, row: WorkingHours, values: Mapping[str, Any]) -> None:
    _check(ctx, row, values)
    row.name, row.time_zone = values["name"], values["time_zone"]
    row.updated_at = func.now()  # so that new spans alone make a new version, too
    ctx.session.add(row)
    ctx.session.flush()
    for table in (WorkingSpan, DayOff):
        ctx.session.execute(delete(table).where(table.hours_id == row.id))
    ctx.session.add_all(WorkingSpan(hours_id=row.id, **span) for span in values["spans"])
    ctx.session.add_all(DayOff(hours_id=row.id, day=off["day"], name=off.get("name", "")) for off in values["days_off"])
    ctx.session.flush()


def _check(ctx: CallContext, row: WorkingHours, values: Mapping[str, Any]) -> None:
    problems = {}
    if values["time_zone"] not in available_timezones():
        problems["time_zone"] = "Write a zone of the IANA list, such as Europe/Berlin."
    taken = select(WorkingHours.id).where(WorkingHours.name_key == values["name"].lower())
    if (found := ctx.session.scalar(taken)) and found != row.id:
        problems["name"] = "Other working hours have this name."
    problems |= _overlapping(values["spans"])
    days = [off["day"] for off in values["days_off"]]
    problems |= {f"days_off[{at}].day": "This day is here already." for at, day in enumerate(days) if day in days[:at]}
    if problems:
        raise InvalidInput(errors=problems)


def _overlapping(spans: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    problems = {}
    for at, span in enumerate(spans):
        if span["ends"] <= span["begins"]:
            problems[f"spans[{at}].ends"] = "It ends after it begins; what goes past midnight is two spans."
        for other in spans[:at]:
            same = other["weekday"] == span["weekday"]
            if same and other["begins"] < span["ends"] and span["begins"] < other["ends"]:
                problems[f"spans[{at}].begins"] = "This overlaps another span of the day."
    return problems
