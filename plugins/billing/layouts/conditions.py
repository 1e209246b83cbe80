"""Whether a block is printed: what its conditions ask of an invoice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from kernel.hookspecs.papers import InvoicePaper
from plugins.billing.layouts.fields import number_of, value_of


def holds(conditions: Sequence[Mapping[str, str]], paper: InvoicePaper) -> bool:
    """True if all conditions hold; without any, always."""
    return all(_one(condition, paper) for condition in conditions)


def _one(condition: Mapping[str, str], paper: InvoicePaper) -> bool:
    field, asks, wanted = condition["field"], condition["asks"], condition["value"]
    if asks in ("set", "missing"):
        return (value_of(field, paper) not in (None, "", 0)) == (asks == "set")
    if asks in ("equals", "differs"):
        return _same(field, wanted, paper) == (asks == "equals")
    found = number_of(field, paper)
    if found is None:
        return False
    return found > Decimal(wanted) if asks == "above" else found < Decimal(wanted)


def _same(field: str, wanted: str, paper: InvoicePaper) -> bool:
    """Amounts are compared as numbers, days as they are written in ISO 8601, texts without regard to case."""
    found = number_of(field, paper)
    if found is not None:
        try:
            return found == Decimal(wanted.strip())
        except ArithmeticError:
            return False
    return str(value_of(field, paper) or "").casefold() == wanted.strip().casefold()
