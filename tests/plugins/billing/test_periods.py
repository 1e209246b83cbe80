"""Billing periods against counting day by day, over leap years, month ends and changes of the clock."""

from __future__ import annotations

import doctest
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plugins.billing.periods
from plugins.billing.periods import (
    Coverage,
    Cycle,
    Period,
    Schedule,
    active_days,
    add_months,
    calendar_anchor,
    coverage,
)

seeded = settings(derandomize=True, max_examples=200, deadline=None)
days = st.dates(date(2015, 1, 1), date(2035, 12, 31))
schedules = st.builds(Schedule, st.sampled_from(Cycle), days)
STEP = {Cycle.MONTHLY: 1, Cycle.QUARTERLY: 3, Cycle.SEMI_ANNUAL: 6, Cycle.ANNUAL: 12}


def is_boundary(schedule: Schedule, day: date) -> bool:
    """Whether a period begins on this day, decided without stepping from one boundary to the next."""
    anchor = schedule.anchor
    if schedule.cycle not in STEP:
        return (day - anchor).days % (7 if schedule.cycle is Cycle.WEEKLY else 14) == 0
    if ((day.year - anchor.year) * 12 + day.month - anchor.month) % STEP[schedule.cycle]:
        return False
    last_of_month = (day + timedelta(days=1)).month != day.month
    return day.day == anchor.day or (last_of_month and day.day < anchor.day)


def test_the_examples_in_the_docs_hold() -> None:
    assert doctest.testmod(plugins.billing.periods).failed == 0


@seeded
@given(schedules, days)
def test_the_period_of_a_day_is_found_by_walking_to_the_boundaries_around_it(schedule: Schedule, day: date) -> None:
    start, end = day, day + timedelta(days=1)
    while not is_boundary(schedule, start):
        start -= timedelta(days=1)
    while not is_boundary(schedule, end):
        end += timedelta(days=1)
    assert schedule.period_containing(day) == Period(start, end)
    assert schedule.next_boundary(day) == end


@seeded
@given(schedules, days, st.integers(0, 800))
def test_periods_follow_each_other_without_gap_or_overlap(schedule: Schedule, start: date, length: int) -> None:
    window = Period(start, start + timedelta(days=length))
    periods = list(schedule.periods(window))
    assert all(a.end == b.start for a, b in pairwise(periods))
    assert all(period.overlap(window) for period in periods) or length == 0
    assert sum(period.overlap(window).days for period in periods if period.overlap(window)) == length


def test_a_month_end_is_clamped_from_the_anchor_and_comes_back() -> None:
    monthly = Schedule(Cycle.MONTHLY, date(2023, 10, 31))
    starts = [period.start for period in monthly.periods(Period(date(2023, 12, 31), date(2024, 5, 1)))]
    assert starts == [date(2023, 12, 31), date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31), date(2024, 4, 30)]
    yearly = Schedule(Cycle.ANNUAL, date(2024, 2, 29))
    assert [yearly.boundary(i) for i in (-1, 1, 4)] == [date(2023, 2, 28), date(2025, 2, 28), date(2028, 2, 29)]


@pytest.mark.parametrize(
    ("cycle", "anchor", "key"),
    [
        (Cycle.WEEKLY, {"weekday": 7}, "2026-03-29/2026-04-05"),
        (Cycle.BI_WEEKLY, {}, "2026-03-23/2026-04-06"),
        (Cycle.MONTHLY, {"day": 15}, "2026-03-15/2026-04-15"),
        (Cycle.QUARTERLY, {}, "2026-01-01/2026-04-01"),
        (Cycle.SEMI_ANNUAL, {"month": 4}, "2025-10-01/2026-04-01"),
        (Cycle.ANNUAL, {"month": 7, "day": 28}, "2025-07-28/2026-07-28"),
    ],
)
def test_settings_give_the_periods_people_expect(cycle: Cycle, anchor: dict[str, int], key: str) -> None:
    schedule = Schedule(cycle, calendar_anchor(cycle, **anchor))
    assert schedule.period_containing(date(2026, 3, 31)).key == key


@seeded
@given(schedules, days, days, st.integers(0, 500))
def test_covered_days_are_those_one_can_count(schedule: Schedule, day: date, start: date, length: int) -> None:
    period, last = schedule.period_containing(day), start + timedelta(days=length)
    each = [period.start + timedelta(days=i) for i in range(period.days)]
    inside = [d for d in each if start <= d <= last]
    expected = Coverage(each.index(inside[0]), len(inside), len(each)) if inside else None
    assert coverage(period, active_days(start, last)) == expected


def test_a_contract_is_active_on_its_last_day() -> None:
    march = Period(date(2026, 3, 1), date(2026, 4, 1))
    assert coverage(march, active_days(date(2025, 1, 1), date(2026, 3, 1))) == Coverage(0, 1, 31)
    assert coverage(march, active_days(date(2025, 1, 1), date(2026, 2, 28))) is None
    assert coverage(march, active_days(date(2026, 3, 1), date(2026, 3, 31))).whole
    assert coverage(march, active_days(date(2026, 3, 31), None)) == Coverage(30, 1, 31)
    assert march.last_day == date(2026, 3, 31)


@seeded
@given(days, st.integers(-400, 400))
def test_months_later_is_the_same_day_or_the_last_of_a_shorter_month(day: date, months: int) -> None:
    later = add_months(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day == day.day or (later + timedelta(days=1)).day == 1
