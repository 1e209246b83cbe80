"""The keys under which taxes are mapped to what accounting systems call them."""

from __future__ import annotations

from collections.abc import Sequence

from kernel.hookspecs.papers import PaperTax


def tax_key(taxes: Sequence[PaperTax]) -> str:
    """The key under which the taxes of a line are mapped: the code of EN 16931 where nothing is levied, else with region and
    percent; several taxes of one line make one key.

    >>> from decimal import Decimal
    >>> vat = PaperTax("VAT", "S", Decimal("19.000000"), 10000, 1900, "DE")
    >>> tax_key([vat]), tax_key([PaperTax("Exempt", "E", Decimal(0), 10000, 0)]), tax_key([])
    ('DE S 19', 'E', 'O')
    """
    return " + ".join(_tax_key(one) for one in taxes) or "O"


def _tax_key(one: PaperTax) -> str:
    return f"{one.region or '-'} {one.code} {one.percent.normalize():f}" if one.percent else one.code
