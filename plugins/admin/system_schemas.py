"""What goes in and out of the interfaces for plugins, keys, tokens, jobs, the audit trail and the company."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kernel.api.listing import filtered, page_schema
from kernel.jobs.models import ENDED, LIVE
from plugins.admin.schemas import NAME, locale


class PluginOut(Schema):
    name = fields.String()
    title = fields.String()
    summary = fields.String()
    requires = fields.List(fields.String())
    required = fields.Boolean()
    enabled = fields.Boolean()
    has_settings = fields.Boolean()


class PluginList(Schema):
    items = fields.List(fields.Nested(PluginOut))


class SwitchedOut(Schema):
    enabled = fields.Boolean()
    changed = fields.List(fields.String(), metadata={"description": "Names of the plugins that changed."})


class ApiKeyIn(Schema):
    name = fields.String(required=True, validate=NAME)
    scopes = fields.List(
        fields.String(), metadata={"description": "Permissions; none: all that the user may do.", "example": ["client.read"]}
    )
    expires_at = fields.AwareDateTime(allow_none=True)
    user_id = fields.UUID(metadata={"description": "For another user: needs api_key.manage."})


class ApiKeyOut(Schema):
    id = fields.UUID()
    name = fields.String()
    user_id = fields.UUID()
    hint = fields.String(metadata={"description": "The key's last four characters."})
    scopes = fields.List(fields.String())
    created_at = fields.AwareDateTime()
    expires_at = fields.AwareDateTime(allow_none=True)
    revoked_at = fields.AwareDateTime(allow_none=True)
    seen_at = fields.AwareDateTime(allow_none=True)


class ApiKeyMade(ApiKeyOut):
    key = fields.String(metadata={"description": "The key itself, shown only now."})


ApiKeyQuery = filtered(everyone=fields.Boolean(metadata={"description": "Keys of all users: needs api_key.manage."}))
ApiKeyPage = page_schema(ApiKeyOut)


class TokenIn(Schema):
    tenant = fields.String(required=True, metadata={"description": "The company's short name."})
    email = fields.Email(required=True)
    password = fields.String(required=True, load_only=True)
    code = fields.String(load_only=True, metadata={"description": "The one-time code, where the user has an authenticator."})
    scopes = fields.List(fields.String(), metadata={"description": "Narrow the token to these permissions."})


class TokenOut(Schema):
    access_token = fields.String()
    token_type = fields.String()
    expires_in = fields.Integer(metadata={"description": "Seconds."})


class JobRow(Schema):
    id = fields.UUID()
    kind = fields.String()
    state = fields.String()
    attempts = fields.Integer()
    progress_done = fields.Integer()
    progress_total = fields.Integer(allow_none=True)
    actor_name = fields.String()
    created_at = fields.AwareDateTime()
    due_at = fields.AwareDateTime()
    started_at = fields.AwareDateTime(allow_none=True)
    finished_at = fields.AwareDateTime(allow_none=True)


class JobOut(JobRow):
    key = fields.String(allow_none=True)
    args = fields.Dict()
    max_attempts = fields.Integer()
    progress_note = fields.String()
    cancel_requested = fields.Boolean()
    result = fields.Raw(allow_none=True)
    error = fields.Raw(allow_none=True)
    caused_by = fields.UUID(allow_none=True)
    request_id = fields.String()


class HistoryOut(Schema):
    occurred_at = fields.AwareDateTime()
    state = fields.String()
    attempt = fields.Integer()
    note = fields.String()


class HistoryList(Schema):
    items = fields.List(fields.Nested(HistoryOut))


JobQuery = filtered(state=fields.String(validate=validate.OneOf(LIVE + ENDED)), kind=fields.String())
JobPage = page_schema(JobRow)


class AuditRow(Schema):
    id = fields.UUID()
    occurred_at = fields.AwareDateTime()
    action = fields.String()
    kind = fields.String()
    row_id = fields.UUID(allow_none=True)
    label = fields.String()
    changes = fields.Dict()
    actor_kind = fields.String()
    actor_id = fields.UUID(allow_none=True)
    actor_name = fields.String()
    on_behalf_of = fields.UUID(allow_none=True)
    author = fields.String(allow_none=True)
    request_id = fields.String()


AuditQuery = filtered(
    kind=fields.String(), action=fields.String(), row_id=fields.UUID(), actor_id=fields.UUID(),
    actor_kind=fields.String(), occurred_at=fields.AwareDateTime(),
)  # fmt: skip
AuditPage = page_schema(AuditRow)


class TenantOut(Schema):
    id = fields.UUID()
    slug = fields.String()
    name = fields.String()
    host = fields.String(allow_none=True)
    zone = fields.String()
    currency = fields.String()
    locale = fields.String()


class TenantPatch(Schema):
    name = fields.String(validate=NAME)
    zone = fields.String(validate=validate.Length(max=60))
    currency = fields.String(validate=validate.Regexp(r"[A-Z]{3}\Z", error="Write an ISO 4217 code such as EUR."))
    locale = locale()
