"""Margins. Pure: no database, no context."""

from __future__ import annotations

from decimal import Decimal


def margin(price: int, cost: int) -> Decimal | None:
    """What is left of a price after the cost, in percent of the price, rounded to one decimal; None for a price of zero.

    >>> margin(10000, 7500), margin(10000, 12500), margin(0, 100)
    (Decimal('25.0'), Decimal('-25.0'), None)
    """
    if price == 0:
        return None
    return (Decimal(price - cost) * 100 / price).quantize(Decimal("0.1"))
