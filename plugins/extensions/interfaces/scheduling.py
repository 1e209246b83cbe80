"""The host interfaces `scheduler` and `events`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, validate

from kernel.capabilities import GuestCall
from kernel.context import CallContext
from kernel.hookspecs.start import HostFunction, HostInterface
from kernel.jobs import Schedule
from plugins.extensions.models import Install
from plugins.extensions.publishing.manifest_parts import ExtensionManifest, GuestSchedule
from plugins.extensions.publishing.releases import get_release, manifest_of
from plugins.extensions.services import get_install
from plugins.extensions.triggers import timetable
from plugins.extensions.triggers.telling import publish_own

_CRON = {"description": "Five fields: minute, hour, day, month, weekday; at least 5 minutes apart."}
_ZONE = {"description": "An IANA name; the tenant's zone unless given."}
_ENDPOINT = {"description": "One of the manifest's: `POST /nightly`."}
_EVENT_NAME = "Lower-case letters, digits and _; the extension's own name, with _ for -, is put before it."
_NAME = validate.Regexp(r"[a-z][a-z0-9-]{0,62}\Z", error="must be lower-case letters, digits, -")


class NoArguments(Schema):
    """No arguments."""


class NoAnswer(Schema):
    """No answer."""


class ScheduleName(Schema):
    name = fields.String(required=True)


class WantedSchedule(Schema):
    """A schedule that the extension makes for itself."""

    name = fields.String(required=True, validate=_NAME)
    cron = fields.String(required=True, validate=validate.Length(max=120), metadata=_CRON)
    zone = fields.String(required=True, allow_none=True, validate=validate.Length(max=64), metadata=_ZONE)
    endpoint = fields.String(required=True, validate=validate.Length(max=300), metadata=_ENDPOINT)


class Wanted(Schema):
    input = fields.Nested(WantedSchedule, required=True)


class ScheduleChanges(Schema):
    """What is left out stays as it is."""

    name = fields.String(required=True)
    cron = fields.String(required=True, allow_none=True, validate=validate.Length(max=120), metadata=_CRON)
    zone = fields.String(required=True, allow_none=True, validate=validate.Length(max=64), metadata=_ZONE)
    enabled = fields.Boolean(required=True, allow_none=True)


class Changes(Schema):
    input = fields.Nested(ScheduleChanges, required=True)


class KeptSchedule(Schema):
    """A schedule of this install. Times are RFC 3339 in UTC."""

    name = fields.String(required=True)
    cron = fields.String(required=True)
    zone = fields.String(required=True)
    endpoint = fields.String(required=True)
    enabled = fields.Boolean(required=True)
    of_manifest = fields.Boolean(required=True, metadata={"description": "Changed by a new version only."})
    next_run_at = fields.AwareDateTime(required=True, allow_none=True)
    last_run_at = fields.AwareDateTime(required=True, allow_none=True)


class KeptSchedules(Schema):
    value = fields.List(fields.Nested(KeptSchedule), required=True)


class Endpoints(Schema):
    value = fields.List(fields.String(), required=True)


class OwnEvent(Schema):
    name = fields.String(required=True, metadata={"description": _EVENT_NAME})
    payload = fields.String(required=True, metadata={"description": "JSON text, at most 64 KiB."})


class EventId(Schema):
    value = fields.String(required=True)


def _here(ctx: CallContext, call: GuestCall, *, lock: bool = False) -> tuple[Install, ExtensionManifest]:
    install = get_install(ctx, call.install_id, lock=lock)
    return install, manifest_of(get_release(ctx, install.release_id))


def _shown(one: Schedule) -> dict[str, Any]:
    return {
        "name": one.args["name"], "cron": one.cron, "zone": one.zone, "endpoint": one.args["endpoint"], "enabled": one.enabled,
        "of_manifest": one.args["origin"] == "manifest", "next_run_at": one.next_run_at, "last_run_at": one.last_run_at,
    }  # fmt: skip


def list_schedules(ctx: CallContext, call: GuestCall) -> dict[str, Any]:
    """The install's schedules."""
    return {"value": [_shown(one) for one in timetable.list_mine(ctx, get_install(ctx, call.install_id))]}


def get_schedule(ctx: CallContext, call: GuestCall, name: str) -> dict[str, Any]:
    """One of them."""
    return _shown(timetable.find_mine(ctx, get_install(ctx, call.install_id), name))


def create_schedule(ctx: CallContext, call: GuestCall, input: dict[str, Any]) -> dict[str, Any]:
    """A new one."""
    install, manifest = _here(ctx, call, lock=True)
    return _shown(timetable.add_own(ctx, install, manifest, GuestSchedule(**input)))


def update_schedule(ctx: CallContext, call: GuestCall, input: dict[str, Any]) -> dict[str, Any]:
    """Other times, or on and off."""
    install = get_install(ctx, call.install_id, lock=True)
    return _shown(timetable.change_own(ctx, install, **input))


def delete_schedule(ctx: CallContext, call: GuestCall, name: str) -> dict[str, Any]:
    """Away with one of its own."""
    timetable.drop_own(ctx, get_install(ctx, call.install_id, lock=True), name)
    return {}


def list_endpoints(ctx: CallContext, call: GuestCall) -> dict[str, Any]:
    """What a schedule may call."""
    _, manifest = _here(ctx, call)
    return {"value": [f"{one.method} {one.path}" for one in manifest.endpoints if ":" not in one.path]}


def publish(ctx: CallContext, call: GuestCall, name: str, payload: str) -> dict[str, Any]:
    """Say an event of the extension's own."""
    event_id: UUID = publish_own(ctx, call.install_id, call.extension_name, name, payload)
    return {"value": str(event_id)}


HOST_INTERFACES = (
    HostInterface("scheduler", "Calls of this install's own endpoints at times of its choice: at most 50 schedules, at least 5 "
                  "minutes apart. A call is left out while the one before it still runs."),
    HostInterface("events", "Events of the extension's own, for itself and for other extensions of the tenant that list them."),
)  # fmt: skip


def _scheduler(
    name: str, says: str, takes: type[Schema], gives: type[Schema], call: Callable[..., dict[str, Any]]
) -> HostFunction:
    return HostFunction("scheduler", name, timetable.MANAGE, says, takes, gives, call)


HOST_FUNCTIONS = (
    _scheduler("list", "The schedules of this install.", NoArguments, KeptSchedules, list_schedules),
    _scheduler("get", "One schedule of this install.", ScheduleName, KeptSchedule, get_schedule),
    _scheduler("create", "Make a schedule.", Wanted, KeptSchedule, create_schedule),
    _scheduler("update", "Change a schedule that the extension made.", Changes, KeptSchedule, update_schedule),
    _scheduler("delete", "Remove a schedule that the extension made.", ScheduleName, NoAnswer, delete_schedule),
    _scheduler("list_endpoints", "The endpoints that a schedule may call.", NoArguments, Endpoints, list_endpoints),
    HostFunction("events", "publish", "cap:event.publish", "Say that something happened.", OwnEvent, EventId, publish),
)  # fmt: skip
