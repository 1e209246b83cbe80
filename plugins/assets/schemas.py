"""What goes in and out of the assets room's interfaces."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kernel.api.listing import filtered, page_schema
from plugins.assets.models import STATES, TYPES

_TAG = validate.And(validate.Length(1, 100), validate.Regexp(r"\s*\S", error="Write a tag."))
_NAME = validate.And(validate.Length(1, 255), validate.Regexp(r"\s*\S", error="Write a name."))


class AssetIn(Schema):
    client_id = fields.UUID(required=True)
    tag = fields.String(required=True, validate=_TAG, metadata={"description": "What stands on the label; unique."})
    name = fields.String(required=True, validate=_NAME)
    asset_type = fields.String(validate=validate.OneOf(TYPES))
    status = fields.String(validate=validate.OneOf(STATES))
    serial_number = fields.String(allow_none=True, validate=validate.Length(max=100))
    location_id = fields.UUID(allow_none=True)
    contact_id = fields.UUID(allow_none=True)
    purchased_on = fields.Date(allow_none=True)
    warranty_ends_on = fields.Date(allow_none=True)
    notes = fields.String(validate=validate.Length(max=20_000))


class AssetPatch(AssetIn):
    client_id = fields.UUID()
    tag = fields.String(validate=_TAG)
    name = fields.String(validate=_NAME)


class AssetOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    client_id = fields.UUID()
    tag = fields.String()
    name = fields.String()
    asset_type = fields.String()
    status = fields.String()
    serial_number = fields.String(allow_none=True)
    location_id = fields.UUID(allow_none=True)
    contact_id = fields.UUID(allow_none=True)
    purchased_on = fields.Date(allow_none=True)
    warranty_ends_on = fields.Date(allow_none=True)
    notes = fields.String()
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


class AssetRow(Schema):
    """An asset as lists show it."""

    id = fields.UUID()
    tag = fields.String()
    name = fields.String()
    asset_type = fields.String()
    status = fields.String()
    serial_number = fields.String(allow_none=True)
    client_id = fields.UUID()
    client_name = fields.String()
    location_id = fields.UUID(allow_none=True)
    location_name = fields.String(allow_none=True)
    contact_id = fields.UUID(allow_none=True)
    purchased_on = fields.Date(allow_none=True)
    warranty_ends_on = fields.Date(allow_none=True)
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


AssetQuery = filtered(
    client_id=fields.UUID(), location_id=fields.UUID(), contact_id=fields.UUID(), asset_type=fields.String(),
    status=fields.String(), warranty_ends_on=fields.Date(),
    q=fields.String(metadata={"description": "Part of the name, tag or serial number."}),
)  # fmt: skip
AssetPage = page_schema(AssetRow)


class LinkIn(Schema):
    ticket_id = fields.UUID(required=True)


class LinkOut(Schema):
    asset_id = fields.UUID()
    ticket_id = fields.UUID()
    created_at = fields.AwareDateTime()


class LinkList(Schema):
    items = fields.List(fields.Nested(LinkOut))


class AssetChoice(Schema):
    asset_id = fields.UUID(required=True)


class AssetEvent(Schema):
    asset_id = fields.UUID(required=True)
    client_id = fields.UUID(required=True)
