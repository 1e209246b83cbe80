"""What goes in and out of the interfaces of billing cycles."""

from marshmallow import Schema, fields, validate

from plugins.billing.contracts.schemas import CYCLES


class CycleIn(Schema):
    """In which cycle a client is billed, where its periods begin, and from when on (left out: after the running one)."""

    cycle = fields.String(required=True, validate=validate.OneOf(CYCLES))
    weekday = fields.Integer(validate=validate.Range(1, 7), metadata={"description": "ISO weekday, for weeks", "example": 1})
    reference_on = fields.Date(allow_none=True, metadata={"description": "A first day, for every other week", "example": None})
    month = fields.Integer(validate=validate.Range(1, 12), metadata={"description": "Of the year, for quarters and longer"})
    day = fields.Integer(validate=validate.Range(1, 28), metadata={"description": "Of the month"})
    starts_on = fields.Date(allow_none=True, metadata={"example": None})


class CycleOut(Schema):
    starts_on = fields.Date(allow_none=True)
    cycle = fields.String()
    weekday = fields.Integer()
    reference_on = fields.Date(allow_none=True)
    month = fields.Integer()
    day = fields.Integer()


class RunningPeriod(Schema):
    start = fields.Date()
    end = fields.Date()


class BillingCycleOut(CycleOut):
    """How a client is billed today; `running` is the period that is under way, `history` every cycle there was or will be."""

    running = fields.Nested(RunningPeriod)
    history = fields.List(fields.Nested(CycleOut))
