"""Money: whole minor units with an ISO 4217 code, exact arithmetic, and rounding that is always named.

An amount and its currency stand side by side; sums never mix currencies. Floats are refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from functools import cache
from math import lcm
from typing import TYPE_CHECKING

from kernel.currencies import exponent as exponent  # noqa: PLC0414 - part of this module for its readers
from kernel.errors import InvalidInput

if TYPE_CHECKING:
    from babel.numbers import NumberPattern

MAX_MINOR = 2**63 - 1  # what a PostgreSQL bigint holds


class AmountInvalid(InvalidInput):
    """No exact amount: a float, badly written, too precise for the currency, or too large to store."""

    code = "amount_invalid"
    title = "Not a valid amount"


class WeightsInvalid(InvalidInput):
    """An amount cannot be shared out: nobody to receive it, or a negative weight."""

    code = "weights_invalid"
    title = "The amount cannot be shared out"


class Rounding(StrEnum):
    """How a fraction of a minor unit is settled; symmetric around zero, so that a credit mirrors its invoice.

    Ties of `half_up` go away from zero, of `half_even` to the even one; `up` is away from zero, `down` towards it.
    """

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    UP = "up"
    DOWN = "down"


def as_ratio(value: Decimal | int) -> tuple[int, int]:
    """The number as an exact fraction. Raises AmountInvalid for floats and for numbers that are not finite."""
    if isinstance(value, int):
        return value, 1
    if not isinstance(value, Decimal) or not value.is_finite():
        raise AmountInvalid(f"{value!r} is not an exact decimal number; floats are never money.")
    return value.as_integer_ratio()


def round_ratio(numerator: int, denominator: int, mode: Rounding) -> int:
    """Round the exact fraction numerator/denominator (denominator above zero) to a whole number.

    >>> [round_ratio(5, 2, mode) for mode in Rounding]
    [3, 2, 3, 2]
    >>> [round_ratio(-5, 2, mode) for mode in Rounding]
    [-3, -2, -3, -2]
    """
    whole, rest = divmod(abs(numerator), denominator)
    if rest:
        if mode is Rounding.HALF_UP:
            whole += 2 * rest >= denominator
        elif mode is Rounding.HALF_EVEN:
            whole += 2 * rest + (whole & 1) > denominator
        elif mode is Rounding.UP:
            whole += 1
    return -whole if numerator < 0 else whole


def round_minor(value: Decimal | int, mode: Rounding) -> int:
    """Round an amount in minor units to a whole one.

    >>> round_minor(Decimal("2.5"), Rounding.HALF_UP), round_minor(Decimal("2.5"), Rounding.HALF_EVEN)
    (3, 2)
    """
    return in_range(round_ratio(*as_ratio(value), mode))


def multiply(price: Decimal | int, quantity: Decimal | int, mode: Rounding, *, per: int = 1) -> int:
    """Price in minor units x quantity / `per`, exact until the one rounding at the end.

    >>> multiply(9500, 50, Rounding.HALF_UP, per=60)  # 50 minutes at 95.00 an hour
    7917
    """
    price_top, price_bottom = (price, 1) if type(price) is int else as_ratio(price)
    top, bottom = as_ratio(quantity)
    return in_range(round_ratio(price_top * top, price_bottom * bottom * per, mode))


def in_range(minor: int) -> int:
    """The amount itself, if it can be stored. Raises AmountInvalid."""
    if -MAX_MINOR <= minor <= MAX_MINOR:
        return minor
    raise AmountInvalid("The amount is too large to be stored.")


def spread(total: int, exact: Sequence[int], denominator: int) -> list[int]:
    """Round the exact shares (each over `denominator`) so that they add up to `total`, by largest remainder.

    `total` is the rounded sum of the shares: less than one away from it, in any mode. Ties go in order. Shares may have
    either sign; turning every sign around turns the result around.

    >>> spread(15, [190, -38], 10)  # 19.0 and -3.8, together 15.2
    [19, -4]
    """
    sign = -1 if total < 0 or (total == 0 and next(filter(None, exact), 0) < 0) else 1
    floors = [sign * share // denominator for share in exact]
    left = sign * total - sum(floors)
    if not 0 <= left <= len(floors):
        raise WeightsInvalid("The total is not the rounded sum of the shares.")
    if left:
        rests = [sign * share % denominator for share in exact]
        for index in sorted(range(len(rests)), key=rests.__getitem__, reverse=True)[:left]:
            floors[index] += 1
    return [-floor for floor in floors] if sign < 0 else floors


def allocate(total: int, weights: Sequence[Decimal | int]) -> list[int]:
    """Share `total` out in proportion to the weights, by largest remainder, ties in order; the parts add up to it.

    Weights that are all zero share it equally: money is never lost. Raises WeightsInvalid for a negative weight, or
    when there is something to share and nobody to receive it.

    >>> allocate(100, [1, 1, 1]), allocate(-100, [1, 1, 1]), allocate(5, [0, 0])
    ([34, 33, 33], [-34, -33, -33], [3, 2])
    """
    if not weights:
        if total:
            raise WeightsInvalid("There is nothing to share the amount over.")
        return []
    ratios = [as_ratio(weight) for weight in weights]
    shared = lcm(*(bottom for _, bottom in ratios))
    whole = [top * (shared // bottom) for top, bottom in ratios]
    if min(whole) < 0:
        raise WeightsInvalid("A weight is below zero.")
    if not any(whole):
        whole = [1] * len(whole)
    return spread(total, [total * weight for weight in whole], sum(whole))


def as_major(minor: int, code: str) -> Decimal:
    """Minor units as a decimal in major units.

    >>> as_major(1234560, "EUR"), as_major(5, "JPY")
    (Decimal('12345.60'), Decimal('5'))
    """
    return Decimal(minor).scaleb(-exponent(code))


def parse_amount(text: str, code: str, *, decimal: str = ".", group: str = ",") -> int:
    """Read a written amount strictly, into minor units. `group` may stand between groups of three digits or be absent.

    Raises AmountInvalid for anything else, also for too many decimals: `1.500` EUR may mean one and a half thousand.

    >>> parse_amount("12,345.60", "EUR"), parse_amount("-1.234,5", "KWD", decimal=",", group=".")
    (1234560, -1234500)
    """
    places = exponent(code)
    whole = rf"[0-9]{{1,3}}(?:{re.escape(group)}[0-9]{{3}})+|[0-9]+" if group else "[0-9]+"
    match = re.fullmatch(rf"([+-]?)({whole})(?:{re.escape(decimal)}([0-9]+))?", text.strip())
    if not match or len(text) > 40:
        raise AmountInvalid(f"{text[:40]!r} is not an amount; write it like 1{group}234{decimal}50.")
    digits, fraction = match[2].replace(group, ""), match[3] or ""
    if len(fraction) > places:
        raise AmountInvalid(f"{text!r} has {len(fraction)} decimals, but {code} has {places}.")
    return in_range(int(match[1] + digits + fraction.ljust(places, "0")))


def format_minor(minor: int, code: str, locale: str = "en") -> str:
    """An amount as people of this locale (`de`, `en_US`) write it, with the decimals of ISO 4217.

    >>> format_minor(1234560, "EUR"), format_minor(1234560, "KWD")
    ('€12,345.60', 'KWD1,234.560')
    """
    pattern = _display_pattern(locale, exponent(code))
    return str(pattern.apply(as_major(minor, code), locale, code, currency_digits=False))


@cache
def _display_pattern(locale: str, places: int) -> NumberPattern:
    from babel import Locale  # loads CLDR data: only pages and documents need it
    from babel.numbers import parse_pattern

    pattern = parse_pattern(Locale.parse(locale).currency_formats["standard"].pattern)
    pattern.frac_prec = (places, places)
    return pattern
