"""What guests may do with time: log it, for the person they act for or for one they name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from marshmallow import Schema, fields, validate

from kernel.capabilities import GuestCall
from kernel.context import CallContext
from kernel.hookspecs.start import HostFunction, HostInterface
from plugins.timesheets import services
from plugins.timesheets.models import STATES

_END = {"example": "2026-10-01T09:00:00+00:00"}


class NewTime(Schema):
    """Time on a ticket. `item_id` is the service of the catalog that it is billed as."""

    ticket_id = fields.UUID(required=True)
    item_id = fields.UUID(required=True)
    started_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, metadata=_END)
    minutes = fields.Integer(load_default=None, allow_none=True, strict=True, validate=validate.Range(0, 60 * 24 * 31),
                             metadata={"description": "Billable minutes; the whole span unless given."})  # fmt: skip
    notes = fields.String(load_default="", validate=validate.Length(max=5000))
    user_id = fields.UUID(load_default=None, allow_none=True,
                          metadata={"description": "Whose time it is: the acting user's unless given."})  # fmt: skip
    idempotency_key = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 255), metadata={
        "description": "The same key of one install has its effect once, and the first answer again, for a day."})  # fmt: skip


class NewTimeArguments(Schema):
    input = fields.Nested(NewTime, required=True)


class TimeEntry(Schema):
    """An entry; `worked_on` is the day in the tenant's zone."""

    id = fields.UUID(required=True)
    user_id = fields.UUID(required=True)
    client_id = fields.UUID(required=True)
    item_id = fields.UUID(required=True)
    started_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, metadata=_END)
    worked_on = fields.Date(required=True)
    minutes = fields.Integer(required=True)
    notes = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))


def log_time(ctx: CallContext, _invocation: GuestCall, input: Mapping[str, Any]) -> Any:
    """Log time on a ticket; it is approved like any other. Raises what `services.log_time` raises.

    The capability stands for the right to name a colleague.
    """
    facts = {name: value for name, value in input.items() if name not in ("ticket_id", "idempotency_key")}
    trusted = ctx.acting_as(replace(ctx.actor, permissions=ctx.actor.permissions | {"time.approve"}))
    return services.log_time(trusted, work_id=input["ticket_id"], **facts)


TIME = HostInterface("time", "Time spent on tickets.")
HOST_FUNCTIONS = (
    HostFunction("time", "log", "cap:time.write", "Log time on a ticket. It waits for approval like any other.",
                 NewTimeArguments, TimeEntry, log_time, once=True),
)  # fmt: skip
