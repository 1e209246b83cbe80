"""Periods by walking from day to day. Imports nothing of the engine."""

from __future__ import annotations

from datetime import date, timedelta

DAY = timedelta(days=1)
MONTHS = {"monthly": 1, "quarterly": 3, "semi_annual": 6, "annual": 12}

Span = tuple[date, date]


class Days:
    """The days on which periods begin. `turns` are rules (first day, cycle, anchor), each until the next one's first day."""

    def __init__(self, turns: list[tuple[date, str, date]]) -> None:
        self.turns = turns
        self.found: dict[tuple[int | None, date], Span] = {}

    def turn(self, day: date) -> int:
        """Which rule counts on a day."""
        return max(at for at, (first, _, _) in enumerate(self.turns) if at == 0 or first <= day)

    def begins(self, day: date) -> bool:
        """Whether a period begins on a day."""
        at = self.turn(day)
        return (at > 0 and day == self.turns[at][0]) or by_rule(*self.turns[at][1:], day)

    def period(self, day: date) -> Span:
        """The period of a day: walk back to where it begins, and on to where the next one does."""
        return self._walk(None, day)

    def whole(self, day: date) -> Span:
        """The period that it would be if its rule had always been and stayed."""
        return self._walk(self.turn(day), day)

    def _walk(self, rule: int | None, day: date) -> Span:
        if (rule, day) not in self.found:
            start, end = day, day + DAY
            while not self._starts(rule, start):
                start -= DAY
            while not self._starts(rule, end):
                end += DAY
            self.found[rule, day] = start, end
        return self.found[rule, day]

    def _starts(self, rule: int | None, day: date) -> bool:
        return self.begins(day) if rule is None else by_rule(*self.turns[rule][1:], day)


def by_rule(cycle: str, anchor: date, day: date) -> bool:
    """Whether a period begins on a day, when one begins on the anchor."""
    if cycle not in MONTHS:
        return (day - anchor).days % (7 if cycle == "weekly" else 14) == 0
    if ((day.year - anchor.year) * 12 + day.month - anchor.month) % MONTHS[cycle]:
        return False
    last_of_month = (day + DAY).month != day.month
    return day.day == anchor.day or (last_of_month and day.day < anchor.day)


def anchor_of(rule: dict, cycle: str) -> date:
    """A day on which a period of the cycle begins, by a client's settings."""
    if cycle == "bi_weekly" and rule["reference"]:
        return rule["reference"]
    if cycle in ("weekly", "bi_weekly"):
        return date(2024, 1, rule["weekday"])
    return date(2024, rule["month"], rule["day"])
