"""Credits as they go in and out, in minor units of the `currency` beside."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kernel.api.listing import filtered, page_schema
from plugins.billing.credits.listing import STATES
from plugins.billing.credits.rules import ORDERS
from plugins.billing.manual import AMOUNT_ABOVE_ZERO, MOST_AMOUNT
from plugins.billing.payments import METHODS
from plugins.billing.said import LONGEST_REASON

_REASON = validate.Length(1, LONGEST_REASON)
_AMOUNT = validate.Range(1, MOST_AMOUNT, error=AMOUNT_ABOVE_ZERO)


class CreditOut(Schema):
    """`remaining` of `amount` is left; it can be used until the end of `expires_on`, for ever if that is null."""

    id = fields.UUID()
    version = fields.Integer()
    client_id = fields.UUID()
    client_name = fields.String()
    state = fields.String()
    origin = fields.String()
    currency = fields.String()
    amount = fields.Integer()
    remaining = fields.Integer()
    invoice_id = fields.UUID(allow_none=True)
    payment_id = fields.UUID(allow_none=True)
    transferred_from_id = fields.UUID(allow_none=True)
    reason = fields.String()
    expires_on = fields.Date(allow_none=True)
    created_at = fields.AwareDateTime()


CreditQuery = filtered(
    client_id=fields.UUID(),
    currency=fields.String(),
    state=fields.String(validate=validate.OneOf(STATES)),
    origin=fields.String(validate=validate.OneOf(["credit_note", "payment", "prepayment", "grant", "transfer"])),
    expires_on=fields.Date(),
)
CreditPage = page_schema(CreditOut)


class MovementOut(Schema):
    """What happened to a credit; the amounts of all come to what is left."""

    id = fields.UUID()
    kind = fields.String()
    amount = fields.Integer()
    invoice_id = fields.UUID(allow_none=True)
    other_credit_id = fields.UUID(allow_none=True)
    entry_id = fields.UUID()
    reason = fields.String()
    moved_on = fields.Date()
    moved_at = fields.AwareDateTime()
    actor_name = fields.String()


class CreditTold(CreditOut):
    movements = fields.List(fields.Nested(MovementOut))


class GrantIn(Schema):
    """A credit out of goodwill. Without `currency` the client's; without `expires_on` as the rules say."""

    client_id = fields.UUID(required=True)
    amount = fields.Integer(strict=True, required=True, validate=_AMOUNT)
    currency = fields.String(validate=validate.Length(equal=3))
    reason = fields.String(required=True, validate=_REASON)
    expires_on = fields.Date(allow_none=True, metadata={"example": None})


class GrantForm(Schema):
    """The same on a page of one client; `idempotency_key` keeps what is sent twice from being given twice."""

    amount = fields.Integer(strict=True, required=True, validate=_AMOUNT)
    reason = fields.String(required=True, validate=_REASON)
    expires_on = fields.Date(allow_none=True)
    idempotency_key = fields.String(validate=validate.Length(1, 100))


class TransferIn(Schema):
    """Without `amount` all that is left."""

    client_id = fields.UUID(required=True)
    amount = fields.Integer(strict=True, validate=_AMOUNT)
    reason = fields.String(required=True, validate=_REASON)


class ExpiryPatch(Schema):
    expires_on = fields.Date(required=True, allow_none=True)


class ExpiryForm(Schema):
    expires_on = fields.Date(load_default=None, allow_none=True)


class ReasonIn(Schema):
    reason = fields.String(required=True, validate=_REASON)


class RefundIn(Schema):
    amount = fields.Integer(strict=True, required=True, validate=_AMOUNT)
    refunded_on = fields.Date()
    method = fields.String(load_default="bank_transfer", validate=validate.OneOf(METHODS))
    reference = fields.String(load_default="", validate=validate.Length(max=200))


class PaymentRefundForm(RefundIn):
    """`refunded_before` is what had gone back when the form was opened, so that what is sent twice is paid once."""

    refunded_before = fields.Integer(load_default=None, allow_none=True)


class RefundOut(Schema):
    id = fields.UUID()
    client_id = fields.UUID()
    payment_id = fields.UUID(allow_none=True)
    credit_id = fields.UUID(allow_none=True)
    amount = fields.Integer()
    currency = fields.String()
    refunded_on = fields.Date()
    method = fields.String()
    reference = fields.String()
    recorded_by = fields.String()
    taken_back_at = fields.AwareDateTime(allow_none=True)


class ApplicationOut(Schema):
    """A credit, or part of it, that paid an invoice."""

    id = fields.UUID()
    credit_id = fields.UUID()
    invoice_id = fields.UUID()
    amount = fields.Integer()
    applied_on = fields.Date()
    reversed_at = fields.AwareDateTime(allow_none=True)


class ApplicationList(Schema):
    items = fields.List(fields.Nested(ApplicationOut))


class RuleIn(Schema):
    """What a client has of its own; null: as the tenant has it. `expiry_days` 0: never."""

    auto_apply = fields.Boolean(load_default=None, allow_none=True)
    expiry_days = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(0, 3650))
    apply_order = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(ORDERS))


class RuleOut(RuleIn):
    client_id = fields.UUID()
    version = fields.Integer()


class FindingOut(Schema):
    """A difference: `actual` is there where `expected` should be."""

    id = fields.UUID()
    version = fields.Integer()
    kind = fields.String()
    client_id = fields.UUID()
    client_name = fields.String()
    credit_id = fields.UUID(allow_none=True)
    invoice_id = fields.UUID(allow_none=True)
    currency = fields.String()
    expected = fields.Integer()
    actual = fields.Integer()
    state = fields.String()
    reason = fields.String()
    found_at = fields.AwareDateTime()
    closed_at = fields.AwareDateTime(allow_none=True)
    closed_by = fields.String()


FindingQuery = filtered(
    client_id=fields.UUID(),
    kind=fields.String(validate=validate.OneOf(["ledger", "remaining", "applied", "settled"])),
    state=fields.String(validate=validate.OneOf(["open", "gone", "adjusted", "no_action"])),
)
FindingPage = page_schema(FindingOut)


class CheckOut(Schema):
    """How many differences are new."""

    new_findings = fields.Integer()


class ResolveIn(Schema):
    """`adjusted` books the difference; `no_action` only notes why."""

    how = fields.String(required=True, validate=validate.OneOf(["adjusted", "no_action"]))
    reason = fields.String(required=True, validate=_REASON)
