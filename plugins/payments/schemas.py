"""Shapes of online payments."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kernel.api.listing import filtered, page_schema
from plugins.payments.models import KINDS, MOST_INVOICES, STATES

AttemptQuery = filtered(
    client_id=fields.UUID(), state=fields.String(validate=validate.OneOf(STATES)),
    kind=fields.String(validate=validate.OneOf(KINDS)), stuck=fields.Boolean(),
)  # fmt: skip


class AttemptRow(Schema):
    id = fields.UUID()
    client_id = fields.UUID()
    client_name = fields.String()
    kind = fields.String()
    provider = fields.String()
    currency = fields.String()
    amount = fields.Integer(metadata={"description": "What was asked for, in minor units."})
    state = fields.String()
    paid = fields.Integer(metadata={"description": "What came, in minor units."})
    paid_at = fields.AwareDateTime(allow_none=True)
    receipt_id = fields.UUID(allow_none=True, metadata={"description": "The payment in the books."})
    refused_code = fields.String()
    refused_words = fields.String()
    numbers = fields.String(allow_none=True)
    stuck = fields.Boolean(metadata={"description": "Whether the books refused something that the service did."})
    started_at = fields.AwareDateTime()
    ended_at = fields.AwareDateTime(allow_none=True)


AttemptPage = page_schema(AttemptRow)


class LinkIn(Schema):
    invoice_ids = fields.List(fields.UUID(), required=True, validate=validate.Length(1, MOST_INVOICES))


class LinkQuery(Schema):
    """Whose invoices are offered for a payment link."""

    client_id = fields.UUID(load_default=None, allow_none=True)


class LinkForm(Schema):
    ids = fields.List(fields.UUID(), required=True)


class LinkOut(Schema):
    url = fields.String(metadata={"description": "Shown only now; of its secret part only a hash is kept."})


class RefundIn(Schema):
    amount = fields.Integer(
        required=True, strict=True, validate=validate.Range(min=1, error="Enter an amount above zero."), metadata={"money": True}
    )


class RefundOut(Schema):
    id = fields.UUID()
    attempt_id = fields.UUID()
    amount = fields.Integer()
    state = fields.String()
    asked_by = fields.String()
    asked_at = fields.AwareDateTime()


class MandateOut(Schema):
    id = fields.UUID()
    client_id = fields.UUID()
    provider = fields.String()
    label = fields.String()
    given_by = fields.String()
    given_at = fields.AwareDateTime()
    ended_at = fields.AwareDateTime(allow_none=True)
    ended_by = fields.String(allow_none=True)


class MandateList(Schema):
    items = fields.List(fields.Nested(MandateOut))
