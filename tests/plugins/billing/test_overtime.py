"""Overtime on hourly lines: after minimum and round-up, per person, per day or week; billed work of the spell counts."""

from __future__ import annotations

import doctest
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import plugins.billing.overtime
from plugins.billing.overtime import beyond
from tests.plugins.billing.contract_desk import check_sources
from tests.plugins.billing.test_due_charges import Work


@pytest.fixture
def desk(acme: Any) -> Iterator[Work]:
    with acme.call() as ctx:
        yield Work(ctx, acme.users["bob"])
        ctx.session.rollback()


def hours(**terms: Any) -> dict[str, Any]:
    """A line of hours at 60.00 with overtime."""
    return {"kind": "hourly", "name": "Support", "hourly_rate": 6000, **terms}


def test_the_examples_in_the_docs_hold() -> None:
    assert doctest.testmod(plugins.billing.overtime).failed == 0


def test_what_a_person_works_beyond_a_days_hours_costs_half_as_much_again(desk: Work) -> None:
    desk.contract(hours(overtime_after=120), start="2026-07-01")
    desk.work("2026-07-01T08:00", 90)
    desk.work("2026-07-01T18:00", 60)
    desk.work("2026-07-02T08:00", 120)
    (line,) = desk.lines("2026-08-01")
    # 240 minutes at 60.00 and 30 at 90.00.
    assert (line.quantity, line.unit_price, line.amount) == (Decimal("4.5"), None, 28500)
    assert [one.amount for one in line.sources] == [9000, 7500, 12000]
    assert line.trace["steps"] == [["hours_and_overtime", "240/60 × 6000 + 30/60 × 9000", 28500]]
    check_sources([line])


def test_minimum_and_round_up_come_before_overtime(desk: Work) -> None:
    desk.contract(hours(overtime_after=60, minimum_minutes=30, round_up_minutes=30, overtime_rate=10000), start="2026-07-01")
    desk.work("2026-07-01T08:00", 5)
    desk.work("2026-07-01T09:00", 40)
    (line,) = desk.lines("2026-08-01")
    # 30 + 60 billed minutes, 30 of them overtime at 100.00.
    assert (line.quantity, line.amount) == (Decimal("1.5"), 6000 + 5000)


def test_a_week_goes_from_monday_and_over_the_end_of_the_month(desk: Work) -> None:
    desk.contract(hours(overtime_after=180, overtime_per="week", overtime_factor=Decimal(2)), start="2026-06-01")
    desk.work("2026-06-29T08:00", 120)
    desk.bill(desk.lines("2026-07-01"))
    desk.work("2026-07-01T08:00", 90)  # the same week: 60 of 180 are left
    desk.work("2026-07-06T08:00", 60)
    (line,) = desk.lines("2026-08-01")
    assert line.amount == 6000 + 2 * 3000 + 6000


def test_people_are_counted_by_themselves_and_other_lines_know_no_overtime(desk: Work, acme: Any) -> None:
    desk.contract(hours(overtime_after=60, items=[{"item_id": desk.remote}]), start="2026-07-01")
    desk.contract(hours(items=[{"item_id": desk.onsite}]), start="2026-07-01")
    desk.work("2026-07-01T08:00", 60)
    desk.bob = acme.users["carol"]
    desk.work("2026-07-01T08:00", 60)
    desk.work("2026-07-01T10:00", 60, desk.onsite)
    assert sorted(line.amount for line in desk.lines("2026-08-01")) == [6000, 12000]


@given(st.integers(1, 600), st.integers(0, 700), st.lists(st.integers(0, 300), max_size=12))
def test_splitting_work_changes_no_overtime(after: int, before: int, minutes: list[int]) -> None:
    """Counted minute by minute."""
    clock = [number >= after for number in range(before, before + sum(minutes))]
    at, expected = 0, []
    for one in minutes:
        expected.append(sum(clock[at : at + one]))
        at += one
    assert list(beyond(after, before, minutes)) == expected
