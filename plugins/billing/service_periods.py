"""Which service periods of a contract line are due, and which part of each. Pure: no database, no clock."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from plugins.billing.periods import (
    ONE_DAY,
    Anchoring,
    Coverage,
    Cycle,
    Period,
    Schedule,
    Turns,
    active_days,
    calendar_anchor,
    coverage,
    turns_of,
)

CALENDAR, ANNIVERSARY, CLIENT = "calendar", "anniversary", "client"
_EACH_MONTH = (Anchoring(None, Cycle.MONTHLY),)


class Agreement(NamedTuple):
    """When a line is in force: its schedule, its days, and the last day that an earlier system billed.

    `windows` are the periods in which its client is billed, if it has a cycle of its own: what is owed waits for them.
    """

    schedule: Schedule | Turns
    active: Period
    billed_until: date | None = None
    windows: Schedule | Turns | None = None

    @property
    def owed(self) -> Period:
        """The days that may still be billed; empty (`start` not before `end`) if an earlier system billed them all."""
        if self.billed_until is None:
            return self.active
        return Period(max(self.active.start, self.billed_until + ONE_DAY), self.active.end)

    def held(self, until: date, *, advance: bool = False) -> date:
        """Up to which day is billed when bills are written up to `until`: all that the client's running period brings in
        advance, but in arrears only what came before it.
        """
        if self.windows is None:
            return until
        running = self.windows.period_containing(until - ONE_DAY)
        if advance or running.end == until:
            return running.end
        return running.start


class ServicePeriod(NamedTuple):
    """A period of the schedule, the days of it that are served, and the coverage to prorate by (None: the whole price)."""

    period: Period
    served: Period
    coverage: Coverage | None


def agreement(
    cycle: str, cadence: str, contract: tuple[date, date | None], line: tuple[date | None, date | None],
    billed_until: date | None, anchorings: Sequence[Anchoring] = (),
) -> Agreement:  # fmt: skip
    """The agreement of a line from the first and last days of its contract and, where it has them, its own.

    `anchorings` are the client's, in the order of their first days, for the cadence `client`; without any it is billed by
    calendar months.

    >>> january = date(2026, 1, 1)
    >>> agreement("quarterly", "calendar", (date(2026, 2, 10), None), (None, None), None).schedule.anchor == date(2024, 1, 1)
    True
    >>> agreement("annual", "anniversary", (january, None), (date(2026, 3, 1), None), None).active.start
    datetime.date(2026, 3, 1)
    """
    starts, ends = max(contract[0], line[0] or contract[0]), [day for day in (contract[1], line[1]) if day]
    active = active_days(starts, min(ends, default=None))
    if cadence == CLIENT:
        own = anchorings or _EACH_MONTH
        return Agreement(turns_of(own, Cycle(cycle)), active, billed_until, turns_of(own))
    anchor = calendar_anchor(Cycle(cycle)) if cadence == CALENDAR else contract[0]
    return Agreement(Schedule(Cycle(cycle), anchor), active, billed_until)


def due_periods(
    agreed: Agreement, *, advance: bool, prorate: bool, until: date, billed: Container[str] = frozenset()
) -> list[ServicePeriod]:
    """The unbilled periods that are due before `until`, oldest first; `billed` holds the keys of those on invoices.

    In advance a period is due once its first served day is before `until`; in arrears once its end is not after it.
    Days that an earlier system billed are always taken off, and so are those of a period that a change of anchor cut short;
    those before the start and after the end only if `prorate`.
    """
    find = _due_of_many if isinstance(billed, frozenset) else _due
    return list(find(agreed, advance, prorate, until, billed))


def _due(agreed: Agreement, advance: bool, prorate: bool, until: date, billed: Container[str]) -> Sequence[ServicePeriod]:
    owed, until = agreed.owed, agreed.held(until, advance=advance)
    limit = min(owed.end, until)
    if owed.start >= limit:
        return ()
    unbilled = _unbilled(agreed, Period(owed.start, limit), billed)
    return tuple([_served(period, agreed, prorate) for period in unbilled if advance or period.end <= until])


_due_of_many = lru_cache(maxsize=4096)(_due)
"""Lines with the same days of which the same periods are billed owe the same periods: nearly all lines of a run."""


def _unbilled(agreed: Agreement, window: Period, billed: Container[str]) -> Iterator[Period]:
    """Periods that are not billed; where a part of one is (its line was to end, or anchors changed), the days that are not."""
    for period in agreed.schedule.periods(window):
        if period.key not in billed:
            yield from (free for free in _free(period, _meeting(period, billed)) if free.overlap(window))


def _meeting(period: Period, billed: Container[str]) -> list[Period]:
    """The billed periods that share days with one. Keys compare like their days, so only those that meet it are read."""
    if not billed or not isinstance(billed, Iterable):
        return []
    start, _, end = period.key.partition("/")
    return sorted(period_of(key) for key in billed if key[:10] < end and key[11:21] > start)


def period_of(key: str) -> Period:
    """The period that a key names; what follows a plus sign tells apart several bills of it.

    >>> period_of("2026-07-01/2026-08-01+1").days
    31
    """
    start, _, end = key.partition("+")[0].partition("/")
    return Period(date.fromisoformat(start), date.fromisoformat(end))


def _free(period: Period, taken: Sequence[Period]) -> Iterator[Period]:
    start = period.start
    for other in taken:
        if other.start < period.end and other.end > start:
            if other.start > start:
                yield Period(start, other.start)
            start = other.end
    if start < period.end:
        yield Period(start, period.end)


def _served(period: Period, agreed: Agreement, prorate: bool) -> ServicePeriod:
    owed = agreed.owed
    served = Period(max(period.start, owed.start), min(period.end, owed.end))
    until = agreed.billed_until
    billed_part = until is not None and agreed.active.start <= until >= period.start
    payable = served if prorate else Period(served.start if billed_part else period.start, period.end)
    share = coverage(agreed.schedule.whole_of(period), payable)
    return ServicePeriod(period, served, None if share is None or share.whole else share)


def next_due_period(agreed: Agreement, billed: Container[str] = ()) -> Period | None:
    """The first period that is not billed yet, or None when the agreement ends before one.

    >>> from_july = agreement("monthly", "calendar", (date(2026, 7, 10), date(2026, 8, 31)), (None, None), None)
    >>> next_due_period(from_july, {"2026-07-01/2026-08-01"}).key
    '2026-08-01/2026-09-01'
    >>> next_due_period(from_july, {"2026-07-01/2026-08-01", "2026-08-01/2026-09-01"}) is None
    True
    """
    owed = agreed.owed
    return next(_unbilled(agreed, owed, billed), None) if owed.start < owed.end else None
