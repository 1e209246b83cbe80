"""What is said beside money, checked in one place: why something is done, and in which currency."""

from __future__ import annotations

from kernel.errors import InvalidInput
from kernel.money import exponent

LONGEST_REASON = 500


def check_reason(reason: str, why: str = "why") -> str:
    """The reason without blanks around it. Raises InvalidInput at `reason` for none, and for more than 500 characters."""
    said = reason.strip()
    if not 1 <= len(said) <= LONGEST_REASON:
        raise InvalidInput(errors={"reason": f"Say in 1 to {LONGEST_REASON} characters {why}."})
    return said


def check_currency(code: str) -> str:
    """The code itself. Raises InvalidInput at `currency` unless it is one of ISO 4217."""
    try:
        exponent(code)
    except InvalidInput as error:
        raise InvalidInput(errors={"currency": f"{code} is not a currency of ISO 4217."}) from error
    return code
