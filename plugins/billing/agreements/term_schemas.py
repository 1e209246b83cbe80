"""What goes in and out of the interfaces of price schedules and discounts."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from plugins.billing.contracts.schemas import money_field

_NOTE = validate.Length(max=500)
_PERCENT = validate.Range(0, 100)


class PricePatch(Schema):
    amount = money_field()
    start_on = fields.Date()
    end_on = fields.Date(allow_none=True, metadata={"example": None})
    note = fields.String(validate=_NOTE)


class PriceOfLineIn(PricePatch):
    amount = money_field(required=True)
    start_on = fields.Date(required=True)
    item_id = fields.UUID(allow_none=True)


class PriceIn(PriceOfLineIn):
    line_id = fields.UUID(required=True)


class PriceOut(Schema):
    """A dated price in minor units: of a whole period of the line, or of one unit of the item."""

    id = fields.UUID()
    version = fields.Integer()
    line_id = fields.UUID()
    item_id = fields.UUID(allow_none=True)
    amount = fields.Integer()
    start_on = fields.Date()
    end_on = fields.Date(allow_none=True)
    note = fields.String()
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


class PriceList(Schema):
    items = fields.List(fields.Nested(PriceOut))


class DiscountPatch(Schema):
    description = fields.String(validate=validate.Length(1, 255))
    percent = fields.Decimal(as_string=True, allow_none=True, validate=_PERCENT, metadata={"example": "10"})
    fixed = money_field(allow_none=True, metadata={"example": None})
    start_on = fields.Date()
    end_on = fields.Date(allow_none=True, metadata={"example": None})


class DiscountIn(DiscountPatch):
    description = fields.String(required=True, validate=validate.Length(1, 255))
    start_on = fields.Date(required=True)
    line_id = fields.UUID(allow_none=True)


class DiscountOut(Schema):
    """A discount: `percent` of each line, or `fixed` minor units once for each period."""

    id = fields.UUID()
    version = fields.Integer()
    contract_id = fields.UUID()
    line_id = fields.UUID(allow_none=True)
    description = fields.String()
    percent = fields.Decimal(as_string=True, allow_none=True)
    fixed = fields.Integer(allow_none=True)
    start_on = fields.Date()
    end_on = fields.Date(allow_none=True)
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


class DiscountList(Schema):
    items = fields.List(fields.Nested(DiscountOut))
