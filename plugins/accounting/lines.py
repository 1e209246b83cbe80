"""Lines of documents as the other side keeps them: what it said at delivery, and whether somebody changed them since. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from kernel.hookspecs.accounting import KeptLine
from kernel.money import as_major

_LONGEST = 80


def pack(lines: Sequence[KeptLine]) -> list[list[Any]] | None:
    """Lines as plain JSON, None for none."""
    return [[one.item, None if one.quantity is None else f"{one.quantity.normalize():f}", one.amount, one.text[:_LONGEST]]
            for one in lines] or None  # fmt: skip


def unpack(packed: Sequence[Sequence[Any]]) -> list[KeptLine]:
    """The lines of a JSON."""
    return [KeptLine(item, None if quantity is None else Decimal(quantity), amount, text)
            for item, quantity, amount, text in packed]  # fmt: skip


def changed(then: Sequence[KeptLine], now: Sequence[KeptLine]) -> tuple[list[KeptLine], list[KeptLine]]:
    """What stood there at delivery and stands there no more, and what stands there in its place. Order and words are free;
    quantities count where all lines tell theirs.

    >>> two, one = KeptLine("7", Decimal("2.00"), 10000, "Work"), KeptLine("7", Decimal(1), 5000, "Work")
    >>> changed([two], [two._replace(quantity=Decimal(2), text="Labour")])
    ([], [])
    >>> [len(side) for side in changed([two, one], [one, one, one])]
    [1, 2]
    >>> changed([two], [two._replace(quantity=None)])
    ([], [])
    """
    counted = all(one.quantity is not None for one in (*then, *now))

    def key(one: KeptLine) -> tuple[str, Decimal | None, int]:
        return one.item, one.quantity if counted else None, one.amount

    return _beyond(then, Counter(map(key, now)), key), _beyond(now, Counter(map(key, then)), key)


def _beyond(lines: Sequence[KeptLine], others: Counter[Any], key: Any) -> list[KeptLine]:
    found = []
    for one in lines:
        if others[key(one)]:
            others[key(one)] -= 1
        else:
            found.append(one)
    return found


def words(lines: Sequence[KeptLine], currency: str) -> str:
    """Lines in words, for people.

    >>> words([KeptLine("7", Decimal("2.00"), 10000, "Work"), KeptLine("S1", None, 500)], "EUR")
    '2 × Work (7): 100.00; S1: 5.00'
    """
    return "; ".join(_words(one, currency) for one in lines)


def _words(one: KeptLine, currency: str) -> str:
    many = f"{one.quantity.normalize():f} × " if one.quantity is not None else ""
    named = f"{one.text[:_LONGEST]} ({one.item})" if one.text else one.item
    return f"{many}{named}: {as_major(one.amount, currency)}"
