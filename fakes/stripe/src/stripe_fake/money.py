"""Which amounts and cards the API takes."""

from __future__ import annotations

from typing import NamedTuple

from stripe_fake.refusals import invalid

NO_DECIMALS = frozenset(["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"])
THREE_DECIMALS = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])
TWO_WITHOUT_CENTS = frozenset({"isk", "ugx"})
LEAST = 50
MOST = 99_999_999


class Card(NamedTuple):
    """A card for tests. `later` is refused when it is charged without its owner; `disputed` at once."""

    brand: str
    declines: str = ""
    detail: str = ""
    on_charge: bool = False
    needs_owner: bool = False
    disputed: bool = False


CARDS = {
    "4242424242424242": Card("visa"),
    "5555555555554444": Card("mastercard"),
    "4000000000000002": Card("visa", "card_declined", "generic_decline"),
    "4000000000009995": Card("visa", "card_declined", "insufficient_funds"),
    "4000000000000069": Card("visa", "expired_card", "expired_card"),
    "4000000000000341": Card("visa", "card_declined", "generic_decline", on_charge=True),
    "4000002760003184": Card("visa", needs_owner=True),
    "4000000000000259": Card("visa", disputed=True),
}
"""The numbers that the real service publishes for tests, and what comes of them."""

WORDS = {
    "card_declined": "Your card was declined.",
    "expired_card": "Your card has expired.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}


def check_amount(currency: str, text: object) -> int:
    """The amount, in the smallest unit that the API counts in. Raises ApiError."""
    try:
        amount = int(str(text))
    except ValueError as error:
        raise invalid(f"Invalid integer: {text}", "amount", "parameter_invalid_integer") from error
    if currency in THREE_DECIMALS and amount % 10:
        raise invalid(f"Invalid amount: the last digit must be 0 in {currency}.", "amount", "amount_invalid")
    if currency in TWO_WITHOUT_CENTS and amount % 100:
        raise invalid(f"Invalid amount: {currency} has no decimals.", "amount", "amount_invalid")
    if amount > MOST:
        raise invalid(f"Amount must be no more than {MOST}.", "amount", "amount_too_large")
    if amount < (1 if currency in NO_DECIMALS else LEAST):
        raise invalid("Amount is less than the minimum charge.", "amount", "amount_too_small")
    return amount
