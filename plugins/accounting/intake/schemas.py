"""Shapes of what may be taken in."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

_KIND = validate.OneOf(("client", "item"))
_STATES = validate.OneOf(("undecided", "open", "make", "link", "skipped", "made", "linked", "failed"))


class OfferQuery(Schema):
    kind = fields.String(load_default="client", validate=_KIND)
    state = fields.String(load_default="", validate=validate.OneOf(("", *_STATES.choices)))
    q = fields.String(load_default="")


class IntakeQuery(OfferQuery):
    """The page also shows the job that was begun; somebody else's has no card."""

    job = fields.String(load_default="", validate=validate.Regexp(r"[0-9a-f-]{36}\Z|\Z"))


class OfferOut(Schema):
    id = fields.UUID()
    external_id = fields.String()
    name = fields.String()
    number = fields.String()
    email = fields.String()
    price = fields.Integer(allow_none=True, metadata={"description": "Minor units of `currency`."})
    currency = fields.String()
    state = fields.String()
    our_id = fields.UUID(allow_none=True, metadata={"description": "What of ours it is, or most likely is."})
    match_name = fields.String()
    match_by = fields.String(metadata={"description": "By what ours is known: `number`, `email` or `name`."})
    detail = fields.String()


class OfferList(Schema):
    items = fields.List(fields.Nested(OfferOut))


class DecisionIn(Schema):
    kind = fields.String(required=True, validate=_KIND)
    choice = fields.String(required=True, validate=validate.OneOf(("make", "link", "skip")))
    newcomer_ids = fields.List(fields.UUID(), required=True, validate=validate.Length(min=1, max=1000))


class DecisionForm(Schema):
    ids = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=1000))


class DecisionOut(Schema):
    rows = fields.Integer()
    job_id = fields.UUID(allow_none=True)


class JobOut(Schema):
    job_id = fields.UUID()
