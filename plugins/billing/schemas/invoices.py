"""Invoices as they go in and out. Money is whole minor units of the `currency` beside it."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kernel.api.listing import filtered, page_schema
from plugins.billing.invoices import LONGEST_PO
from plugins.billing.listing import STATES
from plugins.billing.manual import AMOUNT_ABOVE_ZERO, AMOUNT_FROM_ZERO, LONGEST, LONGEST_REASON
from plugins.billing.schemas.sendings import SendingOut


class LineIn(Schema):
    """A line by hand: of a catalog item, or free text with a rate. `quantity` defaults to the item's usual one, `rate` to
    its price.
    """

    item_id = fields.UUID(allow_none=True)
    description = fields.String(load_default="", validate=validate.Length(max=LONGEST))
    quantity = fields.Decimal(places=None, allow_nan=False)
    rate = fields.Integer(strict=True, allow_none=True)
    tax_category = fields.String(validate=validate.OneOf(["standard", "reduced", "exempt"]))
    location_id = fields.UUID(allow_none=True)
    exemption = fields.String(allow_none=True, validate=validate.Length(max=LONGEST_REASON), metadata={"example": None})


class DiscountIn(Schema):
    """A discount: `percent` or `amount`, of one line (counted from 1), of an item's lines, or of the whole invoice."""

    description = fields.String(required=True, validate=validate.Length(1, LONGEST))
    percent = fields.Decimal(allow_none=True, allow_nan=False)
    amount = fields.Integer(strict=True, allow_none=True)
    line = fields.Integer(allow_none=True)
    item_id = fields.UUID(allow_none=True)


class InvoiceIn(Schema):
    client_id = fields.UUID(required=True)
    currency = fields.String(validate=validate.Length(equal=3))
    invoice_date = fields.Date()
    due_date = fields.Date()
    terms_id = fields.UUID(allow_none=True)
    po_number = fields.String(allow_none=True, validate=validate.Length(max=LONGEST_PO))
    notes = fields.String(validate=validate.Length(max=5000))
    lines = fields.List(fields.Nested(LineIn), required=True, validate=validate.Length(1))
    discounts = fields.List(fields.Nested(DiscountIn), load_default=list)
    finalize = fields.Boolean(load_default=False, metadata={
        "description": "Make it final at once. Needs the permission invoice.finalize as well."})  # fmt: skip


class InvoiceFor(Schema):
    """Whom an invoice is for, and in which currency (by default the client's)."""

    client_id = fields.UUID(required=True)
    currency = fields.String(validate=validate.Length(equal=3))


class InvoicePatch(Schema):
    invoice_date = fields.Date()
    due_date = fields.Date()
    terms_id = fields.UUID(allow_none=True)
    po_number = fields.String(allow_none=True, validate=validate.Length(max=LONGEST_PO))
    notes = fields.String(validate=validate.Length(max=5000))
    lines = fields.List(fields.Nested(LineIn), validate=validate.Length(1))
    discounts = fields.List(fields.Nested(DiscountIn))


class LineOut(Schema):
    id = fields.UUID()
    position = fields.Integer()
    kind = fields.String()
    description = fields.String()
    item_id = fields.UUID(allow_none=True)
    quantity = fields.Decimal(as_string=True)
    unit = fields.String()
    unit_price = fields.Integer(allow_none=True)
    net = fields.Integer()
    discount = fields.Integer()
    tax = fields.Integer()
    total = fields.Integer()
    tax_category = fields.String(allow_none=True)
    location_id = fields.UUID(allow_none=True)
    contract_line_id = fields.UUID(allow_none=True)
    period_start = fields.Date(allow_none=True)
    period_end = fields.Date(allow_none=True)
    credited_line_id = fields.UUID(allow_none=True)
    exemption = fields.String(allow_none=True)


class TaxOut(Schema):
    name = fields.String()
    code = fields.String()
    percent = fields.Decimal(as_string=True)
    base = fields.Integer()
    tax = fields.Integer()
    region = fields.String(allow_none=True)
    note = fields.String(allow_none=True)
    tax_date = fields.Date()


class DiscountOut(Schema):
    description = fields.String()
    percent = fields.Decimal(as_string=True, allow_none=True)
    fixed = fields.Integer(allow_none=True)
    line_position = fields.Integer(allow_none=True)
    item_id = fields.UUID(allow_none=True)
    amount = fields.Integer()


class InvoiceOut(Schema):
    """An invoice or credit note with its lines; `state` says how it stands."""

    id = fields.UUID()
    version = fields.Integer()
    kind = fields.String()
    origin = fields.String()
    status = fields.String()
    state = fields.String()
    number = fields.String()
    client_id = fields.UUID()
    currency = fields.String()
    invoice_date = fields.Date()
    due_date = fields.Date()
    terms_id = fields.UUID(allow_none=True)
    early_percent = fields.Decimal(as_string=True, allow_none=True)
    early_until = fields.Date(allow_none=True)
    po_number = fields.String(allow_none=True)
    notes = fields.String()
    net = fields.Integer()
    discount = fields.Integer()
    subtotal = fields.Integer()
    tax = fields.Integer()
    total = fields.Integer()
    settled = fields.Integer()
    credited = fields.Integer()
    tax_source = fields.String()
    tax_notes = fields.List(fields.String())
    run_id = fields.UUID(allow_none=True)
    credit_of_id = fields.UUID(allow_none=True)
    created_by_kind = fields.String()
    created_by_name = fields.String()
    author = fields.String(allow_none=True)
    finalized_at = fields.AwareDateTime(allow_none=True)
    voided_at = fields.AwareDateTime(allow_none=True)
    void_reason = fields.String()
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()
    lines = fields.List(fields.Nested(LineOut))
    taxes = fields.List(fields.Nested(TaxOut))
    discounts = fields.List(fields.Nested(DiscountOut))
    sendings = fields.List(fields.Nested(SendingOut))


class InvoiceRow(Schema):
    """An invoice as lists show it."""

    id = fields.UUID()
    kind = fields.String()
    origin = fields.String()
    number = fields.String()
    status = fields.String()
    state = fields.String()
    client_id = fields.UUID()
    client_name = fields.String()
    currency = fields.String()
    invoice_date = fields.Date()
    due_date = fields.Date()
    po_number = fields.String(allow_none=True)
    subtotal = fields.Integer()
    tax = fields.Integer()
    total = fields.Integer()
    settled = fields.Integer()
    run_id = fields.UUID(allow_none=True)
    created_by_name = fields.String()
    author = fields.String(allow_none=True)
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()


InvoiceQuery = filtered(
    client_id=fields.UUID(),
    run_id=fields.UUID(),
    credit_of_id=fields.UUID(),
    kind=fields.String(validate=validate.OneOf(["invoice", "credit_note", "prepayment"])),
    status=fields.String(validate=validate.OneOf(["draft", "finalized", "void"])),
    state=fields.String(validate=validate.OneOf(STATES)),
    currency=fields.String(),
    number=fields.String(),
    invoice_date=fields.Date(),
    due_date=fields.Date(),
)
InvoicePage = page_schema(InvoiceRow)


class Ticked(Schema):
    """Rows that were ticked on a page."""

    ids = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=500))


class InvoiceIds(Schema):
    ids = fields.List(fields.UUID(), required=True, validate=validate.Length(1, 500))


class InvoiceNumber(Schema):
    id = fields.UUID()
    number = fields.String()
    status = fields.String()
    total = fields.Integer()
    currency = fields.String()


class InvoiceNumbers(Schema):
    items = fields.List(fields.Nested(InvoiceNumber))


class VoidIn(Schema):
    reason = fields.String(required=True, validate=validate.Length(1, 500))


class CreditLineIn(Schema):
    """How much of a line's amount, before tax, is credited."""

    line_id = fields.UUID(required=True)
    amount = fields.Integer(strict=True, required=True, validate=validate.Range(1, error=AMOUNT_ABOVE_ZERO))


class CreditNoteIn(Schema):
    """Without `lines` all that is left of the invoice is credited; `apply` pays what is open of it."""

    reason = fields.String(required=True, validate=validate.Length(1, 500))
    lines = fields.List(fields.Nested(CreditLineIn), validate=validate.Length(1))
    apply = fields.Boolean(load_default=True)


class CreditPick(Schema):
    """A line of the form: ticked alone, all that is left of it goes back; else so many of its quantity, or an amount."""

    line_id = fields.UUID(required=True)
    take = fields.Boolean(load_default=False)
    quantity = fields.Decimal(allow_none=True, load_default=None, allow_nan=False, validate=validate.Range(min=0))
    amount = fields.Integer(strict=True, allow_none=True, load_default=None, validate=validate.Range(0, error=AMOUNT_FROM_ZERO))


class CreditSumForm(Schema):
    everything = fields.Boolean(load_default=False)
    lines = fields.List(fields.Nested(CreditPick), load_default=list)


class CreditNoteForm(CreditSumForm):
    reason = fields.String(required=True, validate=validate.Length(1, 500))
    apply = fields.Boolean(load_default=True)


class WhyOut(Schema):
    """Why a line has its amount: what it bills, the stored reckoning, and the same in words."""

    line_id = fields.UUID()
    amount = fields.Integer()
    currency = fields.String()
    rule = fields.String()
    words = fields.List(fields.List(fields.String()))
    trace = fields.Raw()
    discounts = fields.Raw()
    taxes = fields.Raw()
    sources = fields.Raw()


class InvoiceEvent(Schema):
    """Said of an invoice or credit note; `total` in minor units of `currency`."""

    invoice_id = fields.UUID(required=True)
    number = fields.String(required=True)
    client_id = fields.UUID(required=True)
    currency = fields.String(required=True)
    total = fields.Integer(required=True)
    kind = fields.String(required=True)


class InvoiceVoided(InvoiceEvent):
    reason = fields.String(required=True)
