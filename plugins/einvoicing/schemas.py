"""E-invoices and the facts on them as they go in and out."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate, validates_schema

from plugins.einvoicing.models import ATTACHED
from plugins.einvoicing.party_ids import check_endpoint, check_registration

FORMATS = ("ubl", "cii", "factur-x")


class EInvoiceQuery(Schema):
    """`ubl` and `cii` are XML, `factur-x` is the PDF with the CII in it."""

    format = fields.String(load_default="ubl", validate=validate.OneOf(FORMATS))


class ClientFactsIn(Schema):
    """`reference` is what the client wants to read on each invoice (BT-10), such as a Leitweg-ID; `endpoint` its electronic
    address (BT-49) by a scheme of the EAS list, `registration` its number (BT-47) by ISO 6523.
    """

    reference = fields.String(load_default="", validate=validate.Length(max=100), metadata={"example": "04011000-1234512345-06"})
    registration = fields.String(load_default="", validate=validate.Length(max=60))
    registration_scheme = fields.String(load_default="", metadata={"example": ""})
    endpoint = fields.String(load_default="", validate=validate.Length(max=200), metadata={"example": "books@contoso.example"})
    endpoint_scheme = fields.String(load_default="", metadata={"example": "EM"})
    attach = fields.String(load_default="pdf", validate=validate.OneOf(ATTACHED))

    @validates_schema
    def _check_ids(self, data: dict[str, Any], **_: Any) -> None:
        check_registration(data["registration"], data["registration_scheme"])
        check_endpoint(data["endpoint"], data["endpoint_scheme"])


class ClientFactsOut(Schema):
    client_id = fields.UUID()
    version = fields.Integer()
    reference = fields.String()
    registration = fields.String()
    registration_scheme = fields.String()
    endpoint = fields.String()
    endpoint_scheme = fields.String()
    attach = fields.String()


class WantingOut(Schema):
    """A fact that EN 16931 asks for: its business term, what it is, and the page on which it is entered."""

    term = fields.String()
    words = fields.String()
    url = fields.String()


class CheckOut(Schema):
    """Whether an invoice can go out as an e-invoice, and what is in the way."""

    ready = fields.Boolean()
    wanting = fields.List(fields.Nested(WantingOut))
    refusal = fields.String()
