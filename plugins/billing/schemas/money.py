"""Payments, credits and the ledger as they go in and out, in minor units of the `currency` beside."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kernel.api.listing import filtered, page_schema
from plugins.billing.manual import MOST_AMOUNT
from plugins.billing.payments import METHODS


class PaymentIn(Schema):
    amount = fields.Integer(strict=True, required=True, validate=validate.Range(1, MOST_AMOUNT))
    received_on = fields.Date()
    method = fields.String(load_default="bank_transfer", validate=validate.OneOf(METHODS))
    reference = fields.String(load_default="", validate=validate.Length(max=200))


class PaymentOut(Schema):
    id = fields.UUID()
    invoice_id = fields.UUID()
    amount = fields.Integer()
    applied = fields.Integer()
    currency = fields.String()
    received_on = fields.Date()
    method = fields.String()
    reference = fields.String()
    recorded_by = fields.String()
    taken_back_at = fields.AwareDateTime(allow_none=True)


class PaymentList(Schema):
    items = fields.List(fields.Nested(PaymentOut))


class ApplyIn(Schema):
    """`amount` defaults to as much as credit and invoice allow."""

    credit_id = fields.UUID(required=True)
    amount = fields.Integer(strict=True, validate=validate.Range(1))


class ApplicationOut(Schema):
    id = fields.UUID()
    credit_id = fields.UUID()
    invoice_id = fields.UUID()
    amount = fields.Integer()
    applied_on = fields.Date()


class CreditOut(Schema):
    id = fields.UUID()
    client_id = fields.UUID()
    client_name = fields.String()
    currency = fields.String()
    amount = fields.Integer()
    remaining = fields.Integer()
    invoice_id = fields.UUID(allow_none=True)
    payment_id = fields.UUID(allow_none=True)
    created_at = fields.AwareDateTime()


CreditQuery = filtered(client_id=fields.UUID(), currency=fields.String())
CreditPage = page_schema(CreditOut)


class PaymentRecorded(Schema):
    """Said of a payment; `invoice_id` where it pays one invoice only."""

    payment_id = fields.UUID(required=True)
    client_id = fields.UUID(required=True)
    invoice_id = fields.UUID(required=True, allow_none=True)
    currency = fields.String(required=True)
    amount = fields.Integer(required=True)


class BalanceOut(Schema):
    currency = fields.String()
    account = fields.String()
    debit = fields.Integer()
    credit = fields.Integer()
    balance = fields.Integer()


class BalanceList(Schema):
    items = fields.List(fields.Nested(BalanceOut))


class UntilQuery(Schema):
    until = fields.Date()


class EntryOut(Schema):
    """A booking; `postings` are amounts by account, debit above zero, together zero."""

    id = fields.UUID()
    booked_on = fields.Date()
    kind = fields.String()
    currency = fields.String()
    client_id = fields.UUID()
    client_name = fields.String()
    source_id = fields.UUID()
    words = fields.String()
    reverses_id = fields.UUID(allow_none=True)
    created_at = fields.AwareDateTime()
    actor_name = fields.String()
    postings = fields.Dict(keys=fields.String(), values=fields.Integer())


EntryQuery = filtered(client_id=fields.UUID(), currency=fields.String(), kind=fields.String(), booked_on=fields.Date())
EntryPage = page_schema(EntryOut)
