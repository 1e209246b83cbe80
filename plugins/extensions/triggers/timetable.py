"""Schedules of guests: those of the manifest, and those that an extension makes for itself. They are schedules of the house,
so that administrators see them with all others and may switch them off.
"""

from __future__ import annotations

from datetime import UTC, datetime

from cronsim import CronSim
from sqlalchemy import select

from kernel.context import CallContext
from kernel.errors import Conflict, InvalidInput, NotFound
from kernel.jobs import Schedule
from kernel.jobs import schedules as house
from plugins.extensions.models import Install
from plugins.extensions.publishing.manifest_parts import ExtensionManifest, GuestSchedule

RUN_JOB = "extensions.run_schedule"
MOST_SCHEDULES = 50
LEAST_MINUTES = 5
MANAGE = "cap:scheduler.manage"
_RESTS = "rests_at_version"
_DAY_MINUTES = 24 * 60
_ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)


class GuestScheduleHeld(Conflict):
    """A person switched the schedule off, which an extension may not undo."""

    code = "guest_schedule_held"
    title = "Switched off by a person"


class TooManyGuestSchedules(Conflict):
    """A version's schedules and those that the extension made for itself are more than an install may have."""

    code = "too_many_guest_schedules"
    title = "Too many schedules"


class GuestScheduleNotFound(NotFound):
    """The install has no schedule of this name that it may change."""

    code = "guest_schedule_not_found"
    title = "No such schedule"


def check_cron(cron: str, zone: str) -> None:
    """Refuse a cron expression that may call a guest again within 5 minutes, whichever of its minutes and hours meet.

    Raises CronInvalid, ZoneUnknown, InvalidInput.

    >>> check_cron("*/5 8-17 * * 1-5", "UTC")
    """
    house.next_time(cron, zone, _ANY_DAY)
    times = CronSim(cron, _ANY_DAY)
    moments = sorted(hour * 60 + minute for hour in times.hours for minute in times.minutes)
    gaps = [after - before for before, after in zip(moments, [*moments[1:], moments[0] + _DAY_MINUTES], strict=True)]
    if min(gaps) < LEAST_MINUTES:
        words = f"{cron!r} comes again after {min(gaps)} minutes; at least {LEAST_MINUTES} have to lie between two times."
        raise InvalidInput(errors={"cron": words})


def list_mine(ctx: CallContext, install: Install) -> list[Schedule]:
    """The schedules of an install, by name."""
    mine = Schedule.args["install_id"].astext == str(install.id)
    return list(ctx.session.scalars(select(Schedule).where(Schedule.job == RUN_JOB, mine).order_by(Schedule.name)))


def find_mine(ctx: CallContext, install: Install, name: str) -> Schedule:
    """One of them. Raises GuestScheduleNotFound."""
    found = ctx.session.scalar(select(Schedule).where(Schedule.job == RUN_JOB, Schedule.name == _full(install, name)))
    if found is None:
        raise GuestScheduleNotFound(f"There is no schedule {name!r} of this install.")
    return found


def find_own(ctx: CallContext, install: Install, name: str) -> Schedule:
    """One that the extension made itself: those of the manifest it may not change. Raises GuestScheduleNotFound."""
    found = find_mine(ctx, install, name)
    if found.args["origin"] != "guest":
        raise GuestScheduleNotFound(f"The schedule {name!r} comes from the manifest and is changed by a new version.")
    return found


def add_own(ctx: CallContext, install: Install, manifest: ExtensionManifest, wanted: GuestSchedule) -> Schedule:
    """Let the extension make a schedule; `install` is locked, so that none goes over the limit.

    Raises InvalidInput, CronInvalid, ZoneUnknown, Conflict, and GuestScheduleHeld for an endpoint of which a person switched a
    schedule off.
    """
    kept = list_mine(ctx, install)
    if len(kept) >= MOST_SCHEDULES:
        raise InvalidInput(f"An install has at most {MOST_SCHEDULES} schedules.")
    check_endpoint(manifest, wanted.endpoint)
    for one in kept:
        if one.args["endpoint"] == wanted.endpoint:
            _refuse_held(one)
    return _add(ctx, install, wanted, "guest")


def change_own(
    ctx: CallContext, install: Install, name: str, cron: str | None, zone: str | None, enabled: bool | None
) -> Schedule:
    """Let the extension change one that it made; what is None stays.

    Raises GuestScheduleNotFound, InvalidInput, CronInvalid, ZoneUnknown, and GuestScheduleHeld where it would switch on what a
    person switched off.
    """
    kept = find_own(ctx, install, name)
    if enabled:
        _refuse_held(kept)
    check_cron(cron or kept.cron, zone or kept.zone)
    held = _held(kept)
    house.change_schedule(ctx, kept.id, cron=cron, zone=zone, enabled=enabled)
    if not kept.enabled and not held:
        kept.args = {**kept.args, _RESTS: kept.version + 1}  # the version that it has with this
        ctx.session.flush()
    return kept


def drop_own(ctx: CallContext, install: Install, name: str) -> None:
    """Let the extension end one that it made. Raises GuestScheduleNotFound, and GuestScheduleHeld, lest it makes it anew."""
    kept = find_own(ctx, install, name)
    _refuse_held(kept)
    house.remove_schedule(ctx, kept.id)


def _held(one: Schedule) -> bool:
    """Whether a person switched it off: the extension's own doing names the version of the schedule that it made."""
    return not one.enabled and one.args.get(_RESTS) != one.version


def _refuse_held(one: Schedule) -> None:
    if _held(one):
        words = f"A person switched the schedule {one.args['name']!r} off. Only a person switches it on again."
        raise GuestScheduleHeld(words)


def check_endpoint(manifest: ExtensionManifest, endpoint: str) -> None:
    """Raises InvalidInput unless `METHOD /path` is served."""
    method, _, path = endpoint.partition(" ")
    if manifest.endpoint(method, path) is None:
        raise InvalidInput(errors={"endpoint": f"`endpoints` in deskhand.json has no {endpoint}."})


def keep_to_manifest(ctx: CallContext, install: Install, manifest: ExtensionManifest) -> None:
    """Make the schedules of the manifest that serves now, and end those of the one that served before. One that an administrator
    switched off stays off. Raises TooManyGuestSchedules.
    """
    wanted = {one.name: one for one in manifest.schedules}
    before = list_mine(ctx, install)
    own = sum(one.args["origin"] == "guest" and one.args["name"] not in wanted for one in before)
    if len(wanted) + own > MOST_SCHEDULES:
        raise TooManyGuestSchedules(
            f"{install.name} {manifest.version} has {len(wanted)} schedules and made {own} for itself; an install has at most "
            f"{MOST_SCHEDULES}. Remove some of its own first, under Recurring work or in the extension."
        )
    for kept in before:
        of_manifest, name = kept.args["origin"] == "manifest", kept.args["name"]
        if of_manifest and name in wanted:
            _change(ctx, kept, wanted.pop(name))
        elif of_manifest or name in wanted:
            house.remove_schedule(ctx, kept.id)
    ctx.session.flush()
    for one in wanted.values():
        _add(ctx, install, one, "manifest")


def drop_all(ctx: CallContext, install: Install) -> None:
    """End the schedules of an install that goes."""
    for one in list_mine(ctx, install):
        house.remove_schedule(ctx, one.id)


def _add(ctx: CallContext, install: Install, wanted: GuestSchedule, origin: str) -> Schedule:
    zone = wanted.zone or ctx.tenant.zone
    check_cron(wanted.cron, zone)
    args = {"install_id": str(install.id), "name": wanted.name, "endpoint": wanted.endpoint, "origin": origin}
    return house.add_schedule(ctx, name=_full(install, wanted.name), job=RUN_JOB, cron=wanted.cron, zone=zone, args=args)


def _change(ctx: CallContext, kept: Schedule, wanted: GuestSchedule) -> None:
    zone = wanted.zone or ctx.tenant.zone
    kept.args = {**kept.args, "endpoint": wanted.endpoint}
    if (kept.cron, kept.zone) != (wanted.cron, zone):
        check_cron(wanted.cron, zone)
        house.change_schedule(ctx, kept.id, cron=wanted.cron, zone=zone)


def _full(install: Install, name: str) -> str:
    """A tenant has an extension once, so this names one schedule."""
    return f"{install.name}: {name}"
