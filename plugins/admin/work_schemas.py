"""What goes in and out of the interfaces for schedules and for deliveries of events; what the mail room says."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kernel.api.listing import filtered, page_schema
from plugins.admin.deliveries import GIVEN_UP
from plugins.admin.schemas import NAME

_CRON = {"description": "Minute, hour, day, month, weekday.", "example": "0 3 * * 1-5"}


class ScheduleOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    name = fields.String()
    job = fields.String()
    cron = fields.String()
    zone = fields.String()
    enabled = fields.Boolean()
    next_run_at = fields.AwareDateTime(allow_none=True)
    last_run_at = fields.AwareDateTime(allow_none=True)
    upcoming = fields.List(fields.AwareDateTime(), metadata={"description": "The next times, while it is on."})


class ScheduleList(Schema):
    items = fields.List(fields.Nested(ScheduleOut))


class ScheduleIn(Schema):
    name = fields.String(required=True, validate=NAME)
    job = fields.String(required=True, metadata={"description": "A kind of work that can recur.", "example": "admin.tidy"})
    cron = fields.String(required=True, validate=validate.Length(1, 100), metadata=_CRON)
    zone = fields.String(validate=validate.Length(max=60), metadata={"description": "IANA name; by default the company's."})
    enabled = fields.Boolean(load_default=True)


class SchedulePatch(Schema):
    cron = fields.String(validate=validate.Length(1, 100), metadata=_CRON)
    zone = fields.String(validate=validate.Length(max=60))
    enabled = fields.Boolean()


class QueuedOut(Schema):
    job_id = fields.UUID()


class DeliveryOut(Schema):
    id = fields.UUID()
    event_id = fields.UUID()
    event = fields.String()
    subscriber = fields.String(metadata={"description": "The plugin that did not hear the event."})
    state = fields.String()
    attempts = fields.Integer()
    error = fields.Raw(allow_none=True)
    payload = fields.Dict()
    occurred_at = fields.AwareDateTime()
    finished_at = fields.AwareDateTime(allow_none=True)
    actor_name = fields.String()
    request_id = fields.String()


DeliveryQuery = filtered(
    state=fields.String(validate=validate.OneOf(GIVEN_UP)), subscriber=fields.String(), event=fields.String(),
)  # fmt: skip
DeliveryPage = page_schema(DeliveryOut)


class DeliveryState(Schema):
    id = fields.UUID()
    state = fields.String()
    attempts = fields.Integer()


class MailSent(Schema):
    """The mail server took a mail for one recipient."""

    mail_id = fields.String(required=True)
    recipient = fields.String(required=True)
