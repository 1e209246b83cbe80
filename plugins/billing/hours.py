"""What hours cost: which rate, minimum and round-up, each with the reason why. Pure: no database, no clock.

Rates are minor units for one hour; minutes are billable minutes, never the wall clock.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from decimal import Decimal
from typing import NamedTuple

from kernel.money import Rounding, round_ratio
from plugins.billing.pricing import Price, Step


class TimeItem(NamedTuple):
    """Approved work: billable minutes (not wall clock). `rate` is the entry's own hourly rate, `catalog_price` that of
    its service in the contract's currency.
    """

    key: Hashable
    minutes: int
    role: str | None = None
    rate: Price | None = None
    catalog_price: Price | None = None


class HourlyTerms(NamedTuple):
    """What a contract line says on hours; the default is that of work without a contract. Rates are for one hour."""

    role_rates: Mapping[str, Price] = {}
    hourly_rate: Price | None = None
    minimum_minutes: int = 0
    round_up_minutes: int = 0


def hourly_rate(entry: TimeItem, terms: HourlyTerms) -> tuple[str, Price | None]:
    """The rate of one hour and where it comes from, the first found: `entry`, `role` on the line, `line`, `catalog`.

    >>> hourly_rate(TimeItem("a", 5, "engineer"), HourlyTerms({"engineer": 12000}, 9000))
    ('role', 12000)
    """
    if entry.rate is not None:
        return "entry", entry.rate
    if entry.role is not None and entry.role in terms.role_rates:
        return "role", terms.role_rates[entry.role]
    if terms.hourly_rate is not None:
        return "line", terms.hourly_rate
    return "catalog", entry.catalog_price


def billed_minutes(minutes: int, terms: HourlyTerms) -> tuple[int, list[Step]]:
    """Minutes to bill, and how: at least the minimum, then up to the next multiple (0: exact). No work bills nothing.

    >>> [billed_minutes(m, HourlyTerms(minimum_minutes=15, round_up_minutes=10))[0] for m in (0, 7, 21, 30)]
    [0, 20, 30, 30]
    """
    least, steps = minutes, []
    if 0 < minutes < terms.minimum_minutes:
        least = terms.minimum_minutes
        steps.append(["minimum_minutes", f"max({minutes}, {least})", least])
    step = terms.round_up_minutes
    if step and least % step:
        billed = -(-least // step) * step
        steps.append(["round_up_minutes", f"⌈{least} / {step}⌉ × {step}", billed])
        return billed, steps
    return least, steps


def hours_of(minutes: int) -> Decimal:
    """Minutes as hours to show, with at most four decimals.

    >>> hours_of(90), hours_of(50)
    (Decimal('1.5'), Decimal('0.8333'))
    """
    hours = Decimal(round_ratio(minutes * 10_000, 60, Rounding.HALF_UP)).scaleb(-4)
    return Decimal(f"{hours.normalize():f}")
