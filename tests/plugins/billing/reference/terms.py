"""Contract lines with their days, and what a bill holds. Imports nothing of the engine."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from tests.plugins.billing.reference.days import DAY, Days, Span, anchor_of

Deal = dict[str, Any]
JANUARY = date(2024, 1, 1)


class Owed(NamedTuple):
    """One line of a bill: of which contract line (None: none), for which days, which item, and how much."""

    currency: str
    line: int | None
    kind: str
    start: date
    end: date
    item: str | None
    amount: int


class Missing(Exception):
    """Something has no price, or two buckets hold it: the client is not billed."""


class Answer(NamedTuple):
    """Bills, or None for a client that is not billed; and which work and usage stand on them."""

    owed: list[Owed] | None
    entries: frozenset[int] = frozenset()
    usage: frozenset[int] = frozenset()


class Line:
    """A contract line with its days."""

    def __init__(self, market: Deal, deal: Deal, contract: Deal, line: Deal) -> None:
        self.contract, self.line, self.kind, self.currency = contract, line, line["kind"], contract["currency"]
        self.first = max(contract["start"], line["start"] or contract["start"])
        lasts = [last for last in (contract["end"], line["end"]) if last]
        self.last = min(lasts) if lasts else None
        before = contract["billed_until"]
        self.before = before
        self.owed_from = max(self.first, before + DAY) if before else self.first
        self.after = self.last + DAY if self.last else date.max
        self.days, self.windows = self._days(deal)
        self.until = self._until(market["until"])

    def _days(self, deal: Deal) -> tuple[Days, Days | None]:
        cycle, cadence = self.line["cycle"], self.contract["cadence"]
        if cadence == "anniversary":
            return Days([(date.min, cycle, self.contract["start"])]), None
        if cadence == "calendar":
            return Days([(date.min, cycle, JANUARY)]), None
        monthly = {"starts": None, "cycle": "monthly", "weekday": 1, "month": 1, "day": 1, "reference": None}
        rules = deal["cycles"] or [monthly]
        own = Days([(rule["starts"] or date.min, cycle, anchor_of(rule, cycle)) for rule in rules])
        return own, Days([(rule["starts"] or date.min, rule["cycle"], anchor_of(rule, rule["cycle"])) for rule in rules])

    def _until(self, until: date) -> dict[str, date]:
        """What is billed in advance and in arrears: a client with a cycle of its own is billed when that is over."""
        if self.windows is None:
            return {"advance": until, "arrears": until}
        start, end = self.windows.period(until - DAY)
        return {"advance": end, "arrears": until if end == until else start}

    def in_force(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day <= self.last)

    def due(self, timing: str) -> list[Span]:
        """The periods to bill, oldest first."""
        until, found = self.until[timing], []
        day = self.owed_from
        while day < min(self.after, until):
            start, end = self.days.period(day)
            if timing == "advance" or end <= until:
                found.append((start, end))
            day = end
        return found

    def served(self, period: Span) -> Span:
        return max(period[0], self.owed_from), min(period[1], self.after)

    def part(self, period: Span) -> tuple[int, int, int] | None:
        """Days before, days covered, days of the whole period; None for all of it."""
        served = self.served(period)
        cut = self.before is not None and self.first <= self.before and self.before >= period[0]
        paid = served if self.line["prorate"] else (served[0] if cut else period[0], period[1])
        whole = self.days.whole(period[0])
        covered = (paid[1] - paid[0]).days
        total = (whole[1] - whole[0]).days
        return None if covered == total else ((paid[0] - whole[0]).days, covered, total)

    def item(self, key: str) -> Deal | None:
        return next((one for one in self.line["items"] if one["item"] == key), None)

    def scheduled(self, item: str | None, on: date) -> int | None:
        for start, end, amount in self.line["scheduled"].get(item, ()):
            if start <= on and (end is None or on <= end):
                return amount
        return None
