"""What goes in and out of the interfaces for clients."""

from marshmallow import Schema, fields, validate

from kernel.api.listing import filtered, page_schema

_CURRENCY = validate.Regexp(r"[A-Z]{3}\Z", error="Write an ISO 4217 code such as EUR.")
_COUNTRY = validate.Regexp(r"[A-Z]{2}\Z", error="Write an ISO 3166 code such as DE.")
_NAME = validate.Length(1, 255)


class ClientIn(Schema):
    name = fields.String(required=True, validate=_NAME)
    kind = fields.String(validate=validate.OneOf(("company", "individual")))
    currency = fields.String(validate=_CURRENCY)
    email = fields.Email(allow_none=True)
    billing_email = fields.Email(allow_none=True)
    phone = fields.String(allow_none=True, validate=validate.Length(max=60))
    website = fields.String(allow_none=True, validate=validate.Length(max=255))
    notes = fields.String(validate=validate.Length(max=20_000))
    account_manager_id = fields.UUID(allow_none=True)


class ClientPatch(ClientIn):
    name = fields.String(validate=_NAME)


class ClientOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    name = fields.String()
    kind = fields.String()
    status = fields.String()
    currency = fields.String()
    email = fields.String(allow_none=True)
    billing_email = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    website = fields.String(allow_none=True)
    notes = fields.String()
    account_manager_id = fields.UUID(allow_none=True)
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


class ClientRow(Schema):
    """A client as lists show it."""

    id = fields.UUID()
    name = fields.String()
    kind = fields.String()
    status = fields.String()
    currency = fields.String()
    email = fields.String(allow_none=True)
    billing_email = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    city = fields.String(allow_none=True)
    country = fields.String(allow_none=True)
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


ClientQuery = filtered(status=fields.String(), kind=fields.String(), currency=fields.String(), account_manager_id=fields.UUID())
ClientPage = page_schema(ClientRow)


class ReactivateIn(Schema):
    contacts = fields.Boolean(load_default=False)


class LocationIn(Schema):
    name = fields.String(required=True, validate=_NAME)
    country = fields.String(required=True, validate=_COUNTRY)
    line1 = fields.String(validate=validate.Length(max=255))
    line2 = fields.String(validate=validate.Length(max=255))
    postal_code = fields.String(validate=validate.Length(max=30))
    city = fields.String(validate=validate.Length(max=255))
    subdivision = fields.String(validate=validate.Length(max=255))
    is_default = fields.Boolean()


class LocationPatch(LocationIn):
    name = fields.String(validate=_NAME)
    country = fields.String(validate=_COUNTRY)


class LocationOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    client_id = fields.UUID()
    name = fields.String()
    line1 = fields.String()
    line2 = fields.String()
    postal_code = fields.String()
    city = fields.String()
    subdivision = fields.String()
    country = fields.String()
    is_default = fields.Boolean()


class LocationList(Schema):
    items = fields.List(fields.Nested(LocationOut))


class ContactIn(Schema):
    client_id = fields.UUID(required=True)
    name = fields.String(required=True, validate=_NAME)
    email = fields.Email(allow_none=True)
    phone = fields.String(allow_none=True, validate=validate.Length(max=60))
    title = fields.String(allow_none=True, validate=validate.Length(max=100))
    active = fields.Boolean()


class ContactPatch(ContactIn):
    client_id = fields.UUID()
    name = fields.String(validate=_NAME)


class ContactOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    client_id = fields.UUID()
    name = fields.String()
    email = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    title = fields.String(allow_none=True)
    active = fields.Boolean()
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


class ContactRow(Schema):
    """A contact as lists show it."""

    id = fields.UUID()
    name = fields.String()
    client_id = fields.UUID()
    client_name = fields.String()
    email = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    title = fields.String(allow_none=True)
    active = fields.Boolean()
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


ContactQuery = filtered(client_id=fields.UUID(), active=fields.Boolean())
ContactPage = page_schema(ContactRow)
