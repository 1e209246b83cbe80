"""The ways the billing room says no."""

from __future__ import annotations

from kernel.errors import InvalidInput, Refused


class PriceMissingInCurrency(Refused):
    """Items have neither a price of their own nor a catalog price in the currency of the contract or invoice."""

    code = "price_missing_in_currency"
    title = "No price in this currency"


class HourlyRateMissing(Refused):
    """Time entries for which no hourly rate is known."""

    code = "hourly_rate_missing"
    title = "No hourly rate for some time entries"


class UsageTiersInvalid(InvalidInput):
    """Tiers of a usage price leave a quantity without a price, or give it two."""

    code = "usage_tiers_invalid"
    title = "Not valid usage tiers"


class DiscountInvalid(InvalidInput):
    """A percentage outside 0 to 100, a negative amount, or something that is no discount."""

    code = "discount_invalid"
    title = "Not a valid discount"


class DiscountTargetNotFound(InvalidInput):
    """A discount names something that is not on the document."""

    code = "discount_target_not_found"
    title = "The discount's target is not on the invoice"


class TaxAnswerInvalid(Refused):
    """The tax provider's answer does not fit the document; it is not written."""

    code = "tax_answer_invalid"
    title = "The tax provider's answer does not add up"
