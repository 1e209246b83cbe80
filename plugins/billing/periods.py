"""Billing periods: which dates a price is for, and how much of them is covered. Pure: no database, no clock.

Every period is half-open, `[start, end)`, in business dates of the tenant's zone.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

ONE_DAY = timedelta(days=1)


class Cycle(StrEnum):
    """How long a billing period is."""

    WEEKLY = "weekly"
    BI_WEEKLY = "bi_weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    SEMI_ANNUAL = "semi_annual"
    ANNUAL = "annual"


DAYS = {Cycle.WEEKLY: 7, Cycle.BI_WEEKLY: 14}
MONTHS = {Cycle.MONTHLY: 1, Cycle.QUARTERLY: 3, Cycle.SEMI_ANNUAL: 6, Cycle.ANNUAL: 12}


class Period(NamedTuple):
    """The days from `start` up to, not including, `end`."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.end - self.start).days

    @property
    def last_day(self) -> date:
        """The last day that belongs to it, as people write periods."""
        return self.end - ONE_DAY

    @property
    def key(self) -> str:
        """A stable name of the period, for "billed only once".

        >>> Period(date(2026, 1, 1), date(2026, 2, 1)).key
        '2026-01-01/2026-02-01'
        """
        return _key(self.start, self.end)

    def contains(self, day: date) -> bool:
        """True for a day of the period."""
        return self.start <= day < self.end

    def overlap(self, other: Period) -> Period | None:
        """The days both have, or None."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Period(start, end) if start < end else None


class Schedule(NamedTuple):
    """Periods of one cycle; `anchor` is the first day of one of them.

    Boundaries are counted from the anchor, each clamped to its own month: anchored on 31 January, months begin on
    28 February and then on 31 March again.
    """

    cycle: Cycle
    anchor: date

    def boundary(self, index: int) -> date:
        """The first day of the period `index` steps after (below zero: before) that of the anchor."""
        if self.cycle in DAYS:
            return self.anchor + timedelta(days=DAYS[self.cycle] * index)
        return add_months(self.anchor, MONTHS[self.cycle] * index)

    def index_of(self, day: date) -> int:
        """Which period a day belongs to, counted from that of the anchor."""
        if self.cycle in DAYS:
            return (day - self.anchor).days // DAYS[self.cycle]
        months = (day.year - self.anchor.year) * 12 + day.month - self.anchor.month
        index = months // MONTHS[self.cycle]
        return index if self.boundary(index) <= day else index - 1

    def period(self, index: int) -> Period:
        """The period `index` steps after that of the anchor."""
        return Period(self.boundary(index), self.boundary(index + 1))

    def period_containing(self, day: date) -> Period:
        """The period a day belongs to.

        >>> Schedule(Cycle.MONTHLY, date(2024, 1, 31)).period_containing(date(2024, 3, 1)).key
        '2024-02-29/2024-03-31'
        """
        return _containing(self, day)

    def whole_of(self, period: Period) -> Period:
        """The whole period that one is, or is a part of."""
        return self.period_containing(period.start)

    def next_boundary(self, day: date) -> date:
        """The smallest boundary after a day.

        >>> Schedule(Cycle.MONTHLY, date(2025, 1, 10)).next_boundary(date(2026, 1, 1))
        datetime.date(2026, 1, 10)
        """
        return self.boundary(self.index_of(day) + 1)

    def periods(self, window: Period) -> Iterator[Period]:
        """Every whole period that shares a day with the window, in order."""
        index = self.index_of(window.start)
        start = self.boundary(index)
        while start < window.end:
            index += 1
            end = self.boundary(index)
            yield Period(start, end)
            start = end


class Turns(NamedTuple):
    """Schedules that take turns: each holds from its first day on (the first since ever) to the next one's.

    Where they meet there may be periods that are cut short: the rest of one schedule's, or the beginning of the next one's.
    """

    parts: tuple[tuple[date, Schedule], ...]

    def _part(self, day: date) -> tuple[date, Schedule, date]:
        at = max(number for number, (first, _) in enumerate(self.parts) if number == 0 or first <= day)
        following = self.parts[at + 1][0] if at + 1 < len(self.parts) else date.max
        first, schedule = self.parts[at]
        return first if at else date.min, schedule, following

    def period_containing(self, day: date) -> Period:
        """The period a day belongs to, as far as it lies in its schedule's turn.

        >>> first, mid = (Schedule(Cycle.MONTHLY, calendar_anchor(Cycle.MONTHLY, day=day)) for day in (1, 15))
        >>> turns = Turns(((date.min, first), (date(2026, 8, 1), mid)))
        >>> [turns.period_containing(date(2026, 8, day)).key for day in (14, 15)]
        ['2026-08-01/2026-08-15', '2026-08-15/2026-09-15']
        """
        first, schedule, following = self._part(day)
        whole = schedule.period_containing(day)
        return Period(max(whole.start, first), min(whole.end, following))

    def next_boundary(self, day: date) -> date:
        """The smallest boundary after a day."""
        return self.period_containing(day).end

    def whole_of(self, period: Period) -> Period:
        """The whole period of its schedule that one is, or is a part of."""
        return self._part(period.start)[1].period_containing(period.start)

    def periods(self, window: Period) -> Iterator[Period]:
        """Every period that shares a day with the window, in order."""
        day = window.start
        while day < window.end:
            period = self.period_containing(day)
            yield period
            day = period.end


class Anchoring(NamedTuple):
    """In which cycle somebody is billed from a day on (None: ever since), and where its periods begin: on an ISO weekday, for
    every other week on a day of reference, else on a day of a month.
    """

    starts: date | None
    cycle: Cycle
    weekday: int = 1
    reference: date | None = None
    month: int = 1
    day: int = 1

    def schedule(self, cycle: Cycle) -> Schedule:
        """The periods of any length that begin where these do.

        >>> Anchoring(None, Cycle.MONTHLY, day=15).schedule(Cycle.QUARTERLY).period_containing(date(2026, 8, 1)).key
        '2026-07-15/2026-10-15'
        """
        if cycle is Cycle.BI_WEEKLY and self.reference is not None:
            return Schedule(cycle, self.reference)
        return Schedule(cycle, calendar_anchor(cycle, day=self.day, month=self.month, weekday=self.weekday))


def turns_of(anchorings: Sequence[Anchoring], cycle: Cycle | None = None) -> Schedule | Turns:
    """Periods of a cycle (None: of each one's own) by anchorings in the order of their first days."""
    parts = tuple((one.starts or date.min, one.schedule(cycle or one.cycle)) for one in anchorings)
    return parts[0][1] if len(parts) == 1 else Turns(parts)


@lru_cache(maxsize=4096)  # a run asks for the same few periods for each of its lines, here and below
def _key(start: date, end: date) -> str:
    return f"{start.isoformat()}/{end.isoformat()}"


@lru_cache(maxsize=4096)
def _containing(schedule: Schedule, day: date) -> Period:
    return schedule.period(schedule.index_of(day))


@lru_cache(maxsize=4096)
def add_months(day: date, months: int) -> date:
    """The same day of the month some months later, or the last one of a shorter month.

    >>> add_months(date(2024, 2, 29), 12)
    datetime.date(2025, 2, 28)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def calendar_anchor(cycle: Cycle, *, day: int = 1, month: int = 1, weekday: int = 1) -> date:
    """An anchor from settings: day of the month (and month of the year), or ISO weekday (1 is Monday) for weeks.

    >>> Schedule(Cycle.QUARTERLY, calendar_anchor(Cycle.QUARTERLY, month=2)).period_containing(date(2026, 1, 31)).key
    '2025-11-01/2026-02-01'
    """
    if cycle in DAYS:
        return date(2024, 1, weekday)  # 1 January 2024 was a Monday
    return date(2024, month, day)


def active_days(start: date, end: date | None) -> Period:
    """The days a contract or line is active; `end` is its last day, as contracts are written, or None for evergreen."""
    return Period(start, date.max if end is None or end == date.max else end + ONE_DAY)


class Coverage(NamedTuple):
    """How many days of a period come before those covered, how many are covered, and how many the period has."""

    before: int
    covered: int
    total: int

    @property
    def whole(self) -> bool:
        """True if every day is covered."""
        return self.covered == self.total


def coverage(period: Period, active: Period) -> Coverage | None:
    """The share of a period that is active, in calendar days of that period; None if there is no such day.

    >>> coverage(Period(date(2026, 2, 1), date(2026, 3, 1)), active_days(date(2026, 2, 10), date(2026, 2, 19)))
    Coverage(before=9, covered=10, total=28)
    """
    shared = period.overlap(active)
    return shared and Coverage((shared.start - period.start).days, shared.days, period.days)
