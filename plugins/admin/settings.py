"""The tenant's settings of the house itself."""

from marshmallow import Schema, fields


class AdminSettings(Schema):
    """`providers`: where several enabled plugins answer the same ask, the hook's name and the plugin that answers it."""

    providers = fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)
