"""The tenant's settings of the tax room."""

from marshmallow import Schema, fields, validate


class TaxSettings(Schema):
    """`tax_id` is the tenant's own; the note is printed on every reverse-charge invoice (empty: the standard words)."""

    tax_id = fields.String(load_default="", validate=validate.Length(max=40))
    reverse_charge_note = fields.String(load_default="", validate=validate.Length(max=500))
