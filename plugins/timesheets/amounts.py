"""Minutes as hours. Pure."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

_PLACES = Decimal("0.0001")


def hours(minutes: int) -> Decimal:
    """Minutes in hours, to four places.

    >>> hours(90), hours(20)
    (Decimal('1.5000'), Decimal('0.3333'))
    """
    return (Decimal(minutes) / 60).quantize(_PLACES, ROUND_HALF_UP)
