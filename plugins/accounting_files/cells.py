"""CSV as spreadsheets and importers read it: exact numbers, and no text that a spreadsheet would run. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

_FORMULA = ("=", "+", "-", "@")
Cell = str | Decimal
"""Text, which is guarded, or a number, which is not."""


def write_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """UTF-8 with a byte order mark; text that begins like a formula gets an apostrophe in front (OWASP CSV injection).

    >>> write_csv(["Customer", "Amount"], [["=1+1", Decimal("-2.50")]]).decode("utf-8-sig").splitlines()
    ['Customer,Amount', "'=1+1,-2.50"]
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([_plain(one) for one in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def amount(minor: int, exponent: int) -> Decimal:
    """Minor units as a number in major units.

    >>> str(amount(-1205, 2)), str(amount(5, 0)), str(amount(5, 3))
    ('-12.05', '5', '0.005')
    """
    return Decimal(minor).scaleb(-exponent)


def _plain(cell: Cell) -> str:
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    text = " ".join("".join(one if one.isprintable() else " " for one in cell).split())  # importers read a row from each line
    return f"'{text}" if text.startswith(_FORMULA) else text
