"""Payments, credits and the ledger as they go in and out, in minor units of the `currency` beside."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kernel.api.listing import filtered, page_schema
from plugins.billing.manual import AMOUNT_ABOVE_ZERO, AMOUNT_FROM_ZERO, LONGEST, MOST_AMOUNT
from plugins.billing.payments import METHODS


class PaymentIn(Schema):
    amount = fields.Integer(strict=True, required=True, validate=validate.Range(1, MOST_AMOUNT, error=AMOUNT_ABOVE_ZERO))
    received_on = fields.Date()
    method = fields.String(load_default="bank_transfer", validate=validate.OneOf(METHODS))
    reference = fields.String(load_default="", validate=validate.Length(max=200))


class AllocationIn(Schema):
    """How much of a payment an invoice gets."""

    invoice_id = fields.UUID(required=True)
    amount = fields.Integer(strict=True, required=True, validate=validate.Range(1, MOST_AMOUNT, error=AMOUNT_ABOVE_ZERO))


class ClientPaymentIn(PaymentIn):
    """Money of a client. Without `allocations` the invoices due first are paid first; the rest becomes a credit."""

    client_id = fields.UUID(required=True)
    currency = fields.String(required=True, validate=validate.Length(equal=3))
    allocations = fields.List(fields.Nested(AllocationIn), allow_none=True, load_default=None, validate=validate.Length(max=500))


class ShareForm(Schema):
    """A row of the form: an open invoice, and what it gets; nothing typed: nothing."""

    invoice_id = fields.UUID(required=True)
    amount = fields.Integer(
        strict=True, allow_none=True, load_default=None, validate=validate.Range(0, MOST_AMOUNT, error=AMOUNT_FROM_ZERO)
    )


class ClientPaymentForm(PaymentIn):
    shares = fields.List(fields.Nested(ShareForm), load_default=list)
    idempotency_key = fields.String(validate=validate.Length(1, 100))


class PaymentFor(Schema):
    """Who paid, and in which currency (by default the client's)."""

    client_id = fields.UUID(required=True)
    currency = fields.String(validate=validate.Length(equal=3))


class PaymentOut(Schema):
    """A payment as an invoice sees it: `applied` is what the invoice has of its `amount`."""

    id = fields.UUID()
    invoice_id = fields.UUID()
    client_id = fields.UUID()
    amount = fields.Integer()
    applied = fields.Integer()
    refunded = fields.Integer()
    currency = fields.String()
    received_on = fields.Date()
    method = fields.String()
    reference = fields.String()
    recorded_by = fields.String()
    taken_back_at = fields.AwareDateTime(allow_none=True)


class PaymentList(Schema):
    items = fields.List(fields.Nested(PaymentOut))


class ShareOut(Schema):
    invoice_id = fields.UUID()
    amount = fields.Integer()


class PaymentTold(Schema):
    """A payment: `applied` of its `amount` pays invoices (`allocations`), `refunded` went back, the rest became a credit."""

    id = fields.UUID()
    client_id = fields.UUID()
    client_name = fields.String()
    amount = fields.Integer()
    applied = fields.Integer()
    refunded = fields.Integer()
    currency = fields.String()
    received_on = fields.Date()
    method = fields.String()
    reference = fields.String()
    recorded_by = fields.String()
    taken_back_at = fields.AwareDateTime(allow_none=True)
    allocations = fields.List(fields.Nested(ShareOut))


class PaymentRow(PaymentTold):
    class Meta:
        exclude = ("allocations",)


PaymentQuery = filtered(
    client_id=fields.UUID(),
    currency=fields.String(),
    method=fields.String(validate=validate.OneOf(METHODS)),
    received_on=fields.Date(),
)
PaymentPage = page_schema(PaymentRow)


class PrepaymentIn(Schema):
    """A prepayment over an amount. Without `currency` the client's; without `due_date` by the client's terms."""

    client_id = fields.UUID(required=True)
    amount = fields.Integer(strict=True, required=True, validate=validate.Range(1, MOST_AMOUNT, error=AMOUNT_ABOVE_ZERO))
    description = fields.String(required=True, validate=validate.Length(1, LONGEST))
    currency = fields.String(validate=validate.Length(equal=3))
    invoice_date = fields.Date()
    due_date = fields.Date()
    notes = fields.String(load_default="", validate=validate.Length(max=5000))


class PrepaymentForm(Schema):
    client_id = fields.UUID(required=True)
    amount = fields.Integer(strict=True, required=True, validate=validate.Range(1, MOST_AMOUNT, error=AMOUNT_ABOVE_ZERO))
    currency = fields.String(required=True, validate=validate.Length(equal=3))
    description = fields.String(required=True, validate=validate.Length(1, LONGEST))
    due_date = fields.Date()
    idempotency_key = fields.String(validate=validate.Length(1, 100))


class ApplyIn(Schema):
    """`amount` defaults to as much as credit and invoice allow."""

    credit_id = fields.UUID(required=True)
    amount = fields.Integer(strict=True, validate=validate.Range(1, error=AMOUNT_ABOVE_ZERO))


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
