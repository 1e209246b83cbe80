"""Shapes of bank entries."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from kernel.api.listing import filtered, page_schema
from plugins.bank_files.models import ENTRY_STATES
from plugins.bank_files.sheets import DATE_ORDERS, FIELDS

_ABOVE_ZERO = validate.Range(min=1, error="Enter an amount above zero.")

EntryQuery = filtered(
    state=fields.String(validate=validate.OneOf(ENTRY_STATES)), account_id=fields.UUID(), file_id=fields.UUID(),
    booked_on=fields.Date(), q=fields.String(metadata={"description": "Part of the name, the words or the account."}),
)  # fmt: skip


class EntryRow(Schema):
    id = fields.UUID()
    account_id = fields.UUID()
    account = fields.String()
    booked_on = fields.Date()
    amount = fields.Integer(metadata={"description": "Minor units; below zero where money went out."})
    matched = fields.Integer(metadata={"description": "What of it is in the books."})
    currency = fields.String()
    name = fields.String()
    iban = fields.String()
    text = fields.String()
    structured = fields.String()
    reference = fields.String()
    state = fields.String()


EntryPage = page_schema(EntryRow)


class ShareIn(Schema):
    invoice_id = fields.UUID(required=True)
    amount = fields.Integer(strict=True, required=True, validate=_ABOVE_ZERO)


class MatchIn(Schema):
    """Without `amount` all that is left; without `shares` the invoices due first are paid first."""

    client_id = fields.UUID(required=True)
    amount = fields.Integer(strict=True, load_default=None, allow_none=True, validate=_ABOVE_ZERO)
    shares = fields.List(fields.Nested(ShareIn), load_default=None, allow_none=True, validate=validate.Length(max=1000))


class MatchOut(Schema):
    id = fields.UUID()
    entry_id = fields.UUID()
    client_id = fields.UUID()
    receipt_id = fields.UUID(metadata={"description": "The payment in the books."})
    amount = fields.Integer()
    matched_by = fields.String()
    matched_at = fields.AwareDateTime()
    undone_by = fields.String(allow_none=True)
    undone_at = fields.AwareDateTime(allow_none=True)


class StatementIn(Schema):
    """A statement: camt.053, or a CSV file whose columns were named for its account before."""

    name = fields.String(required=True, validate=validate.Length(1, 200))
    content = fields.String(
        required=True, metadata={"description": "The file in base64."}, validate=validate.Length(max=28_000_000)
    )
    account = fields.String(load_default="", metadata={"description": "IBAN or number, for CSV.", "example": ""})
    currency = fields.String(load_default="", metadata={"description": "ISO 4217, for CSV.", "example": ""})

    @post_load
    def _decode(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        try:
            return {**data, "content": base64.b64decode(data["content"], validate=True)}
        except (binascii.Error, ValueError) as error:
            raise ValidationError("Send the file in base64.", "content") from error


class StatementOut(Schema):
    id = fields.UUID()
    name = fields.String()
    state = fields.String()
    problem = fields.String()
    found = fields.Integer()
    fresh = fields.Integer(metadata={"description": "Entries that were not there yet."})
    skipped = fields.Integer(metadata={"description": "Entries that were not booked yet."})
    uploaded_by = fields.String()
    uploaded_at = fields.AwareDateTime()


FileQuery = filtered(state=fields.String())
StatementPage = page_schema(StatementOut)


class UploadIn(Schema):
    account = fields.String(load_default="")
    currency = fields.String(load_default="", validate=validate.Length(max=3))


class ColumnsIn(Schema):
    """Which column holds what, counted from 1."""

    date_order = fields.String(load_default="dmy", validate=validate.OneOf(DATE_ORDERS))
    comma = fields.Boolean(load_default=False)


for _name in FIELDS:
    ColumnsIn._declared_fields[_name] = fields.Integer(allow_none=True, load_default=None, validate=validate.Range(1, 200))


class ShareRow(Schema):
    invoice_id = fields.UUID(required=True)
    amount = fields.Integer(
        strict=True, allow_none=True, load_default=None, validate=validate.Range(min=0), metadata={"money": True}
    )


class MatchForm(Schema):
    amount = fields.Integer(strict=True, required=True, validate=_ABOVE_ZERO, metadata={"money": True})
    shares = fields.List(fields.Nested(ShareRow), load_default=list)


class ClientChoice(Schema):
    client_id = fields.UUID(required=True)
