"""What a tenant decides about online payments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marshmallow import Schema, fields, validate

from kernel.tenancy import get_settings

if TYPE_CHECKING:
    from kernel.context import CallContext

CHARGE_ON = ("due", "finalized")


class PaymentSettings(Schema):
    """When saved cards are charged, how often a refused one is tried, and how long links hold."""

    charge_on = fields.String(load_default="due", validate=validate.OneOf(CHARGE_ON))
    charge_tries = fields.Integer(load_default=4, validate=validate.Range(1, 8))
    link_days = fields.Integer(load_default=90, validate=validate.Range(1, 730))
    link_in_mail = fields.Boolean(load_default=True)


def payment_settings(ctx: CallContext) -> dict[str, Any]:
    """The tenant's settings, with their defaults."""
    return get_settings(ctx, "payments")
