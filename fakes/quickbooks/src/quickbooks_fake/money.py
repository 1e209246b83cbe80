"""Amounts: rounded to what the currency has, exact in between."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from quickbooks_fake import faults
from quickbooks_fake.wire import Entity, decimal

WITHOUT_CENTS = frozenset({"CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"})
NOTHING = Decimal(0)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """An amount as the books hold it.

    >>> rounded(Decimal("2.345"), "USD"), rounded(Decimal("2.5"), "JPY")
    (Decimal('2.35'), Decimal('3'))
    """
    return amount.quantize(Decimal(1) if currency in WITHOUT_CENTS else Decimal("0.01"), ROUND_HALF_UP)


def read_amount(entity: Entity, name: str) -> Decimal | None:
    """A number of a body, if it is there. Raises Fault 2010."""
    value = entity.get(name)
    if value is None or value == "":
        return None
    try:
        return decimal(value)
    except (ArithmeticError, TypeError) as error:
        raise faults.unreadable(name, value) from error


def need_amount(entity: Entity, name: str) -> Decimal:
    """A number that a body has to have. Raises Fault 2020 or 2010."""
    amount = read_amount(entity, name)
    if amount is None:
        raise faults.missing(name)
    return amount


def reading(value: Any) -> Decimal:
    """A number that the books hold."""
    return decimal(value or 0)
