"""What goes in and out of the connections room's interfaces. Secrets and tokens go in at most."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kernel.api.listing import filtered, page_schema

_WORD = validate.Regexp(r"[!-~]+\Z", error="Copy it from the service: letters, digits and signs, no blanks.")
_ID, _SECRET = validate.And(validate.Length(1, 200), _WORD), validate.And(validate.Length(1, 1000), _WORD)
_CLIENT_ID = {"description": "As the service shows it, beside its secret.", "example": "ABq4bE7cKq0eJf2"}


class ApplicationIn(Schema):
    provider = fields.String(required=True, validate=validate.Length(1, 50), metadata={"example": "xero"})
    environment = fields.String(required=True, validate=validate.Length(1, 50), metadata={"example": "production"})
    client_id = fields.String(required=True, validate=_ID, metadata=_CLIENT_ID)
    client_secret = fields.String(required=True, validate=_SECRET, load_only=True, metadata={"description": "Kept sealed."})


class ApplicationPatch(Schema):
    client_id = fields.String(validate=_ID, metadata=_CLIENT_ID)
    client_secret = fields.String(validate=_SECRET, load_only=True, metadata={"description": "Left out: stays as it is."})


class ApplicationOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    provider = fields.String()
    environment = fields.String()
    client_id = fields.String()
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


class ApplicationList(Schema):
    items = fields.List(fields.Nested(ApplicationOut))


class ProviderOut(Schema):
    key = fields.String()
    title = fields.String()
    says = fields.String()
    environments = fields.List(fields.String())


class ProviderList(Schema):
    redirect_address = fields.String(metadata={"description": "To be registered with each service, to the letter."})
    items = fields.List(fields.Nested(ProviderOut))


class ConnectionOut(Schema):
    id = fields.UUID()
    provider = fields.String()
    environment = fields.String()
    account_id = fields.String()
    account_name = fields.String()
    state = fields.String(metadata={"description": "`connected`, `failing` or `withdrawn`."})
    refreshed_at = fields.AwareDateTime(allow_none=True, metadata={"description": "When the service last gave tokens."})
    last_error = fields.String()
    last_error_at = fields.AwareDateTime(allow_none=True)
    next_try_at = fields.AwareDateTime(allow_none=True)
    connected_by = fields.String()
    connected_at = fields.AwareDateTime()


class JobOut(Schema):
    job_id = fields.UUID()


ConnectionQuery = filtered(provider=fields.String(), environment=fields.String(), state=fields.String())
ConnectionPage = page_schema(ConnectionOut)


class ConnectionEvent(Schema):
    connection_id = fields.UUID(required=True)
    provider = fields.String(required=True)
