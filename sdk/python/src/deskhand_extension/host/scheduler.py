# Made by `deskhand sdk` from the host functions that plugins register.
"""Calls of this install's own endpoints at times of its choice: at most 50 schedules, at least 5 minutes apart.
A call is left out while the one before it still runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deskhand_extension._wire import Interface

__all__ = [
    "KeptSchedule",
    "ScheduleChanges",
    "WantedSchedule",
    "create",
    "delete",
    "get",
    "list",
    "list_endpoints",
    "update",
]
_host = Interface("scheduler", __name__)


@dataclass(kw_only=True)
class KeptSchedule:
    """A schedule of this install. Times are RFC 3339 in UTC."""
    name: str
    cron: str
    zone: str
    endpoint: str
    enabled: bool
    of_manifest: bool
    """Changed by a new version only."""
    next_run_at: str | None
    """ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`."""
    last_run_at: str | None
    """ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`."""


@dataclass(kw_only=True)
class WantedSchedule:
    """A schedule that the extension makes for itself."""
    name: str
    cron: str
    """Five fields: minute, hour, day, month, weekday; at least 5 minutes apart. At most 120 characters."""
    zone: str | None
    """An IANA name; the tenant's zone unless given. At most 64 characters."""
    endpoint: str
    """One of the manifest's: `POST /nightly`. At most 300 characters."""


@dataclass(kw_only=True)
class ScheduleChanges:
    """What is left out stays as it is."""
    name: str
    cron: str | None
    """Five fields: minute, hour, day, month, weekday; at least 5 minutes apart. At most 120 characters."""
    zone: str | None
    """An IANA name; the tenant's zone unless given. At most 64 characters."""
    enabled: bool | None


def list() -> Sequence[KeptSchedule]:
    """The schedules of this install.
    Raises HostRefusal without `cap:scheduler.manage`.
    """
    answer: Sequence[KeptSchedule] = _host.call("list", "cap:scheduler.manage")
    return answer


def get(name: str) -> KeptSchedule:
    """One schedule of this install.
    Raises HostRefusal without `cap:scheduler.manage`.
    """
    answer: KeptSchedule = _host.call("get", "cap:scheduler.manage", name)
    return answer


def create(input: WantedSchedule) -> KeptSchedule:
    """Make a schedule.
    Raises HostRefusal without `cap:scheduler.manage`.
    """
    answer: KeptSchedule = _host.call("create", "cap:scheduler.manage", input)
    return answer


def update(input: ScheduleChanges) -> KeptSchedule:
    """Change a schedule that the extension made.
    Raises HostRefusal without `cap:scheduler.manage`.
    """
    answer: KeptSchedule = _host.call("update", "cap:scheduler.manage", input)
    return answer


def delete(name: str) -> None:
    """Remove a schedule that the extension made.
    Raises HostRefusal without `cap:scheduler.manage`.
    """
    _host.call("delete", "cap:scheduler.manage", name)


def list_endpoints() -> Sequence[str]:
    """The endpoints that a schedule may call.
    Raises HostRefusal without `cap:scheduler.manage`.
    """
    answer: Sequence[str] = _host.call("list_endpoints", "cap:scheduler.manage")
    return answer
