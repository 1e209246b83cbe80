"""Which periods are due: every owed day exactly once, whatever the dates."""

from __future__ import annotations

import doctest
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

import plugins.billing.service_periods
from kernel.money import Rounding
from plugins.billing.periods import Period
from plugins.billing.pricing import prorate
from plugins.billing.service_periods import agreement, due_periods, next_due_period

DAYS = st.dates(date(2024, 1, 1), date(2027, 12, 31))
CYCLES = st.sampled_from(["weekly", "bi_weekly", "monthly", "quarterly", "semi_annual", "annual"])
CADENCES = st.sampled_from(["calendar", "anniversary"])


def test_examples() -> None:
    assert doctest.testmod(plugins.billing.service_periods).failed == 0


@given(st.tuples(CYCLES, CADENCES), DAYS, st.none() | st.integers(0, 900), st.none() | DAYS, DAYS)
@settings(max_examples=300, deadline=None)
def test_every_owed_day_is_served_once(
    schedule: tuple[str, str], start: date, length: int | None, before: date | None, until: date
) -> None:
    cycle, cadence = schedule
    end = None if length is None else start + timedelta(length)
    agreed = agreement(cycle, cadence, (start, end), (None, None), before)
    due = due_periods(agreed, advance=True, prorate=True, until=until)
    days = [one.served.start + timedelta(n) for one in due for n in range(one.served.days)]
    assert len(days) == len(set(days))
    owed = agreed.owed
    assert set(days) >= {owed.start + timedelta(n) for n in range(max(0, (min(owed.end, until) - owed.start).days))}
    assert all(owed.contains(day) for day in days)
    assert all(one.coverage is None or one.coverage.covered == one.served.days for one in due)
    billed = {one.period.key for one in due}
    assert due_periods(agreed, advance=True, prorate=True, until=until, billed=billed) == []
    following = next_due_period(agreed, billed)
    assert following is None or following.key not in billed


@given(CYCLES, CADENCES, DAYS, DAYS)
@settings(max_examples=200, deadline=None)
def test_arrears_are_the_advance_periods_that_are_over(cycle: str, cadence: str, start: date, until: date) -> None:
    agreed = agreement(cycle, cadence, (start, None), (None, None), None)
    advance = due_periods(agreed, advance=True, prorate=False, until=until)
    arrears = due_periods(agreed, advance=False, prorate=False, until=until)
    assert arrears == [one for one in advance if one.period.end <= until]


@given(DAYS, st.integers(0, 27), st.integers(0, 10**7))
@settings(max_examples=200, deadline=None)
def test_what_was_billed_before_and_the_rest_make_the_whole(start: date, offset: int, amount: int) -> None:
    first = start.replace(day=1)
    before = first + timedelta(offset)
    agreed = agreement("monthly", "calendar", (first, None), (None, None), before)
    (rest,) = due_periods(agreed, advance=True, prorate=False, until=before + timedelta(2))[:1]
    if not (rest.coverage and rest.period.start == first):
        return  # the whole month was billed before
    earlier = Period(first, before + timedelta(1))
    paid = prorate(amount, type(rest.coverage)(0, earlier.days, rest.coverage.total), Rounding.HALF_UP)
    assert paid + prorate(amount, rest.coverage, Rounding.HALF_UP) == amount
