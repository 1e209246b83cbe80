"""The tenant's settings of the tax room."""

from marshmallow import Schema, fields, validate


class TaxSettings(Schema):
    """`tax_id` is the tenant's own, of `tax_country` (empty: read from the id); the note is printed on every reverse-charge
    invoice (empty: the words of the law, in the client's language). With `tax_source` external, amounts are imported for
    each draft; `client_may_differ` lets clients have another source than the tenant.
    """

    tax_id = fields.String(load_default="", validate=validate.Length(max=40))
    tax_country = fields.String(load_default="", validate=validate.Regexp(r"([A-Za-z]{2})?\Z", error="Two letters, such as DE."))
    tax_source = fields.String(
        load_default="internal",
        validate=validate.OneOf(["internal", "external"]),
        metadata={
            "title": "Taxes are reckoned",
            "choices": {"internal": "Here, by the rates", "external": "Elsewhere, and imported"},
        },
    )
    client_may_differ = fields.Boolean(load_default=False, metadata={"title": "A client may have another source"})
    reverse_charge_note = fields.String(load_default="", validate=validate.Length(max=500))
