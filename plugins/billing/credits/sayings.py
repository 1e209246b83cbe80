"""The events of money that moves besides invoices."""

from __future__ import annotations

from marshmallow import Schema, fields

from kernel.hookspecs.start import EventType
from plugins.billing.schemas.invoices import InvoiceEvent
from plugins.billing.schemas.money import PaymentRecorded


class CreditSaid(Schema):
    """Amounts are minor units of `currency`."""

    credit_id = fields.UUID(required=True)
    client_id = fields.UUID(required=True)
    currency = fields.String(required=True)
    amount = fields.Integer(required=True)


class CreditGiven(CreditSaid):
    origin = fields.String(required=True)


class CreditApplied(CreditSaid):
    invoice_id = fields.UUID(required=True)


class CreditExpiring(CreditSaid):
    """`amount` can be used until the end of the day `expires_on`."""

    expires_on = fields.Date(required=True)
    days_left = fields.Integer(required=True)


class PaymentTakenBack(Schema):
    payment_id = fields.UUID(required=True)
    client_id = fields.UUID(required=True)
    currency = fields.String(required=True)
    amount = fields.Integer(required=True)


class MoneyRefunded(Schema):
    """Of a payment or of a credit, one of them."""

    refund_id = fields.UUID(required=True)
    client_id = fields.UUID(required=True)
    payment_id = fields.UUID(required=True, allow_none=True)
    credit_id = fields.UUID(required=True, allow_none=True)
    currency = fields.String(required=True)
    amount = fields.Integer(required=True)


class MismatchFound(Schema):
    """Credits and ledger differ: `actual` was found where `expected` should be."""

    finding_id = fields.UUID(required=True)
    client_id = fields.UUID(required=True)
    kind = fields.String(required=True)
    currency = fields.String(required=True)
    expected = fields.Integer(required=True)
    actual = fields.Integer(required=True)


EVENTS = (
    EventType("payment.recorded", "A payment of a client was recorded.", PaymentRecorded),
    EventType("payment.taken_back", "A payment was taken back.", PaymentTakenBack),
    EventType("money.refunded", "Money was paid back to a client.", MoneyRefunded),
    EventType("money.refund_taken_back", "A refund was taken back.", MoneyRefunded),
    EventType("credit.given", "A client has a new credit.", CreditGiven),
    EventType("credit.applied", "A credit paid an invoice, or part of it.", CreditApplied),
    EventType("credit.unapplied", "What a credit paid of an invoice was taken back.", CreditApplied),
    EventType("credit.expiring", "A credit can be used for a few days more.", CreditExpiring),
    EventType("credit.expired", "What was left of a credit expired.", CreditSaid),
    EventType("credit.mismatch_found", "The check found that credits and ledger differ.", MismatchFound),
    EventType("invoice.unfinalized", "A finalized invoice is a draft again.", InvoiceEvent),
)
