"""What contracts' discounts take off a bill, reckoned slowly. Imports nothing of the engine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from datetime import date
from fractions import Fraction

from tests.plugins.billing.reference.money import rounded, shared
from tests.plugins.billing.reference.terms import Deal, Line, Owed

GOODS = ("product", "license")
Held = tuple[int, date]
"""A place on the bill, and the first day that its line bills."""
Gone = set[tuple[int, Hashable]]
"""Which fixed amount was taken for which period: each is taken once only."""


def taken_off(market: Deal, deal: Deal, bill: list[Owed], gone: Gone) -> list[int]:
    """What is taken off each line of one bill, in the order in which it is printed. Adds to `gone` what it takes.

    A discount is for what begins between its first and last day. A percentage is of each line; a fixed amount, which is in the
    contract's currency, is for all that begins in one period of its line, or in one month of the whole contract.
    """
    lines = {one["key"]: Line(market, deal, contract, one) for contract in deal["contracts"] for one in contract["lines"]}
    taken = [0] * len(bill)
    for contract in deal["contracts"]:
        for discount in sorted(contract["discounts"], key=lambda one: one["start"]):  # of one day: in the order they were made
            inside = [
                (at, max(one.start, lines[one.line].first)) for at, one in enumerate(bill)
                if one.line is not None and lines[one.line].contract is contract and _may(discount, one)
            ]  # fmt: skip
            held = [(at, first) for at, first in inside if discount["start"] <= first <= (discount["end"] or date.max)]
            if discount["fixed"] is None:
                for at, _ in held:
                    exact = Fraction(bill[at].amount) * Fraction(discount["percent"]) / 100
                    _take(taken, at, bill[at], rounded(exact, market["mode"]))
            else:
                _take_fixed(discount, _untaken(discount, held, bill, gone, lines.get(discount["line"])), bill, taken)
    return taken


def _may(discount: Deal, one: Owed) -> bool:
    """No discount on goods, on nothing, or on another line than its own."""
    return one.kind not in GOODS and one.amount > 0 and discount["line"] in (None, one.line)


def _take(taken: list[int], at: int, one: Owed, wanted: int) -> None:
    taken[at] += min(wanted, one.amount - taken[at])


def _untaken(discount: Deal, held: list[Held], bill: list[Owed], gone: Gone, line: Line | None) -> list[list[int]]:
    """The places on the bill by period, of periods for which nothing was taken yet."""
    periods: defaultdict[Hashable, list[int]] = defaultdict(list)
    for at, first in held:
        period = (first.year, first.month) if line is None else line.days.period(first)
        if bill[at].currency == discount["currency"] and (discount["key"], period) not in gone:
            periods[period].append(at)
    gone |= {(discount["key"], period) for period in periods}
    return list(periods.values())


def _take_fixed(discount: Deal, periods: list[list[int]], bill: list[Owed], taken: list[int]) -> None:
    for places in periods:
        amounts = [bill[at].amount for at in places]
        parts = shared(min(discount["fixed"], sum(amounts)), [Fraction(one) for one in amounts])
        for at, part in zip(places, parts, strict=True):
            _take(taken, at, bill[at], part)
