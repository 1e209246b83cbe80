"""Working hours against the clock on the wall, minute by minute; and how buckets burn."""

from __future__ import annotations

import doctest
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plugins.billing.burn
import plugins.billing.working_hours
from plugins.billing.burn import Allowance, carried_over, weighted
from plugins.billing.working_hours import Hours, Span

ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "UTC"])
CHANGES = [date(2025, 3, 30), date(2025, 10, 26), date(2025, 3, 9), date(2025, 11, 2), date(2025, 4, 6), date(2025, 10, 5)]
DAYS = st.sampled_from(CHANGES) | st.dates(date(2025, 1, 1), date(2025, 12, 31))


@st.composite
def weeks(draw: st.DrawFn) -> tuple[Span, ...]:
    spans = []
    for weekday in range(1, 8):
        marks = sorted(draw(st.sets(st.integers(0, 1440), max_size=4)))
        spans += [Span(weekday, begins, ends) for begins, ends in zip(marks[::2], marks[1::2], strict=False)]
    return tuple(spans)


def test_the_examples_in_the_docs_hold() -> None:
    for module in (plugins.billing.burn, plugins.billing.working_hours):
        assert doctest.testmod(module).failed == 0


@given(ZONES, weeks(), DAYS, st.integers(0, 1439), st.integers(1, 1600), st.sets(DAYS, max_size=2))
@settings(derandomize=True, max_examples=150, deadline=None)
def test_the_share_inside_is_that_of_the_minutes_one_can_count(
    zone: str, spans: tuple[Span, ...], day: date, minute: int, length: int, off: set[date]
) -> None:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minute)
    inside = 0
    for number in range(length):
        wall = (start + timedelta(minutes=number)).astimezone(ZoneInfo(zone))
        now = wall.hour * 60 + wall.minute
        inside += wall.date() not in off and any(
            span.weekday == wall.isoweekday() and span.begins <= now < span.ends for span in spans
        )
    hours = Hours(zone, spans, frozenset(off))
    assert hours.inside(start, start + timedelta(minutes=length)) == Fraction(inside, length)


@pytest.mark.parametrize(("at", "share"), [("08:00", 1), ("17:00", 0), ("16:59", 1)])
def test_no_time_at_all_is_where_it_starts(at: str, share: int) -> None:
    hours = Hours("Europe/Berlin", tuple(Span(day, 480, 1020) for day in range(1, 8)))
    start = datetime.fromisoformat(f"2026-07-01T{at}").replace(tzinfo=ZoneInfo("Europe/Berlin"))
    assert hours.inside(start, start) == share


def test_around_the_clock_nothing_is_after_hours_days_off_neither() -> None:
    always = Hours("Europe/Berlin", tuple(Span(day, 0, 1440) for day in range(1, 8)), frozenset({date(2026, 7, 1)}))
    assert always.inside(datetime(2026, 7, 1, 2, tzinfo=UTC), datetime(2026, 7, 1, 3, tzinfo=UTC)) == 1


@given(st.integers(0, 2000), st.decimals("0.1", "9", places=2), st.none() | st.decimals("0.1", "9", places=2),
       st.fractions(0, 1, max_denominator=600))  # fmt: skip
def test_work_burns_by_its_parts(minutes: int, speed: Decimal, after: Decimal | None, inside: Fraction) -> None:
    faster = max(speed, after) if after is not None else speed
    exact = minutes * (Fraction(speed) * inside + Fraction(faster) * (1 - inside))
    assert abs(Fraction(weighted(minutes, speed, after, inside)) - exact) <= Fraction(1, 200)


@given(st.lists(st.integers(0, 900), min_size=1, max_size=12), st.integers(0, 600))
def test_what_is_carried_over_never_compounds(used: list[int], base: int) -> None:
    included, before = Decimal(base), None
    for amount in used:
        carried = Decimal(0) if before is None else carried_over(included, before)
        allowance = Allowance(included, carried)
        assert allowance.available <= 2 * included
        assert allowance.beyond(Decimal(amount)) == max(Decimal(amount) - included - carried, Decimal(0))
        before = Decimal(amount)
