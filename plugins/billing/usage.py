"""What usage costs: sums by period, minimum, graduated tiers, with the reason why. Pure: no database, no clock."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple, TypeVar

from kernel.money import Rounding, as_ratio, in_range, multiply, round_ratio
from plugins.billing.errors import UsageTiersInvalid
from plugins.billing.pricing import Price, Priced, Step, explain, plain, require_prices

Key = TypeVar("Key", bound=Hashable)
ZERO = Decimal(0)


class UsageSum(NamedTuple):
    """What was used of one service on one line in one period, and by which records."""

    quantity: Decimal
    records: Sequence[Any]


class Tier(NamedTuple):
    """The price of one unit for the quantities in `[start, end)`; the last tier is open, its `end` None."""

    start: Decimal
    end: Decimal | None
    unit_price: Price


class UsageTerms(NamedTuple):
    """How usage is priced: by tiers if there are any, else by one price. `minimum` is a quantity for each period."""

    unit_price: Price | None = None
    tiers: tuple[Tier, ...] = ()
    minimum: Decimal = ZERO


def sum_usage(records: Iterable[tuple[Key, Any]]) -> dict[Key, UsageSum]:
    """Records (each with a `quantity`) added up by what was used of which service in which period: minimum and tiers act on
    these sums, so splitting records changes no price.
    """
    same: dict[Key, list[Any]] = {}
    for key, record in records:
        same.setdefault(key, []).append(record)
    return {key: UsageSum(sum([one.quantity for one in found], ZERO), found) for key, found in same.items()}


def price_usage(key: Hashable, used: Decimal, terms: UsageTerms, currency: str, mode: Rounding) -> Priced:
    """Price what was used of one service on one line in one period: minimum, then graduated tiers or one price.

    Corrections may be below zero; less than nothing in a whole period counts as nothing. Tiers are reckoned exactly
    and rounded once. Raises UsageTiersInvalid, or PriceMissingInCurrency if there is no price at all.

    >>> tiers = (Tier(Decimal(0), Decimal(100), 10), Tier(Decimal(100), None, Decimal("7.5")))
    >>> price_usage("api", Decimal(130), UsageTerms(tiers=tiers), "EUR", Rounding.HALF_UP).amount
    1225
    """
    quantity, shown, steps = used, plain(used), list[Step]()
    inputs = {"used": shown}
    if used < ZERO or used < terms.minimum:
        quantity = max(terms.minimum, ZERO)
        shown = plain(quantity)
        steps.append(["minimum_quantity", f"max({inputs['used']}, {plain(terms.minimum)})", shown])
    if terms.tiers:
        amount = _price_tiers(quantity, terms.tiers, steps, mode)
        return Priced(key, quantity, None, amount, explain("usage_tiers", inputs, steps, mode))
    if terms.unit_price is None:
        require_prices([(key, None)], currency)
    price = terms.unit_price or 0
    amount = multiply(price, quantity, mode)
    steps.append(["quantity_times_price", f"{shown} × {plain(price)}", amount])
    return Priced(key, quantity, price, amount, explain("usage", inputs, steps, mode))


def check_tiers(tiers: Sequence[Tier]) -> None:
    """Raise UsageTiersInvalid unless every quantity from zero up has exactly one price."""
    if not tiers or tiers[0].start != 0:
        raise UsageTiersInvalid("The first tier starts at 0.")
    for tier, later in pairwise(tiers):
        if tier.end is None or tier.end <= tier.start or tier.end != later.start:
            raise UsageTiersInvalid(f"The tier from {plain(tier.start)} must end where the next one starts.")
    if tiers[-1].end is not None:
        raise UsageTiersInvalid("The last tier must be open, or what is used beyond it would be free.")


def _price_tiers(quantity: Decimal, tiers: Sequence[Tier], steps: list[Step], mode: Rounding) -> int:
    check_tiers(tiers)
    exact = Fraction(0)
    for tier in tiers:
        part = (quantity if tier.end is None else min(quantity, tier.end)) - tier.start
        if part > 0:
            exact += Fraction(*as_ratio(part)) * Fraction(*as_ratio(tier.unit_price))
            steps.append(["tier", f"{plain(part)} × {plain(tier.unit_price)}", plain(part * tier.unit_price)])
    amount = in_range(round_ratio(exact.numerator, exact.denominator, mode))
    steps.append(["sum_of_tiers", "", amount])
    return amount
