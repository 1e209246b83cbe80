"""What goes in and out of publishers' interfaces: keys, revocations, versions taken back, advisories."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kernel.api.listing import filtered, page_schema
from plugins.extensions.models import SEVERITIES
from plugins.extensions.publishers.directory import KEY_STATES, VERSION_STATES


class YankIn(Schema):
    reason = fields.String(required=True, validate=validate.Length(1, 500), metadata={"description": "Why; everybody reads it."})


class AdvisoryIn(Schema):
    """`versions`: those that it is about; none: all."""

    extension = fields.String(required=True, validate=validate.Length(1, 128), metadata={"example": "example.contoso.orders"})
    severity = fields.String(required=True, validate=validate.OneOf(SEVERITIES))
    title = fields.String(required=True, validate=validate.Length(1, 120))
    says = fields.String(required=True, validate=validate.Length(1, 4000))
    versions = fields.List(fields.String(validate=validate.Length(1, 64), metadata={"example": "1.0.0"}), load_default=list,
                           validate=validate.Length(max=200), metadata={"example": []})  # fmt: skip
    mended_in = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 64), metadata={"example": None})


class AdvisoryForm(Schema):
    """An advisory about the extension whose page it stands on."""

    severity = fields.String(required=True, validate=validate.OneOf(SEVERITIES))
    title = fields.String(required=True, validate=validate.Length(1, 120))
    says = fields.String(required=True, validate=validate.Length(1, 4000))
    versions = fields.List(fields.String(validate=validate.Length(1, 64)), load_default=list, validate=validate.Length(max=200))
    mended_in = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 64))


class AdvisoryOut(Schema):
    id = fields.UUID()
    extension = fields.String()
    versions = fields.List(fields.String())
    severity = fields.String(validate=validate.OneOf(SEVERITIES))
    title = fields.String()
    says = fields.String()
    mended_in = fields.String(allow_none=True)
    published_by = fields.String()
    published_at = fields.AwareDateTime()
    withdrawn_at = fields.AwareDateTime(allow_none=True)


AdvisoryPage = page_schema(AdvisoryOut)
AdvisoryQuery = filtered(extension=fields.String())


class PublisherRow(Schema):
    publisher = fields.String()
    extensions = fields.Integer()
    versions = fields.Integer()
    trusted_keys = fields.Integer()
    last_published_at = fields.AwareDateTime(allow_none=True)


class PublisherList(Schema):
    items = fields.List(fields.Nested(PublisherRow))


class PublishersKey(Schema):
    """A key is `new` where it signed and is not trusted yet; `signed` counts the versions that it signed."""

    id = fields.UUID(allow_none=True)
    fingerprint = fields.String()
    state = fields.String(validate=validate.OneOf(KEY_STATES))
    signed = fields.Integer()
    trusted_by = fields.String(allow_none=True)
    trusted_at = fields.AwareDateTime(allow_none=True)
    withdrawn_at = fields.AwareDateTime(allow_none=True)


class PublishedRow(Schema):
    """`latest` is the version that would be installed, `state` its state, `installs` how many use the extension here."""

    name = fields.String()
    title = fields.String()
    versions = fields.Integer()
    latest = fields.String()
    state = fields.String(validate=validate.OneOf(VERSION_STATES))
    installs = fields.Integer()
    published_at = fields.AwareDateTime()


class PublisherOut(Schema):
    publisher = fields.String()
    keys = fields.List(fields.Nested(PublishersKey))
    extensions = fields.List(fields.Nested(PublishedRow))


class KeyIn(Schema):
    publisher = fields.String(required=True, validate=validate.Regexp(r"[a-z][a-z0-9-]{1,62}\Z"), metadata={"example": "contoso"})
    key = fields.String(required=True, validate=validate.Length(1, 100), metadata={"example": "A" * 43 + "="})


class KeyOut(Schema):
    id = fields.UUID()
    publisher = fields.String()
    key = fields.String(metadata={"description": "Ed25519, 32 bytes in base64."})
    fingerprint = fields.String(metadata={"description": "The key's SHA-256 in hex."})
    trusted_by = fields.String()
    trusted_at = fields.AwareDateTime()


class RevocationIn(Schema):
    """`subject`: an extension's name, `name@version`, or the fingerprint of a key."""

    subject = fields.String(required=True, validate=validate.Length(1, 200), metadata={"example": "org.example.orders@1.4.0"})
    reason = fields.String(required=True, validate=validate.Length(1, 500))


class RevocationOut(Schema):
    id = fields.UUID()
    subject = fields.String()
    reason = fields.String()
    revoked_by = fields.String()
    revoked_at = fields.AwareDateTime()


class RevokedEverywhereOut(Schema):
    subject = fields.String()
    reason = fields.String()
    revoked_at = fields.AwareDateTime()


class RevokedEverywhereList(Schema):
    items = fields.List(fields.Nested(RevokedEverywhereOut))


KeyPage, RevocationPage = page_schema(KeyOut), page_schema(RevocationOut)
TrustQuery = filtered()
