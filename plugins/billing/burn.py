"""Buckets of hours or units: how fast work burns one, what is carried over, what goes beyond. Pure: no database, no clock.

Hours are counted in minutes here, units in units; both with at most two decimals once they are weighted.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import NamedTuple

from kernel.money import Rounding, allocate, as_ratio, multiply, round_ratio
from plugins.billing.pricing import Price, Step, plain

ZERO, ONE, CENT = Decimal(0), Decimal(1), Decimal("0.01")


class Allowance(NamedTuple):
    """What may be drawn in one period without paying more: the base, and what is left of the base of the period before."""

    included: Decimal
    carried: Decimal = ZERO

    @property
    def available(self) -> Decimal:
        """Both together."""
        return self.included + self.carried

    def beyond(self, used: Decimal) -> Decimal:
        """What was used beyond it.

        >>> Allowance(Decimal(600), Decimal(60)).beyond(Decimal("700.5"))
        Decimal('40.5')
        """
        return max(used - self.available, ZERO)


def carried_over(included: Decimal, used_before: Decimal) -> Decimal:
    """What is left of one period's base for the next one; what that period had carried over itself is lost.

    >>> carried_over(Decimal(600), Decimal(450)), carried_over(Decimal(600), Decimal(900))
    (Decimal('150'), Decimal('0'))
    """
    return max(included - used_before, ZERO)


def weighted(
    amount: Decimal | int, multiplier: Decimal, after_hours: Decimal | None = None, inside: Fraction | int = 1
) -> Decimal:
    """What work takes from a bucket: the part `inside` working hours by its service's multiplier, the rest by the greater of
    that and `after_hours`; rounded to two decimals, half up.

    >>> weighted(60, Decimal("1.5"), Decimal(2), Fraction(1, 3))
    Decimal('110.00')
    """
    outside = max(multiplier, after_hours) if after_hours is not None else multiplier
    factor = Fraction(*as_ratio(multiplier)) * inside + Fraction(*as_ratio(outside)) * (1 - inside)
    exact = Fraction(*as_ratio(amount)) * factor
    return Decimal(round_ratio(exact.numerator * 100, exact.denominator, Rounding.HALF_UP)).scaleb(-2)


class Overage(NamedTuple):
    """What goes beyond a bucket, as a whole and by contributor: amounts in minor units, quantities in hours or units."""

    amount: int
    amounts: tuple[int, ...]
    quantities: tuple[Decimal, ...]


def price_overage(beyond: Decimal, weights: Sequence[Decimal], rate: Price, per: int, mode: Rounding) -> Overage:
    """Price what goes beyond a bucket at `rate` for `per` of what is counted (60 minutes, 1 unit), and split it over what
    contributed, by weight and largest remainder, so that the parts add up.

    >>> price_overage(Decimal(100), [Decimal(200), Decimal(100)], 9000, 60, Rounding.HALF_UP)
    Overage(amount=15000, amounts=(10000, 5000), quantities=(Decimal('1.1111'), Decimal('0.5556')))
    """
    amount = multiply(rate, beyond, mode, per=per)
    shown = multiply(10_000, beyond, Rounding.HALF_UP, per=per)
    quantities = tuple(Decimal(part).scaleb(-4) for part in allocate(shown, weights))
    return Overage(amount, tuple(allocate(amount, weights)), quantities)


def shown(amount: Decimal, per: int) -> Decimal:
    """Minutes as hours (`per` 60), units as they are; with at most two decimals.

    >>> shown(Decimal(90), 60), shown(Decimal(7), 1)
    (Decimal('1.5'), Decimal('7'))
    """
    hours = (amount / per).quantize(CENT, ROUND_HALF_UP).normalize()
    return Decimal(f"{hours:f}")


def steps_of(allowance: Allowance, used: Decimal, before: Decimal, per: int, rate: Price, amount: int) -> list[Step]:
    """How what was used beyond the allowance, less what of it was billed `before`, became the amount of a line."""
    steps: list[Step] = []
    if allowance.carried:
        both = f"{plain(shown(allowance.included, per))} + {plain(shown(allowance.carried, per))}"
        steps.append(["bucket_available", both, plain(shown(allowance.available, per))])
    beyond = allowance.beyond(used) - allowance.beyond(before)
    steps.append(["bucket_beyond", "", plain(shown(beyond, per))])
    if beyond:
        steps.append(["bucket_overage", f"{plain(shown(beyond, per))} × {plain(rate)}", amount])
    return steps
