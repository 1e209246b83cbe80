"""What goes in and out of the timesheets' interfaces."""

from marshmallow import Schema, fields, validate

from kernel.api.listing import filtered, page_schema
from plugins.timesheets.models import STATES

_END = {"example": "2026-10-01T09:00:00+00:00"}
_MINUTES = validate.Range(0, 60 * 24 * 31)


class EntryIn(Schema):
    work_kind = fields.String(load_default="ticket", validate=validate.Length(1, 60))
    work_id = fields.UUID(required=True)
    item_id = fields.UUID(required=True)
    started_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, metadata=_END)
    minutes = fields.Integer(strict=True, validate=_MINUTES)
    notes = fields.String(validate=validate.Length(max=5000))
    user_id = fields.UUID()
    contract_line_id = fields.UUID(allow_none=True)
    rate = fields.Integer(
        strict=True, allow_none=True, validate=validate.Range(0, 10**15, error="Enter a rate that is not below zero.")
    )
    currency = fields.String(allow_none=True, validate=validate.Regexp(r"[A-Z]{3}\Z"))


class EntryPatch(Schema):
    work_id = fields.UUID()
    item_id = fields.UUID()
    started_at = fields.AwareDateTime()
    ended_at = fields.AwareDateTime(metadata=_END)
    minutes = fields.Integer(strict=True, validate=_MINUTES)
    notes = fields.String(validate=validate.Length(max=5000))


class EntryForm(Schema):
    """The web form: without rate and contract line, which come from the contract."""

    work_id = fields.UUID(required=True)
    item_id = fields.UUID(required=True)
    started_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True)
    minutes = fields.Integer(validate=_MINUTES)
    notes = fields.String(validate=validate.Length(max=5000))


class EntryOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    user_id = fields.UUID()
    client_id = fields.UUID()
    work_kind = fields.String()
    work_id = fields.UUID()
    item_id = fields.UUID()
    contract_line_id = fields.UUID(allow_none=True)
    started_at = fields.AwareDateTime()
    ended_at = fields.AwareDateTime(metadata=_END)
    worked_on = fields.Date()
    minutes = fields.Integer()
    rate = fields.Integer(allow_none=True)
    currency = fields.String(allow_none=True)
    notes = fields.String()
    state = fields.String()
    feedback = fields.String(allow_none=True)
    approved_by = fields.UUID(allow_none=True)
    approved_at = fields.AwareDateTime(allow_none=True)
    invoice_id = fields.UUID(allow_none=True)


class EntryRow(Schema):
    """An entry as lists show it."""

    id = fields.UUID()
    user_id = fields.UUID()
    user_name = fields.String()
    client_id = fields.UUID()
    client_name = fields.String()
    work_kind = fields.String()
    work_id = fields.UUID()
    item_id = fields.UUID()
    started_at = fields.AwareDateTime()
    ended_at = fields.AwareDateTime(metadata=_END)
    worked_on = fields.Date()
    minutes = fields.Integer()
    notes = fields.String()
    state = fields.String()
    invoice_id = fields.UUID(allow_none=True)
    updated_at = fields.AwareDateTime()


EntryQuery = filtered(
    user_id=fields.UUID(),
    client_id=fields.UUID(),
    work_id=fields.UUID(),
    item_id=fields.UUID(),
    state=fields.String(validate=validate.OneOf(STATES)),
    worked_on=fields.Date(),
)
EntryPage = page_schema(EntryRow)


class Ids(Schema):
    ids = fields.List(fields.UUID(), required=True, validate=validate.Length(1, 1000))


class Ticked(Schema):
    """Rows that were ticked on a page."""

    ids = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=1000))


class TickedWithReason(Ticked):
    reason = fields.String(load_default="", validate=validate.Length(max=1000))


class IdsWithReason(Ids):
    reason = fields.String(required=True, validate=validate.Length(1, 1000))


class ApproveUntil(Schema):
    until = fields.Date(required=True)
    client_id = fields.UUID()


class Count(Schema):
    count = fields.Integer()


class TimeLogged(Schema):
    entry_id = fields.UUID(required=True)
    user_id = fields.UUID(required=True)
    client_id = fields.UUID(required=True)


class TimeMovedOn(Schema):
    entry_ids = fields.List(fields.UUID(), required=True)
