"""The contract of `invoicing.create-manual-invoice`: what comes in, field by field, and what goes out."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

MOST_ITEMS = 1000
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,4})?")
_POSITION = validate.Regexp(r"[0-9]{1,4}\Z", error="Name another item by its position in items, counted from 0.")


def _quantity(value: str) -> None:
    """Plain digits only: Decimal would take an exponent of a million as well."""
    if not _NUMBER.fullmatch(value) or not Decimal(value):
        raise ValidationError("Write a number above zero, with at most four decimals.")


class Item(Schema):
    """One item; a discount says of which kind it is, and may name one target. `rate` of a percentage is the percentage."""

    service_id = fields.UUID(required=True)
    quantity = fields.String(required=True, validate=_quantity)
    description = fields.String(required=True, validate=validate.Length(max=500))
    rate = fields.Integer(required=True, strict=True, validate=validate.Range(min=0))
    is_discount = fields.Boolean(load_default=False)
    discount_type = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(("percentage", "fixed")))
    applies_to_item_id = fields.String(load_default=None, allow_none=True, validate=_POSITION)
    applies_to_service_id = fields.UUID(load_default=None, allow_none=True)

    @validates_schema
    def check_discount(self, data: dict[str, Any], **_: Any) -> None:
        """Discount fields come together or not at all."""
        if errors := _discount_errors(data) if data["is_discount"] else _line_errors(data):
            raise ValidationError(errors)


class ManualInvoiceInput(Schema):
    client_id = fields.UUID(required=True)
    items = fields.List(fields.Nested(Item), required=True, validate=validate.Length(1, MOST_ITEMS))
    invoice_date = fields.Date(load_default=None, allow_none=True)
    due_date = fields.Date(load_default=None, allow_none=True)
    po_number = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=128))
    currency_code = fields.String(load_default=None, allow_none=True, validate=validate.Regexp(r"[A-Z]{3}\Z"))
    idempotency_key = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 255))


class CreateArguments(Schema):
    input = fields.Nested(ManualInvoiceInput, required=True)


class CreatedInvoice(Schema):
    invoice_id = fields.UUID(required=True)
    invoice_number = fields.String(required=True, allow_none=True)
    status = fields.String(required=True)
    subtotal = fields.Integer(required=True)
    tax = fields.Integer(required=True)
    total = fields.Integer(required=True)
    currency_code = fields.String(required=True)
    minor_unit_exponent = fields.Integer(required=True)
    url = fields.String(required=True)


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
