"""What goes in and out of the interfaces of contracts and usage."""

from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from kernel.api.listing import filtered, page_schema

KINDS = ("fixed", "hourly", "usage", "product", "license", "bucket")
CYCLES = ("weekly", "bi_weekly", "monthly", "quarterly", "semi_annual", "annual")
TIMINGS = ("advance", "arrears")
STATUSES = ("draft", "active")
PO_POLICIES = ("park", "warn")
RENEWALS = ("none", "manual", "auto")
CADENCES = ("calendar", "anniversary", "client")
UNITS = ("hour", "each")
OVERTIME_PER = ("day", "week")
CURRENCY = validate.Regexp(r"[A-Z]{3}\Z", error="Write an ISO 4217 code such as EUR.")
MINUTES = validate.Range(0, 1440)
_MOST = Decimal(10_000_000_000)


def _four_places(value: Decimal) -> None:
    if not value.is_finite() or value != round(value, 4) or abs(value) >= _MOST:
        raise ValidationError("Give a number below ten thousand million with at most four decimals.")


def quantity_field(*more: validate.Validator, **options: Any) -> fields.Decimal:
    return fields.Decimal(as_string=True, validate=[_four_places, *more], **options)


def multiplier_field(**options: Any) -> fields.Decimal:
    more_than_nothing = validate.Range(min=0, min_inclusive=False, max=99)
    return fields.Decimal(as_string=True, validate=[_four_places, more_than_nothing], **options)


def money_field(**options: Any) -> fields.Integer:
    return fields.Integer(strict=True, validate=validate.Range(0, 10**15), **options)


class TierIn(Schema):
    from_quantity = quantity_field(validate.Range(min=0), required=True)
    to_quantity = quantity_field(allow_none=True, load_default=None)
    unit_price = money_field(required=True)


class ContractItemIn(Schema):
    item_id = fields.UUID(required=True)
    quantity = quantity_field(validate.Range(min=0, min_inclusive=False))
    unit_price = money_field(allow_none=True)
    minimum_quantity = quantity_field(validate.Range(min=0), metadata={"example": "0"})
    tiers = fields.List(fields.Nested(TierIn), validate=validate.Length(max=100), metadata={"example": []})


class RoleRateIn(Schema):
    role = fields.String(required=True, validate=validate.Length(1, 100))
    hourly_rate = money_field(required=True)


class BucketMemberIn(Schema):
    item_id = fields.UUID(required=True)
    multiplier = multiplier_field(metadata={"example": "1"})


class BucketIn(Schema):
    """What a bucket line includes in each period, what more costs, and what draws from it."""

    unit = fields.String(validate=validate.OneOf(UNITS))
    included = quantity_field(validate.Range(min=0), required=True)
    overage_rate = money_field(required=True)
    rollover = fields.Boolean()
    covers_all = fields.Boolean()
    after_hours = multiplier_field(allow_none=True, metadata={"example": None})
    hours_id = fields.UUID(allow_none=True, metadata={"example": None})
    alert_percent = fields.Integer(allow_none=True, validate=validate.Range(1, 100))
    members = fields.List(fields.Nested(BucketMemberIn), validate=validate.Length(max=200))


class LineIn(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 255))
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    cycle = fields.String(validate=validate.OneOf(CYCLES))
    timing = fields.String(validate=validate.OneOf(TIMINGS))
    prorate = fields.Boolean()
    price = money_field(allow_none=True)
    hourly_rate = money_field(allow_none=True, metadata={"example": None})
    minimum_minutes = fields.Integer(strict=True, validate=MINUTES, metadata={"example": 0})
    round_up_minutes = fields.Integer(strict=True, validate=MINUTES, metadata={"example": 0})
    overtime_after = fields.Integer(strict=True, allow_none=True, validate=validate.Range(1, 10_080), metadata={"example": None})
    overtime_per = fields.String(validate=validate.OneOf(OVERTIME_PER))
    overtime_rate = money_field(allow_none=True, metadata={"example": None})
    overtime_factor = multiplier_field(metadata={"example": "1.5"})
    bucket = fields.Nested(BucketIn, allow_none=True, metadata={"example": None})
    location_id = fields.UUID(allow_none=True)
    start_on = fields.Date(allow_none=True)
    end_on = fields.Date(allow_none=True)
    invoice_text = fields.String(validate=validate.Length(max=1000))
    position = fields.Integer(strict=True, validate=validate.Range(1, 10_000))
    items = fields.List(fields.Nested(ContractItemIn), validate=validate.Length(max=200))
    role_rates = fields.List(fields.Nested(RoleRateIn), validate=validate.Length(max=100), metadata={"example": []})


class LinePatch(LineIn):
    name = fields.String(validate=validate.Length(1, 255))
    kind = fields.String(validate=validate.OneOf(KINDS))


class TierOut(Schema):
    from_quantity = fields.Decimal(as_string=True)
    to_quantity = fields.Decimal(as_string=True, allow_none=True)
    unit_price = fields.Integer()


class ContractItemOut(Schema):
    id = fields.UUID()
    item_id = fields.UUID()
    quantity = fields.Decimal(as_string=True)
    unit_price = fields.Integer(allow_none=True)
    minimum_quantity = fields.Decimal(as_string=True)
    tiers = fields.List(fields.Nested(TierOut))


class RoleRateOut(Schema):
    role = fields.String()
    hourly_rate = fields.Integer()


class BucketMemberOut(Schema):
    item_id = fields.UUID()
    multiplier = fields.Decimal(as_string=True)


class BucketOut(Schema):
    unit = fields.String()
    included = fields.Decimal(as_string=True)
    overage_rate = fields.Integer()
    rollover = fields.Boolean()
    covers_all = fields.Boolean()
    after_hours = fields.Decimal(as_string=True, allow_none=True)
    hours_id = fields.UUID(allow_none=True)
    alert_percent = fields.Integer(allow_none=True)
    members = fields.List(fields.Nested(BucketMemberOut))


class LineOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    contract_id = fields.UUID()
    position = fields.Integer()
    name = fields.String()
    kind = fields.String()
    cycle = fields.String()
    timing = fields.String()
    prorate = fields.Boolean()
    price = fields.Integer(allow_none=True)
    hourly_rate = fields.Integer(allow_none=True)
    minimum_minutes = fields.Integer()
    round_up_minutes = fields.Integer()
    overtime_after = fields.Integer(allow_none=True)
    overtime_per = fields.String()
    overtime_rate = fields.Integer(allow_none=True)
    overtime_factor = fields.Decimal(as_string=True)
    bucket = fields.Nested(BucketOut, allow_none=True)
    location_id = fields.UUID(allow_none=True)
    start_on = fields.Date(allow_none=True)
    end_on = fields.Date(allow_none=True)
    invoice_text = fields.String()
    items = fields.List(fields.Nested(ContractItemOut))
    role_rates = fields.List(fields.Nested(RoleRateOut))


class LineList(Schema):
    items = fields.List(fields.Nested(LineOut))


class TermsIn(Schema):
    """A client's order and what happens at the last day; `po_amount` in minor units, with tax."""

    po_number = fields.String(allow_none=True, validate=validate.Length(1, 100))
    po_required = fields.Boolean()
    po_amount = money_field(allow_none=True, metadata={"example": None})
    po_policy = fields.String(validate=validate.OneOf(PO_POLICIES))
    renewal_mode = fields.String(validate=validate.OneOf(RENEWALS), metadata={"example": "none"})
    renewal_months = fields.Integer(allow_none=True, validate=validate.Range(1, 120), metadata={"example": 12})
    notice_days = fields.Integer(validate=validate.Range(0, 3650), metadata={"example": 30})


class ContractIn(TermsIn):
    client_id = fields.UUID(required=True)
    name = fields.String(required=True, validate=validate.Length(1, 255))
    currency = fields.String(validate=CURRENCY)
    start_on = fields.Date(required=True)
    end_on = fields.Date(allow_none=True)
    billed_until = fields.Date(allow_none=True)
    status = fields.String(validate=validate.OneOf(STATUSES))
    cadence = fields.String(validate=validate.OneOf(CADENCES))
    notes = fields.String(validate=validate.Length(max=10_000))
    lines = fields.List(fields.Nested(LineIn), validate=validate.Length(max=200))


class ContractPatch(TermsIn):
    client_id = fields.UUID()
    name = fields.String(validate=validate.Length(1, 255))
    currency = fields.String(validate=CURRENCY)
    start_on = fields.Date()
    end_on = fields.Date(allow_none=True)
    billed_until = fields.Date(allow_none=True)
    status = fields.String(validate=validate.OneOf(STATUSES))
    cadence = fields.String(validate=validate.OneOf(CADENCES))
    notes = fields.String(validate=validate.Length(max=10_000))


class ContractEnd(Schema):
    end_on = fields.Date(required=True)


class ContractOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    client_id = fields.UUID()
    name = fields.String()
    currency = fields.String()
    start_on = fields.Date()
    end_on = fields.Date(allow_none=True)
    billed_until = fields.Date(allow_none=True)
    status = fields.String()
    state = fields.String()
    cadence = fields.String()
    po_number = fields.String(allow_none=True)
    po_required = fields.Boolean()
    po_amount = fields.Integer(allow_none=True)
    po_policy = fields.String()
    renewal_mode = fields.String()
    renewal_months = fields.Integer(allow_none=True)
    notice_days = fields.Integer()
    notes = fields.String()
    lines = fields.List(fields.Nested(LineOut))
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


class ContractRow(Schema):
    """A contract as lists show it; `monthly_value` in minor units: what its recurring lines come to in a month."""

    id = fields.UUID()
    name = fields.String()
    client_id = fields.UUID()
    client_name = fields.String()
    currency = fields.String()
    start_on = fields.Date()
    end_on = fields.Date(allow_none=True)
    status = fields.String()
    state = fields.String()
    po_number = fields.String(allow_none=True)
    monthly_value = fields.Integer(allow_none=True)
    updated_at = fields.AwareDateTime()


ContractQuery = filtered(
    client_id=fields.UUID(), status=fields.String(), state=fields.String(), currency=fields.String(),
    start_on=fields.Date(), name=fields.String(), po_number=fields.String(),
)  # fmt: skip
ContractPage = page_schema(ContractRow)


class DueQuery(Schema):
    until = fields.Date(metadata={"description": "What is due before this day; tomorrow if left out."})


class PeriodOut(Schema):
    start = fields.Date()
    end = fields.Date()


class DueSourceOut(Schema):
    kind = fields.String()
    id = fields.UUID()
    period_key = fields.String()
    amount = fields.Integer()


class DueLineOut(Schema):
    description = fields.String()
    kind = fields.String()
    item_id = fields.UUID(allow_none=True)
    contract_line_id = fields.UUID(allow_none=True)
    location_id = fields.UUID(allow_none=True)
    quantity = fields.Decimal(as_string=True)
    unit = fields.String()
    unit_price = fields.Integer(allow_none=True)
    amount = fields.Integer()
    tax_category = fields.String(allow_none=True)
    service_period = fields.Nested(PeriodOut, allow_none=True)
    tax_point = fields.Date(allow_none=True)
    trace = fields.Raw()
    sources = fields.List(fields.Nested(DueSourceOut))


class DueOut(Schema):
    """What is due on a contract, from which `discount` is taken; `problem` says what is in the way of billing the client."""

    until = fields.Date()
    currency = fields.String()
    amount = fields.Integer()
    discount = fields.Integer()
    lines = fields.List(fields.Nested(DueLineOut))
    problem = fields.Raw(allow_none=True)


class UsageIn(Schema):
    client_id = fields.UUID(required=True)
    item_id = fields.UUID(required=True)
    used_on = fields.Date(required=True)
    quantity = quantity_field(required=True)
    contract_line_id = fields.UUID(allow_none=True)
    note = fields.String(validate=validate.Length(max=1000))


class UsageOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    client_id = fields.UUID()
    item_id = fields.UUID()
    contract_line_id = fields.UUID(allow_none=True)
    used_on = fields.Date()
    quantity = fields.Decimal(as_string=True)
    note = fields.String()
    invoice_id = fields.UUID(allow_none=True)
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


class UsageRow(Schema):
    id = fields.UUID()
    client_id = fields.UUID()
    client_name = fields.String()
    item_id = fields.UUID()
    contract_line_id = fields.UUID(allow_none=True)
    used_on = fields.Date()
    quantity = fields.Decimal(as_string=True)
    note = fields.String()
    billed = fields.Boolean()
    invoice_id = fields.UUID(allow_none=True)
    updated_at = fields.AwareDateTime()


UsageQuery = filtered(
    client_id=fields.UUID(), item_id=fields.UUID(), contract_line_id=fields.UUID(), used_on=fields.Date(),
    billed=fields.Boolean(),
)  # fmt: skip
UsagePage = page_schema(UsageRow)
