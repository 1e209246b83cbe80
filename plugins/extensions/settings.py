"""The tenant's settings of extensions."""

from marshmallow import Schema, fields, validate

POLICIES = ("warn", "require")


class ExtensionSettings(Schema):
    """`signatures`: whether releases without a signature are refused (`require`) or only marked as such (`warn`)."""

    signatures = fields.String(load_default="warn", validate=validate.OneOf(POLICIES))
