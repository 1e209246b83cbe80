"""What goes in and out of the catalog's interfaces."""

from marshmallow import Schema, fields, validate

from kernel.api.listing import filtered, page_schema

_KINDS = ("service", "product", "license")
_METHODS = ("fixed", "hourly", "usage", "per_unit")
_TAX = ("standard", "reduced", "exempt")
_TERMS = ("monthly", "annual", "perpetual")
_CADENCES = ("monthly", "annual")
_CODE = validate.Regexp(r"[A-Z]{3}\Z", error="Write an ISO 4217 code such as EUR.")
_MOST = 10**15
AMOUNT = validate.Range(min=0, max=_MOST)
_QUANTITY = validate.Range(min=0, min_inclusive=False, max=10**9)


class PriceIn(Schema):
    """A list price in minor units; `start_on` is its first day, left out it counts from the beginning."""

    currency = fields.String(required=True, validate=_CODE)
    amount = fields.Integer(required=True, strict=True, validate=AMOUNT)
    start_on = fields.Date(allow_none=True)


class ExternalIdRow(Schema):
    """What another system calls an item."""

    system = fields.String(required=True, validate=validate.Length(1, 60))
    value = fields.String(required=True, validate=validate.Length(1, 200))


class ItemIn(Schema):
    """An item; `cost` in minor units of `cost_currency` needs the permission `catalog.read_cost`."""

    name = fields.String(required=True, validate=validate.Length(1, 255))
    kind = fields.String(required=True, validate=validate.OneOf(_KINDS), metadata={"example": "license"})
    billing_method = fields.String(validate=validate.OneOf(_METHODS))
    sku = fields.String(allow_none=True, validate=validate.Length(1, 100))
    unit = fields.String(validate=validate.Length(1, 40))
    category_id = fields.UUID(allow_none=True)
    tax_category = fields.String(allow_none=True, validate=validate.OneOf(_TAX))
    license_term = fields.String(allow_none=True, validate=validate.OneOf(_TERMS))
    license_cadence = fields.String(allow_none=True, validate=validate.OneOf(_CADENCES))
    vendor = fields.String(allow_none=True, validate=validate.Length(1, 200))
    manufacturer = fields.String(allow_none=True, validate=validate.Length(1, 200))
    part_number = fields.String(allow_none=True, validate=validate.Length(1, 100))
    cost = fields.Integer(strict=True, allow_none=True, validate=AMOUNT)
    cost_currency = fields.String(allow_none=True, validate=_CODE, metadata={"example": "EUR"})
    default_quantity = fields.Decimal(places=4, validate=_QUANTITY)
    description = fields.String(validate=validate.Length(max=5000))
    active = fields.Boolean()
    prices = fields.List(fields.Nested(PriceIn), validate=validate.Length(max=500))
    external_ids = fields.List(fields.Nested(ExternalIdRow), validate=validate.Length(max=50))


class ItemPatch(ItemIn):
    name = fields.String(validate=validate.Length(1, 255))
    kind = fields.String(validate=validate.OneOf(_KINDS), metadata={"example": "license"})


class ItemOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    name = fields.String()
    kind = fields.String()
    billing_method = fields.String()
    sku = fields.String(allow_none=True)
    unit = fields.String()
    category_id = fields.UUID(allow_none=True)
    category = fields.String(allow_none=True)
    tax_category = fields.String(allow_none=True)
    license_term = fields.String(allow_none=True)
    license_cadence = fields.String(allow_none=True)
    vendor = fields.String(allow_none=True)
    manufacturer = fields.String(allow_none=True)
    part_number = fields.String(allow_none=True)
    cost = fields.Integer(allow_none=True, metadata={"description": "Absent without the permission catalog.read_cost."})
    cost_currency = fields.String(allow_none=True)
    default_quantity = fields.Decimal(as_string=True)
    external_ids = fields.List(fields.Nested(ExternalIdRow))
    description = fields.String()
    active = fields.Boolean()
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


class ItemRow(Schema):
    """An item as lists show it; `prices` maps currencies to today's list prices in minor units."""

    id = fields.UUID()
    name = fields.String()
    sku = fields.String(allow_none=True)
    kind = fields.String()
    billing_method = fields.String()
    unit = fields.String()
    category_id = fields.UUID(allow_none=True)
    category = fields.String(allow_none=True)
    tax_category = fields.String(allow_none=True)
    vendor = fields.String(allow_none=True)
    manufacturer = fields.String(allow_none=True)
    part_number = fields.String(allow_none=True)
    active = fields.Boolean()
    prices = fields.Dict(keys=fields.String(), values=fields.Integer())
    updated_at = fields.AwareDateTime()


ItemQuery = filtered(
    q=fields.String(metadata={"description": "Part of the name, SKU or part number."}),
    kind=fields.String(validate=validate.OneOf(_KINDS)), active=fields.Boolean(), category_id=fields.UUID(),
    sku=fields.String(metadata={"description": "The whole SKU, whatever its case."}),
    billing_method=fields.String(validate=validate.OneOf(_METHODS)),
)  # fmt: skip
ItemPage = page_schema(ItemRow)


class Switched(Schema):
    """How many items changed."""

    changed = fields.Integer(required=True)


class Ticked(Schema):
    """Rows that were ticked on a page."""

    ids = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=500))


class ItemIds(Schema):
    ids = fields.List(fields.UUID(), required=True, validate=validate.Length(1, 500))
    active = fields.Boolean(required=True)


class PriceOut(Schema):
    currency = fields.String()
    amount = fields.Integer()
    start_on = fields.Date(allow_none=True)


class PriceList(Schema):
    items = fields.List(fields.Nested(PriceOut))


class PricesIn(Schema):
    prices = fields.List(fields.Nested(PriceIn), required=True, validate=validate.Length(max=500))


class CategoryIn(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 100))


class CategoryOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    name = fields.String()
    items = fields.Integer(metadata={"description": "How many items stand under it; in lists."})
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


class CategoryList(Schema):
    items = fields.List(fields.Nested(CategoryOut))


class ClientPriceIn(Schema):
    """A client's own price in minor units; `start_on` is its first day (today, if left out), `end_on` its last."""

    client_id = fields.UUID(required=True)
    item_id = fields.UUID(required=True)
    currency = fields.String(validate=_CODE, metadata={"description": "The client's, if left out."})
    amount = fields.Integer(required=True, strict=True, validate=AMOUNT)
    start_on = fields.Date()
    end_on = fields.Date(allow_none=True)
    note = fields.String(validate=validate.Length(max=500))


class ClientPricePatch(Schema):
    currency = fields.String(validate=_CODE)
    amount = fields.Integer(strict=True, validate=AMOUNT)
    start_on = fields.Date()
    end_on = fields.Date(allow_none=True)
    note = fields.String(validate=validate.Length(max=500))


class ClientPriceOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    client_id = fields.UUID()
    item_id = fields.UUID()
    currency = fields.String()
    amount = fields.Integer()
    start_on = fields.Date()
    end_on = fields.Date(allow_none=True)
    note = fields.String()
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


class ClientPriceRow(ClientPriceOut):
    """A client's price as lists show it."""

    client_name = fields.String()
    item_name = fields.String()
    unit = fields.String()


ClientPriceQuery = filtered(client_id=fields.UUID(), item_id=fields.UUID(), currency=fields.String(), start_on=fields.Date())
ClientPricePage = page_schema(ClientPriceRow)
