"""What goes in and out."""

from marshmallow import Schema, fields, validate

from kernel.api.listing import filtered, page_schema


class EntryIn(Schema):
    client_id = fields.UUID(required=True)
    title = fields.String(required=True, validate=validate.Length(1, 255))


class EntryPatch(EntryIn):
    client_id = fields.UUID()
    title = fields.String(validate=validate.Length(1, 255))


class EntryRow(Schema):
    id = fields.UUID()
    client_id = fields.UUID()
    title = fields.String()
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


class EntryOut(EntryRow):
    version = fields.Integer()


EntryQuery = filtered(client_id=fields.UUID())
EntryPage = page_schema(EntryRow)
