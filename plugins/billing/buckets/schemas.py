"""What goes in and out of the interfaces of buckets and working hours."""

from typing import Any

from marshmallow import Schema, fields, validate

_MINUTE = validate.Range(0, 1440)


class SpanIn(Schema):
    """A span of a weekday (1 is Monday), in minutes after midnight: 480 to 1020 is 8:00 to 17:00."""

    weekday = fields.Integer(required=True, strict=True, validate=validate.Range(1, 7))
    begins = fields.Integer(required=True, strict=True, validate=_MINUTE, metadata={"example": 480})
    ends = fields.Integer(required=True, strict=True, validate=_MINUTE, metadata={"example": 1020})


class DayOffIn(Schema):
    day = fields.Date(required=True)
    name = fields.String(validate=validate.Length(max=100))


class WorkingHoursIn(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 100))
    time_zone = fields.String(required=True, validate=validate.Length(1, 64), metadata={"example": "Europe/Berlin"})
    spans = fields.List(fields.Nested(SpanIn), required=True, validate=validate.Length(1, 100))
    days_off = fields.List(fields.Nested(DayOffIn), validate=validate.Length(max=1000))


class WorkingHoursPatch(WorkingHoursIn):
    name = fields.String(validate=validate.Length(1, 100))
    time_zone = fields.String(validate=validate.Length(1, 64), metadata={"example": "Europe/Berlin"})
    spans = fields.List(fields.Nested(SpanIn), validate=validate.Length(1, 100))


class SpanOut(Schema):
    weekday = fields.Integer()
    begins = fields.Integer()
    ends = fields.Integer()


class DayOffOut(Schema):
    day = fields.Date()
    name = fields.String()


class WorkingHoursOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    name = fields.String()
    time_zone = fields.String()
    spans = fields.List(fields.Nested(SpanOut))
    days_off = fields.List(fields.Nested(DayOffOut))


class WorkingHoursList(Schema):
    items = fields.List(fields.Nested(WorkingHoursOut))


class PeriodOut(Schema):
    start = fields.Date()
    end = fields.Date()


class MeterOut(Schema):
    """A bucket in the period that is running: hours or units included, carried over, used by approved work, and beyond."""

    line_id = fields.UUID()
    contract_id = fields.UUID()
    words = fields.String()
    unit = fields.String()
    period = fields.Nested(PeriodOut)
    included = fields.Decimal(as_string=True)
    carried = fields.Decimal(as_string=True)
    used = fields.Decimal(as_string=True)
    beyond = fields.Decimal(as_string=True)
    alert = fields.Boolean()


class MeterList(Schema):
    items = fields.List(fields.Nested(MeterOut))


class SpanForm(Schema):
    """A span as the form has it: the days it holds on, by the clock."""

    weekday = fields.String(required=True, validate=validate.OneOf(("1", "2", "3", "4", "5", "6", "7", "week")))
    begins = fields.Time("%H:%M", required=True)
    ends = fields.Time("%H:%M", required=True)


class WorkingHoursForm(WorkingHoursIn):
    spans = fields.List(fields.Nested(SpanForm), required=True, validate=validate.Length(1, 100))


def as_minutes(data: dict[str, Any]) -> dict[str, Any]:
    """What was typed, as services take it: "week" means Monday to Friday, an end at midnight that of the day."""
    spans = [
        {"weekday": int(day), "begins": _minutes(span["begins"]), "ends": _minutes(span["ends"]) or 1440}
        for span in data["spans"]
        for day in ("12345" if span["weekday"] == "week" else span["weekday"])
    ]
    return {**data, "spans": spans}


def as_clock(view: dict[str, Any]) -> dict[str, Any]:
    """Working hours as the form shows them."""
    spans = [
        {"weekday": str(one["weekday"]), "begins": _clock(one["begins"]), "ends": _clock(one["ends"])} for one in view["spans"]
    ]
    return {**view, "spans": spans}


def _minutes(value: Any) -> int:
    minutes: int = value.hour * 60 + value.minute
    return minutes


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"
