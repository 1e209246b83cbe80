"""Terms of payment, reminders, late fees, statements and ageing as they go in and out; money in minor units."""

from __future__ import annotations

from decimal import Decimal

from marshmallow import Schema, fields, validate

from kernel.api.listing import filtered, page_schema
from plugins.billing.manual import AMOUNT_ABOVE_ZERO, AMOUNT_FROM_ZERO, MOST_AMOUNT
from plugins.billing.models.receivables import COUNTED_FROM, FEE_KINDS, LETTER_KINDS

_CODE = validate.Regexp(r"[a-z0-9_]{1,40}\Z", error="Write small letters, digits and underscores, at most 40.")
_NAME = validate.Length(1, 100)
_DAYS = validate.Range(0, 365)
_PERCENT = validate.Range(Decimal(0), Decimal(100))
_AMOUNT = validate.Range(1, MOST_AMOUNT, error=AMOUNT_ABOVE_ZERO)
_CURRENCY = validate.Regexp(r"[A-Z]{3}\Z", error="Write an ISO 4217 code such as EUR.")
_TAXES = validate.OneOf(["exempt", "standard", "reduced"])


class TermsIn(Schema):
    """Due `days` after the invoice date or the end of its month; who pays within `early_days` keeps `early_percent`."""

    code = fields.String(required=True, validate=_CODE)
    name = fields.String(required=True, validate=_NAME)
    counted_from = fields.String(load_default="invoice_date", validate=validate.OneOf(COUNTED_FROM))
    days = fields.Integer(required=True, strict=True, validate=_DAYS, metadata={"example": 30})
    early_percent = fields.Decimal(allow_none=True, allow_nan=False, validate=_PERCENT, metadata={"example": "2"})
    early_days = fields.Integer(allow_none=True, strict=True, validate=_DAYS, metadata={"example": 10})


class TermsPatch(Schema):
    code = fields.String(validate=_CODE)
    name = fields.String(validate=_NAME)
    counted_from = fields.String(validate=validate.OneOf(COUNTED_FROM))
    days = fields.Integer(strict=True, validate=_DAYS, metadata={"example": 30})
    early_percent = fields.Decimal(allow_none=True, allow_nan=False, validate=_PERCENT, metadata={"example": "2"})
    early_days = fields.Integer(allow_none=True, strict=True, validate=_DAYS, metadata={"example": 10})


class TermsOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    code = fields.String()
    name = fields.String()
    counted_from = fields.String()
    days = fields.Integer()
    early_percent = fields.Decimal(as_string=True, allow_none=True)
    early_days = fields.Integer(allow_none=True)
    is_default = fields.Boolean()


class TermsList(Schema):
    items = fields.List(fields.Nested(TermsOut))


class PayerIn(Schema):
    """How a client pays. `terms_id` null: by the tenant's default terms."""

    terms_id = fields.UUID(allow_none=True)
    reminders = fields.Boolean()
    late_fees = fields.Boolean()


class PayerOut(Schema):
    client_id = fields.UUID()
    version = fields.Integer(allow_none=True)
    terms_id = fields.UUID(allow_none=True)
    reminders = fields.Boolean()
    late_fees = fields.Boolean()


class HoldIn(Schema):
    reason = fields.String(required=True, validate=validate.Length(1, 500))


class HoldOut(Schema):
    invoice_id = fields.UUID()
    reason = fields.String()
    held_by = fields.String()
    created_at = fields.AwareDateTime()


class TextIn(Schema):
    """The words of a level in one language, with {client}, {seller}, {invoices}, {total}, {fee} and {level} in them."""

    locale = fields.String(required=True, validate=validate.Regexp(r"[a-z]{2,3}(-[A-Z]{2})?\Z", error="Write en or de-AT."),
                           metadata={"example": "en"})  # fmt: skip
    subject = fields.String(required=True, validate=validate.Length(1, 200))
    body = fields.String(required=True, validate=validate.Length(1, 5000))


class LevelIn(Schema):
    """A reminder so many days after the due date; `fee` is charged on invoices of `fee_currency`."""

    name = fields.String(required=True, validate=_NAME)
    days = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1000), metadata={"example": 900})
    fee = fields.Integer(allow_none=True, strict=True, validate=_AMOUNT, metadata={"example": None})
    fee_currency = fields.String(allow_none=True, validate=_CURRENCY, metadata={"example": None})
    texts = fields.List(fields.Nested(TextIn), validate=validate.Length(max=30))


class LevelPatch(Schema):
    name = fields.String(validate=_NAME)
    days = fields.Integer(strict=True, validate=validate.Range(1, 1000), metadata={"example": 10})
    fee = fields.Integer(allow_none=True, strict=True, validate=_AMOUNT, metadata={"example": None})
    fee_currency = fields.String(allow_none=True, validate=_CURRENCY, metadata={"example": None})
    texts = fields.List(fields.Nested(TextIn), validate=validate.Length(max=30))


class LevelOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    level = fields.Integer()
    name = fields.String()
    days = fields.Integer()
    fee = fields.Integer(allow_none=True)
    fee_currency = fields.String(allow_none=True)
    texts = fields.List(fields.Nested(TextIn))


class LevelList(Schema):
    items = fields.List(fields.Nested(LevelOut))


class RemindedOut(Schema):
    """An invoice in a reminder: at which level, and what is open."""

    invoice_id = fields.UUID()
    number = fields.String()
    due_date = fields.Date()
    days_late = fields.Integer()
    level = fields.Integer()
    new = fields.Boolean(metadata={"description": "It reaches this level with this reminder."})
    currency = fields.String()
    open_amount = fields.Integer()
    fee = fields.Integer(allow_none=True)


class ReminderPlanOut(Schema):
    """The one mail that a client would get now."""

    client_id = fields.UUID()
    client_name = fields.String()
    recipient = fields.String(allow_none=True)
    problem = fields.String(allow_none=True)
    level = fields.Integer()
    subject = fields.String()
    body = fields.String()
    invoices = fields.List(fields.Nested(RemindedOut))


class ReminderPlans(Schema):
    items = fields.List(fields.Nested(ReminderPlanOut))


class ReminderRun(Schema):
    """Without `client_ids` every client that is to be reminded."""

    client_ids = fields.List(fields.UUID(), validate=validate.Length(1, 500))


class RemindersSent(Schema):
    sent = fields.Integer()
    problems = fields.List(fields.Dict(keys=fields.String(), values=fields.String()))


class LetterOut(Schema):
    id = fields.UUID()
    client_id = fields.UUID()
    client_name = fields.String()
    kind = fields.String()
    subject = fields.String()
    body = fields.String()
    recipient = fields.String()
    state = fields.String(metadata={"description": "waiting, sent, failed, or unknown."})
    asked_by = fields.String()
    created_at = fields.AwareDateTime()
    sent_at = fields.AwareDateTime(allow_none=True)


LetterQuery = filtered(client_id=fields.UUID(), kind=fields.String(validate=validate.OneOf(LETTER_KINDS)))
LetterPage = page_schema(LetterOut)


class LateFeeIn(Schema):
    """What being late costs a month in one currency: `percent` of what is open, not less than `minimum`; or a fixed `amount`."""

    currency = fields.String(required=True, validate=_CURRENCY, metadata={"example": "CHF"})
    kind = fields.String(required=True, validate=validate.OneOf(FEE_KINDS), metadata={"example": "percent"})
    percent = fields.Decimal(allow_none=True, allow_nan=False, validate=_PERCENT, metadata={"example": "1.5"})
    amount = fields.Integer(allow_none=True, strict=True, validate=_AMOUNT, metadata={"example": None})
    minimum = fields.Integer(
        load_default=0, strict=True, validate=validate.Range(0, MOST_AMOUNT, error=AMOUNT_FROM_ZERO), metadata={"example": 0}
    )
    grace_days = fields.Integer(load_default=0, strict=True, validate=_DAYS, metadata={"example": 5})
    starts_on = fields.Date(metadata={"description": "Months that began before this day are free; by default today."})
    tax_category = fields.String(load_default="exempt", validate=_TAXES)


class LateFeePatch(Schema):
    kind = fields.String(validate=validate.OneOf(FEE_KINDS), metadata={"example": "percent"})
    percent = fields.Decimal(allow_none=True, allow_nan=False, validate=_PERCENT, metadata={"example": "1.5"})
    amount = fields.Integer(allow_none=True, strict=True, validate=_AMOUNT, metadata={"example": None})
    minimum = fields.Integer(
        strict=True, validate=validate.Range(0, MOST_AMOUNT, error=AMOUNT_FROM_ZERO), metadata={"example": 0}
    )
    grace_days = fields.Integer(strict=True, validate=_DAYS, metadata={"example": 5})
    starts_on = fields.Date()
    tax_category = fields.String(validate=_TAXES)


class LateFeeOut(Schema):
    id = fields.UUID()
    version = fields.Integer()
    currency = fields.String()
    kind = fields.String()
    percent = fields.Decimal(as_string=True, allow_none=True)
    amount = fields.Integer(allow_none=True)
    minimum = fields.Integer()
    grace_days = fields.Integer()
    starts_on = fields.Date()
    tax_category = fields.String()


class LateFeeList(Schema):
    items = fields.List(fields.Nested(LateFeeOut))


class InvoiceOverdue(Schema):
    """Said once of an invoice that was not paid in time; amounts in minor units of `currency`."""

    invoice_id = fields.UUID(required=True)
    number = fields.String(required=True)
    client_id = fields.UUID(required=True)
    currency = fields.String(required=True)
    total = fields.Integer(required=True)
    open_amount = fields.Integer(required=True)
    due_date = fields.Date(required=True)


class ClientReminded(Schema):
    """A client was sent a reminder; `level` is the highest in it."""

    client_id = fields.UUID(required=True)
    level = fields.Integer(required=True)
    invoice_ids = fields.List(fields.UUID(), required=True)


class PeriodQuery(Schema):
    """Both days included; by default from the first of last month until today."""

    first_day = fields.Date()
    last_day = fields.Date()


class StatementSend(PeriodQuery):
    to = fields.Email(metadata={"description": "By default the client's billing address."})


class StatementForm(PeriodQuery):
    """The same as people write it."""

    to = fields.Email(required=True)


class StatementRowOut(Schema):
    entry_id = fields.UUID()
    booked_on = fields.Date()
    kind = fields.String()
    reference = fields.String()
    amount = fields.Integer()
    balance = fields.Integer()


class OpenItemOut(Schema):
    invoice_id = fields.UUID()
    number = fields.String()
    invoice_date = fields.Date()
    due_date = fields.Date()
    total = fields.Integer()
    open_amount = fields.Integer()


class StatementOut(Schema):
    """A client's account in one currency: `closing` = `opening` + rows = open items - `credits` - `prepaid`."""

    client_id = fields.UUID()
    currency = fields.String()
    first_day = fields.Date()
    last_day = fields.Date()
    opening = fields.Integer()
    charged = fields.Integer()
    settled = fields.Integer()
    closing = fields.Integer()
    credits = fields.Integer()
    prepaid = fields.Integer()
    rows = fields.List(fields.Nested(StatementRowOut))
    open_items = fields.List(fields.Nested(OpenItemOut))


class StatementList(Schema):
    items = fields.List(fields.Nested(StatementOut))


class AgeingQuery(Schema):
    on = fields.Date(metadata={"description": "As of the end of this day; by default today."})
    client_id = fields.UUID()


class AgedOut(Schema):
    """What a client owed by how late it was: not due, 1 to 30 days, 31 to 60, 61 to 90, older; and what it had to its credit."""

    client_id = fields.UUID()
    client_name = fields.String()
    currency = fields.String()
    current = fields.Integer()
    days_30 = fields.Integer()
    days_60 = fields.Integer()
    days_90 = fields.Integer()
    older = fields.Integer()
    total = fields.Integer()
    credits = fields.Integer()


class AgeingOut(Schema):
    on = fields.Date()
    items = fields.List(fields.Nested(AgedOut), attribute="rows")
