"""Limits of one install: an administrator may give it less than the platform gives everybody, never more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from marshmallow import Schema, ValidationError, fields, validate

from kernel import audit
from kernel.api.fieldpaths import field_errors
from kernel.errors import InvalidInput
from plugins.extensions.guests.limits import MIB, SCHEDULED, Limits
from plugins.extensions.services import KIND, get_install

if TYPE_CHECKING:
    from kernel.context import CallContext
    from plugins.extensions.models import Install

BURST, PER_SECOND, AT_ONCE = 120, 10.0, 8
"""Calls of one install: so many in a burst, so many a second after that, so many at a time."""
Own = Mapping[str, Any]


def _number(kind: type[fields.Integer] | type[fields.Float], least: float, most: float, says: str) -> Any:
    told = {"description": says, "example": kind().deserialize(most)}
    return kind(load_default=None, allow_none=True, validate=validate.Range(least, most), metadata=told)


class LimitsIn(Schema):
    """What is left out is as the platform has it."""

    cpu_seconds = _number(fields.Float, 0.05, SCHEDULED.cpu_seconds, "Processor time of one call.")
    wall_seconds = _number(fields.Float, 0.1, SCHEDULED.wall_seconds, "Time of one call, without the host's own.")
    memory_mib = _number(fields.Integer, 4, SCHEDULED.memory_bytes // MIB, "Memory of one call.")
    host_calls = _number(fields.Integer, 0, SCHEDULED.host_calls, "Calls of host functions in one call.")
    http_calls = _number(fields.Integer, 0, SCHEDULED.http_calls, "Calls over HTTP to other hosts in one call.")
    per_second = _number(fields.Float, 0.02, PER_SECOND, "Calls a second; twelve times as many may come in a burst.")
    at_once = _number(fields.Integer, 1, AT_ONCE, "Calls at a time.")


def set_limits(ctx: CallContext, install_id: UUID, limits: Own) -> Install:
    """Replace an install's own limits; they hold from its next call. Raises InstallNotFound."""
    install = get_install(ctx, install_id, lock=True)
    before, install.limits = install.limits or {}, {name: value for name, value in limits.items() if value is not None} or None
    changed = {name: [before.get(name), value] for name, value in limits.items() if before.get(name) != value}
    if changed:
        audit.record(ctx, "extension.limited", kind=KIND, row_id=install.id, label=install.name, changes=changed)
    return install


def change_limits(ctx: CallContext, install_id: UUID, changes: Mapping[str, str]) -> Install:
    """Change some of an install's own limits, given as text; an empty one is again as the platform has it.

    Raises InvalidInput by the limit's name, InstallNotFound.
    """
    install = get_install(ctx, install_id, lock=True)
    wanted = {**(install.limits or {}), **{name: value.strip() or None for name, value in changes.items()}}
    try:
        return set_limits(ctx, install_id, LimitsIn().load(wanted))
    except ValidationError as error:
        words = field_errors(error.normalized_messages())  # type: ignore[no-untyped-call]
        raise InvalidInput("Some limits need another value.", errors=words) from None


def narrowed(limits: Limits, own: Own) -> Limits:
    """Of each limit the smaller one."""
    return replace(
        limits,
        cpu_seconds=min(limits.cpu_seconds, own.get("cpu_seconds", limits.cpu_seconds)),
        wall_seconds=min(limits.wall_seconds, own.get("wall_seconds", limits.wall_seconds)),
        memory_bytes=min(limits.memory_bytes, own.get("memory_mib", limits.memory_bytes) * MIB),
        host_calls=min(limits.host_calls, own.get("host_calls", limits.host_calls)),
        http_calls=min(limits.http_calls, own.get("http_calls", limits.http_calls)),
    )


def pace(own: Own) -> tuple[int, float]:
    """The burst, and the calls a second after it."""
    per_second = min(own.get("per_second", PER_SECOND), PER_SECOND)
    return max(round(BURST * per_second / PER_SECOND), 1), per_second
