"""What goes in and out of the interfaces for users, roles, teams and one's own profile."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kernel.api.listing import filtered, page_schema
from kernel.passwords import MAX_LENGTH, MIN_LENGTH

NAME = validate.Length(1, 120)
_EMAIL = validate.Length(max=254)
_PHRASE = "correct horse battery"
_PASSWORD = validate.Length(MIN_LENGTH, MAX_LENGTH)
_LOCALE = validate.Regexp(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*\Z", error="Write a locale such as en or de-AT.")


def locale(**options: object) -> fields.String:
    """A field for a BCP 47 language tag."""
    return fields.String(validate=_LOCALE, **options)  # type: ignore[arg-type]


class UserIn(Schema):
    name = fields.String(required=True, validate=NAME)
    email = fields.Email(required=True, validate=_EMAIL)
    password = fields.String(
        load_only=True, validate=_PASSWORD, metadata={"description": "Without: no sign-in yet.", "example": _PHRASE}
    )
    billing_role = fields.String(allow_none=True, validate=validate.Length(max=100))
    locale = locale(allow_none=True)
    role_ids = fields.List(fields.UUID())


class UserPatch(Schema):
    name = fields.String(validate=NAME)
    email = fields.Email(validate=_EMAIL)
    billing_role = fields.String(allow_none=True, validate=validate.Length(max=100))
    locale = locale(allow_none=True)
    role_ids = fields.List(fields.UUID())


class RoleRef(Schema):
    id = fields.UUID()
    name = fields.String()


class UserOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    name = fields.String()
    email = fields.String()
    active = fields.Boolean()
    billing_role = fields.String(allow_none=True)
    locale = fields.String(allow_none=True)
    totp_enabled = fields.Boolean()
    has_password = fields.Boolean()
    last_login_at = fields.AwareDateTime(allow_none=True)
    roles = fields.List(fields.Nested(RoleRef))
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


class UserRow(Schema):
    """A user as lists show it; `roles` are names."""

    id = fields.UUID()
    name = fields.String()
    email = fields.String()
    active = fields.Boolean()
    billing_role = fields.String(allow_none=True)
    totp_enabled = fields.Boolean()
    has_password = fields.Boolean()
    last_login_at = fields.AwareDateTime(allow_none=True)
    roles = fields.List(fields.String())
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


UserQuery = filtered(active=fields.Boolean(), q=fields.String(metadata={"description": "Part of the name or address."}))
UserPage = page_schema(UserRow)


class PasswordIn(Schema):
    password = fields.String(required=True, load_only=True, validate=_PASSWORD, metadata={"example": _PHRASE})


class RolesIn(Schema):
    role_ids = fields.List(fields.UUID(), required=True)


class RoleIn(Schema):
    name = fields.String(required=True, validate=NAME)
    permissions = fields.List(fields.String(), metadata={"example": ["client.read"]})


class RolePatch(Schema):
    name = fields.String(validate=NAME)
    permissions = fields.List(fields.String(), metadata={"example": ["client.read"]})


class RoleOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    name = fields.String()
    key = fields.String(allow_none=True)
    grants_all = fields.Boolean()
    permissions = fields.List(fields.String())
    users = fields.Integer(metadata={"description": "How many users have it."})


class RoleList(Schema):
    items = fields.List(fields.Nested(RoleOut))


class TeamIn(Schema):
    name = fields.String(required=True, validate=NAME)
    members = fields.List(fields.UUID())
    leads = fields.List(fields.UUID(), metadata={"description": "Leads are members too."})


class TeamPatch(TeamIn):
    name = fields.String(validate=NAME)


class MemberOut(Schema):
    id = fields.UUID()
    name = fields.String()
    is_lead = fields.Boolean()


class TeamOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    name = fields.String()
    members = fields.List(fields.Nested(MemberOut))


class TeamList(Schema):
    items = fields.List(fields.Nested(TeamOut))


class PermissionOut(Schema):
    name = fields.String()
    title = fields.String()
    plugin = fields.String()


class PermissionList(Schema):
    items = fields.List(fields.Nested(PermissionOut))


class MePatch(Schema):
    name = fields.String(validate=NAME)
    locale = locale(allow_none=True)


class MeOut(Schema):
    id = fields.UUID()
    name = fields.String()
    email = fields.String()
    locale = fields.String(allow_none=True)
    totp_enabled = fields.Boolean()
    permissions = fields.List(fields.String())
    tenant = fields.String()


class OwnPasswordIn(Schema):
    present_password = fields.String(required=True, load_only=True)
    password = fields.String(required=True, load_only=True, validate=_PASSWORD, metadata={"example": _PHRASE})


class PresentPasswordIn(Schema):
    present_password = fields.String(required=True, load_only=True)


class CodeIn(Schema):
    code = fields.String(required=True, load_only=True, validate=validate.Length(6, 12), metadata={"example": "123456"})


class TotpOut(Schema):
    address = fields.String(metadata={"description": "otpauth:// address, shown as a QR code by the web page."})


class SessionOut(Schema):
    id = fields.UUID()
    address = fields.String()
    agent = fields.String()
    created_at = fields.AwareDateTime()
    seen_at = fields.AwareDateTime()
    current = fields.Boolean()


class SessionList(Schema):
    items = fields.List(fields.Nested(SessionOut))
