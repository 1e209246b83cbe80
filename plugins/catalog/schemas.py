"""What goes in and out of the catalog's interfaces."""

from marshmallow import Schema, fields, validate

from kernel.api.listing import filtered, page_schema

_KINDS = ("service", "product", "license")
_METHODS = ("fixed", "hourly", "usage", "per_unit")
_TAX = ("standard", "reduced", "exempt")
_TERMS = ("monthly", "annual", "perpetual")


class PriceIn(Schema):
    currency = fields.String(required=True, validate=validate.Regexp(r"[A-Z]{3}\Z", error="Write an ISO 4217 code such as EUR."))
    amount = fields.Integer(required=True, strict=True, validate=validate.Range(min=0))


class ItemIn(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 255))
    kind = fields.String(required=True, validate=validate.OneOf(_KINDS))
    billing_method = fields.String(validate=validate.OneOf(_METHODS))
    sku = fields.String(allow_none=True, validate=validate.Length(1, 100))
    unit = fields.String(validate=validate.Length(1, 40))
    category = fields.String(allow_none=True, validate=validate.Length(max=100))
    tax_category = fields.String(allow_none=True, validate=validate.OneOf(_TAX))
    license_term = fields.String(allow_none=True, validate=validate.OneOf(_TERMS))
    description = fields.String(validate=validate.Length(max=5000))
    active = fields.Boolean()
    prices = fields.List(fields.Nested(PriceIn))


class ItemPatch(ItemIn):
    name = fields.String(validate=validate.Length(1, 255))
    kind = fields.String(validate=validate.OneOf(_KINDS))


class ItemOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    name = fields.String()
    kind = fields.String()
    billing_method = fields.String()
    sku = fields.String(allow_none=True)
    unit = fields.String()
    category = fields.String(allow_none=True)
    tax_category = fields.String(allow_none=True)
    license_term = fields.String(allow_none=True)
    description = fields.String()
    active = fields.Boolean()
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


class ItemRow(Schema):
    """An item as lists show it; `prices` maps currencies to minor units."""

    id = fields.UUID()
    name = fields.String()
    sku = fields.String(allow_none=True)
    kind = fields.String()
    billing_method = fields.String()
    unit = fields.String()
    category = fields.String(allow_none=True)
    tax_category = fields.String(allow_none=True)
    active = fields.Boolean()
    prices = fields.Dict(keys=fields.String(), values=fields.Integer())
    updated_at = fields.AwareDateTime()


ItemQuery = filtered(
    kind=fields.String(), active=fields.Boolean(), category=fields.String(), sku=fields.String(), billing_method=fields.String()
)
ItemPage = page_schema(ItemRow)


class PriceOut(Schema):
    currency = fields.String()
    amount = fields.Integer()


class PriceList(Schema):
    items = fields.List(fields.Nested(PriceOut))


class PricesIn(Schema):
    prices = fields.List(fields.Nested(PriceIn), required=True)
