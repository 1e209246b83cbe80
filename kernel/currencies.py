"""The currencies one can bill in, with their decimals by ISO 4217 (CLDR differs for ALL, IQD, RSD and others)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from kernel.errors import InvalidInput


class CurrencyUnknown(InvalidInput):
    """The code is no currency of ISO 4217 with minor units."""

    code = "currency_unknown"
    title = "Unknown currency"


class Currency(NamedTuple):
    """An ISO 4217 currency; `exponent` is its number of decimals (0 to 4)."""

    code: str
    name: str
    exponent: int


@cache
def currencies() -> Mapping[str, Currency]:
    """Every currency one can bill in, by code. Metals and test codes, which have no minor unit, are left out."""
    import iso4217  # parses an XML table: only the first amount of a process pays for it

    known = sorted(iso4217.Currency, key=lambda c: c.code)
    return {c.code: Currency(c.code, c.currency_name, c.exponent) for c in known if c.exponent is not None}


def currency(code: str) -> Currency:
    """The currency of this code. Raises CurrencyUnknown."""
    try:
        return currencies()[code]
    except (KeyError, TypeError):
        raise CurrencyUnknown(f"{code!r} is not a currency code of ISO 4217, such as EUR or USD.") from None


def exponent(code: str) -> int:
    """Number of decimals of a currency.

    >>> exponent("JPY"), exponent("EUR"), exponent("KWD"), exponent("CLF")
    (0, 2, 3, 4)
    """
    return currency(code).exponent
