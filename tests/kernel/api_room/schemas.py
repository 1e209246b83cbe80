from __future__ import annotations

from marshmallow import Schema, fields, validate

from kernel.api.listing import filtered, page_schema


class PartIn(Schema):
    name = fields.String(required=True)
    rate = fields.Decimal(places=4, as_string=True)


class GadgetIn(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 100))
    currency = fields.String(load_default="EUR", validate=validate.OneOf(["EUR", "USD"]))
    phone = fields.String(allow_none=True)
    parts = fields.List(fields.Nested(PartIn), load_default=list)


class GadgetPatch(Schema):
    name = fields.String(validate=validate.Length(1, 100))


class GadgetOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    currency = fields.String(required=True)
    phone = fields.String(allow_none=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


GadgetPage = page_schema(GadgetOut)
GadgetQuery = filtered(
    name=fields.String(), currency=fields.String(), created_at=fields.AwareDateTime(), account_manager_id=fields.UUID()
)
