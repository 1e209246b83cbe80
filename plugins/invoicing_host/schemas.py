"""The contracts of the host functions, field by field, and charges as REST shows them."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from kernel.api.listing import filtered, page_schema

MOST_ITEMS = 1000
MOST_RATE = 10**12
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,4})?")
_DECIMAL = {"description": "Decimal text above zero with at most four places.", "example": "1.5"}
_CURRENCY = {"description": "ISO 4217; the client's unless given."}
_POSITION = validate.Regexp(r"[0-9]{1,4}\Z", error="Name another item by its position in items, counted from 0.")


def _quantity(value: str) -> None:
    """Plain digits only: Decimal would take an exponent of a million as well."""
    if not _NUMBER.fullmatch(value) or not Decimal(value):
        raise ValidationError("Write a number above zero, with at most four decimals.")


class InvoiceItem(Schema):
    """One item; a discount says of which kind it is, and may name one target. `rate` of a percentage is the percentage."""

    service_id = fields.UUID(required=True)
    quantity = fields.String(required=True, validate=_quantity, metadata=_DECIMAL)
    description = fields.String(required=True, validate=validate.Length(max=500))
    rate = fields.Integer(required=True, strict=True, validate=validate.Range(min=0),
                          metadata={"description": "Minor units; of a percentage, the percentage."})  # fmt: skip
    is_discount = fields.Boolean(load_default=False)
    discount_type = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(("percentage", "fixed")),
                                  metadata={"description": "Required with `is_discount`, refused without."})  # fmt: skip
    applies_to_item_id = fields.String(load_default=None, allow_none=True, validate=_POSITION, metadata={
        "description": "The position of another item, counted from 0; only of a discount."})  # fmt: skip
    applies_to_service_id = fields.UUID(load_default=None, allow_none=True, metadata={"description": "Only of a discount."})

    @validates_schema
    def check_discount(self, data: dict[str, Any], **_: Any) -> None:
        """Discount fields come together or not at all."""
        if errors := _discount_errors(data) if data["is_discount"] else _line_errors(data):
            raise ValidationError(errors)


class ManualInvoiceInput(Schema):
    """A draft to be made for a client."""

    client_id = fields.UUID(required=True)
    items = fields.List(fields.Nested(InvoiceItem), required=True, validate=validate.Length(1, MOST_ITEMS))
    invoice_date = fields.Date(load_default=None, allow_none=True,
                               metadata={"description": "Today in the tenant's zone unless given."})  # fmt: skip
    due_date = fields.Date(load_default=None, allow_none=True, metadata={"description": "The invoice date unless given."})
    po_number = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=128))
    currency_code = fields.String(load_default=None, allow_none=True, validate=validate.Regexp(r"[A-Z]{3}\Z"), metadata=_CURRENCY)
    idempotency_key = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 255),
                                    metadata={"description": "The same key gives the same invoice again."})  # fmt: skip


class CreateArguments(Schema):
    input = fields.Nested(ManualInvoiceInput, required=True)


class CreatedInvoice(Schema):
    """The draft. Amounts in minor units."""

    invoice_id = fields.UUID(required=True)
    invoice_number = fields.String(required=True, allow_none=True, metadata={
        "description": "None where the tenant numbers invoices when they are finalized."})  # fmt: skip
    status = fields.String(required=True)
    subtotal = fields.Integer(required=True)
    tax = fields.Integer(required=True)
    total = fields.Integer(required=True)
    currency_code = fields.String(required=True)
    minor_unit_exponent = fields.Integer(required=True, metadata={
        "wit": "u8", "description": "2 where 100 minor units make one unit."})  # fmt: skip
    url = fields.String(required=True, metadata={"description": "The invoice's page."})


class Charge(Schema):
    """One charge; its price comes with its currency, or from the service."""

    client_id = fields.UUID(required=True)
    service_id = fields.UUID(load_default=None, allow_none=True)
    description = fields.String(required=True, validate=validate.Length(1, 500))
    quantity = fields.String(required=True, validate=_quantity, metadata=_DECIMAL)
    rate = fields.Integer(load_default=None, allow_none=True, strict=True, validate=validate.Range(0, MOST_RATE))
    currency_code = fields.String(load_default=None, allow_none=True, validate=validate.Regexp(r"[A-Z]{3}\Z"))
    charged_on = fields.Date(load_default=None, allow_none=True, validate=validate.Range(date(2000, 1, 1), date(2100, 1, 1)),
                             metadata={"description": "Today unless given; says in which period it falls."})  # fmt: skip
    idempotency_key = fields.String(required=True, validate=validate.Length(1, 255),
                                    metadata={"description": "The same key is the same charge."})  # fmt: skip

    @validates_schema
    def check_price(self, data: dict[str, Any], **_: Any) -> None:
        """A rate and its currency come together; without them there is a service."""
        if (data["rate"] is None) != (data["currency_code"] is None):
            raise ValidationError({"currency_code": ["A rate needs a currency, and the other way round."]})
        if data["rate"] is None and data["service_id"] is None:
            raise ValidationError({"rate": ["Give a rate with its currency, or a service that has a price."]})


class ChargeArguments(Schema):
    charges = fields.List(fields.Nested(Charge), required=True, validate=validate.Length(1, MOST_ITEMS))

    @validates_schema
    def check_keys(self, data: dict[str, Any], **_: Any) -> None:
        """Each charge of a call has its own key."""
        keys = [one["idempotency_key"] for one in data["charges"]]
        if len(set(keys)) < len(keys):
            raise ValidationError({"charges": ["Two of these charges have the same idempotency key."]})


class KeptCharge(Schema):
    """`created` is false where the key was known, and the charge is left as it was."""

    charge_id = fields.UUID(required=True)
    created = fields.Boolean(required=True)


class KeptCharges(Schema):
    value = fields.List(fields.Nested(KeptCharge), required=True)


class ExtensionChargeOut(Schema):
    """A charge of an extension; `rate` in minor units of `currency`, null where the item's price counts."""

    id = fields.UUID()
    client_id = fields.UUID()
    client_name = fields.String()
    item_id = fields.UUID(allow_none=True)
    description = fields.String()
    quantity = fields.Decimal(as_string=True)
    unit = fields.String()
    rate = fields.Integer(allow_none=True)
    currency = fields.String(allow_none=True)
    charged_on = fields.Date()
    author = fields.String()
    billed = fields.Boolean()
    invoice_id = fields.UUID(allow_none=True)
    created_at = fields.AwareDateTime()


ExtensionChargeQuery = filtered(client_id=fields.UUID(), item_id=fields.UUID(), billed=fields.Boolean(), charged_on=fields.Date())
ExtensionChargePage = page_schema(ExtensionChargeOut)


def _discount_errors(data: dict[str, Any]) -> dict[str, list[str]]:
    errors = {}
    if data["discount_type"] is None:
        errors["discount_type"] = ["A discount is either percentage or fixed."]
    if data["discount_type"] == "percentage" and data["rate"] > 100:
        errors["rate"] = ["A percentage is from 0 to 100."]
    if data["applies_to_item_id"] is not None and data["applies_to_service_id"] is not None:
        errors["_schema"] = ["A discount applies to an item or a service, not to both."]
    return errors


def _line_errors(data: dict[str, Any]) -> dict[str, list[str]]:
    only = ("discount_type", "applies_to_item_id", "applies_to_service_id")
    return {name: ["Only a discount (isDiscount) has this."] for name in only if data[name] is not None}
