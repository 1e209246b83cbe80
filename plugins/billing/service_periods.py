"""Which service periods of a contract line are due, and which part of each. Pure: no database, no clock."""

from __future__ import annotations

from collections.abc import Container
from datetime import date
from typing import NamedTuple

from plugins.billing.periods import ONE_DAY, Coverage, Cycle, Period, Schedule, active_days, calendar_anchor, coverage

CALENDAR, ANNIVERSARY = "calendar", "anniversary"


class Agreement(NamedTuple):
    """When a line is in force: its schedule, its days, and the last day that an earlier system billed."""

    schedule: Schedule
    active: Period
    billed_until: date | None = None

    @property
    def owed(self) -> Period:
        """The days that may still be billed; empty (`start` not before `end`) if an earlier system billed them all."""
        if self.billed_until is None:
            return self.active
        return Period(max(self.active.start, self.billed_until + ONE_DAY), self.active.end)


class ServicePeriod(NamedTuple):
    """A period of the schedule, the days of it that are served, and the coverage to prorate by (None: the whole price)."""

    period: Period
    served: Period
    coverage: Coverage | None


def agreement(
    cycle: str, cadence: str, contract: tuple[date, date | None], line: tuple[date | None, date | None],
    billed_until: date | None,
) -> Agreement:  # fmt: skip
    """The agreement of a line from the first and last days of its contract and, where it has them, its own.

    >>> january = date(2026, 1, 1)
    >>> agreement("quarterly", "calendar", (date(2026, 2, 10), None), (None, None), None).schedule.anchor == date(2024, 1, 1)
    True
    >>> agreement("annual", "anniversary", (january, None), (date(2026, 3, 1), None), None).active.start
    datetime.date(2026, 3, 1)
    """
    starts, ends = max(contract[0], line[0] or contract[0]), [day for day in (contract[1], line[1]) if day]
    anchor = calendar_anchor(Cycle(cycle)) if cadence == CALENDAR else contract[0]
    return Agreement(Schedule(Cycle(cycle), anchor), active_days(starts, min(ends, default=None)), billed_until)


def due_periods(
    agreed: Agreement, *, advance: bool, prorate: bool, until: date, billed: Container[str] = ()
) -> list[ServicePeriod]:
    """The unbilled periods that are due before `until`, oldest first; `billed` holds the keys of those on invoices.

    In advance a period is due once its first served day is before `until`; in arrears once its end is not after it.
    Days that an earlier system billed are always taken off; those before the start and after the end only if `prorate`.
    """
    owed = agreed.owed
    limit = min(owed.end, until)
    if owed.start >= limit:
        return []
    due = [period for period in agreed.schedule.periods(Period(owed.start, limit)) if advance or period.end <= until]
    return [_served(period, agreed, prorate) for period in due if period.key not in billed]


def _served(period: Period, agreed: Agreement, prorate: bool) -> ServicePeriod:
    owed = agreed.owed
    served = Period(max(period.start, owed.start), min(period.end, owed.end))
    until = agreed.billed_until
    billed_part = until is not None and agreed.active.start <= until >= period.start
    payable = served if prorate else Period(served.start if billed_part else period.start, period.end)
    share = coverage(period, payable)
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
    if owed.start >= owed.end:
        return None
    for period in agreed.schedule.periods(owed):
        if period.key not in billed:
            return period
    return None
