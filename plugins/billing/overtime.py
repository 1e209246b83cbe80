"""Overtime on hourly lines: what one person works beyond so many minutes of a day or week. Pure: no database, no clock.

It is reckoned on billed minutes: minimum first, then round-up, then overtime.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from kernel.money import Rounding, as_ratio, in_range, round_ratio
from plugins.billing.pricing import Price


class Overtime(NamedTuple):
    """When it begins (`after` minutes `per` day or week) and what an hour of it costs: `rate`, else `factor` times the rate."""

    after: int
    per: str
    rate: Price | None
    factor: Decimal

    def of(self, rate: Price) -> Price:
        """What an hour of overtime costs where an hour costs `rate`, in minor units.

        >>> Overtime(480, "day", None, Decimal("1.5")).of(9000)
        Decimal('13500.0')
        """
        return rate * self.factor if self.rate is None else self.rate

    def spell(self, on: date) -> date:
        """The first day of the day or week (from Monday) that a day is counted in.

        >>> Overtime(2400, "week", None, Decimal(2)).spell(date(2026, 7, 5))
        datetime.date(2026, 6, 29)
        """
        return on - timedelta(days=on.weekday()) if self.per == "week" else on


def beyond(after: int, before: int, minutes: Sequence[int]) -> Iterator[int]:
    """How many minutes of each piece of work are overtime, when `before` minutes of the same spell were billed already.

    >>> list(beyond(480, 60, [300, 200, 30]))
    [0, 80, 30]
    """
    worked = before
    for one in minutes:
        worked += one
        yield min(one, max(worked - after, 0))


def price_hours(rate: Price, overtime_rate: Price, minutes: int, overtime: int, mode: Rounding) -> int:
    """What minutes cost of which some are overtime, at rates for an hour; exact until the one rounding at the end.

    >>> price_hours(9000, Decimal("13500"), 90, 30, Rounding.HALF_UP)
    15750
    """
    exact = cost(rate, overtime_rate, minutes, overtime)
    return in_range(round_ratio(exact.numerator, exact.denominator, mode))


def cost(rate: Price, overtime_rate: Price, minutes: int, overtime: int) -> Fraction:
    """The same, exactly."""
    normal = Fraction(*as_ratio(rate)) * (minutes - overtime)
    return (normal + Fraction(*as_ratio(overtime_rate)) * overtime) / 60
