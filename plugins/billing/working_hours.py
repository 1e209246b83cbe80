"""Working hours, by the clock on the wall of their zone: which part of some work was done in them. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

ONE_DAY, AN_HOUR = timedelta(days=1), timedelta(hours=1)
WEEK = 7 * 24 * 60


class Span(NamedTuple):
    """Minutes of a weekday (1 is Monday) from `begins` up to, not including, `ends`, counted from midnight."""

    weekday: int
    begins: int
    ends: int


class Hours:
    """Spans of the week less days off; around the clock, every day counts, days off too."""

    def __init__(self, zone: str, spans: tuple[Span, ...], days_off: frozenset[date] = frozenset()) -> None:
        self.zone, self.spans, self.days_off = ZoneInfo(zone), spans, days_off

    @cached_property
    def around_the_clock(self) -> bool:
        """True if every minute of the week is worked."""
        return sum(span.ends - span.begins for span in self.spans) == WEEK

    def inside(self, start: datetime, end: datetime) -> Fraction:
        """The share of the time between two instants that lies in working hours; of no time, whether its start does.

        >>> office = Hours("Europe/Berlin", tuple(Span(day, 8 * 60, 17 * 60) for day in range(1, 6)))
        >>> evening = ZoneInfo("Europe/Berlin")
        >>> office.inside(datetime(2026, 7, 1, 16, tzinfo=evening), datetime(2026, 7, 1, 19, tzinfo=evening))
        Fraction(1, 3)
        """
        if self.around_the_clock:
            return Fraction(1)
        until = max(end, start + timedelta(microseconds=1))
        worked = sum((self._worked(*stretch) for stretch in self._stretches(start, until)), timedelta())
        return Fraction(worked // timedelta(microseconds=1), (until - start) // timedelta(microseconds=1))

    def _stretches(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """What the clock on the wall shows between two instants; where it is put forward or back, a new stretch begins."""
        at = start.astimezone(ZoneInfo("UTC"))
        while at < end:
            until = min(self._same_clock(at), end)
            shown = (at + self._ahead(at)).replace(tzinfo=None)
            yield shown, shown + (until - at)
            at = until

    def _same_clock(self, at: datetime) -> datetime:
        """A later instant up to which the clock is not changed: an hour later, or when it is changed."""
        ahead, whole = self._ahead(at), at.replace(microsecond=0)
        if self._ahead(at + AN_HOUR) == ahead:
            return at + AN_HOUR
        seconds = bisect_left(range(3602), True, key=lambda n: self._ahead(whole + timedelta(seconds=n)) != ahead)
        return whole + timedelta(seconds=seconds)

    def _ahead(self, at: datetime) -> timedelta:
        return at.astimezone(self.zone).utcoffset() or timedelta()

    def _worked(self, start: datetime, end: datetime) -> timedelta:
        total, day = timedelta(), start.date()
        while day <= end.date():
            if day not in self.days_off:
                midnight = datetime.combine(day, time())
                for span in self.spans:
                    if span.weekday == day.isoweekday():
                        begins, ends = (midnight + timedelta(minutes=minutes) for minutes in span[1:])
                        total += max(min(end, ends) - max(start, begins), timedelta())
            day += ONE_DAY
        return total
