"""Invoices on their way by mail, as they go in and out."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from plugins.billing.sending import MOST

_MESSAGE = validate.Length(max=5000)


class SendIn(Schema):
    to = fields.List(fields.Email(), validate=validate.Length(1, MOST),
                     metadata={"description": "Addresses; by default the client's billing address."})  # fmt: skip
    message = fields.String(validate=_MESSAGE, metadata={"description": "The mail's text; by default a short one."})


class SendForm(Schema):
    """The same as people write it: addresses in one line, with commas between them."""

    to = fields.String(required=True, validate=validate.Length(3, 1000))
    message = fields.String(required=True, validate=_MESSAGE)


class SendingOut(Schema):
    id = fields.UUID()
    recipient = fields.String()
    state = fields.String(metadata={"description": "waiting, sent, failed, or unknown."})
    error = fields.String(allow_none=True, metadata={"description": "Why the last try failed."})
    job_id = fields.UUID()
    asked_by = fields.String()
    created_at = fields.AwareDateTime()
    sent_at = fields.AwareDateTime(allow_none=True)


class SendingList(Schema):
    items = fields.List(fields.Nested(SendingOut))
