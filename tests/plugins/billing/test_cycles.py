"""Contracts billed as their client is: anchors, changes of anchor, and what waits for the client's own period."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.errors import InvalidInput
from plugins.billing.cycles import services as cycles
from plugins.billing.periods import Anchoring, Cycle
from plugins.billing.service_periods import agreement, due_periods
from tests.plugins.billing.contract_desk import day, periods
from tests.plugins.billing.test_due_charges import Work

FIXED = {"kind": "fixed", "name": "Care", "price": 31000}


@pytest.fixture
def desk(acme: Any) -> Iterator[Work]:
    with acme.call() as ctx:
        yield Work(ctx, acme.users["bob"])
        ctx.session.rollback()


@pytest.mark.parametrize(
    ("facts", "keys"),
    [
        ({"cycle": "monthly", "day": 15}, ["2026-07-15/2026-08-15", "2026-08-15/2026-09-15"]),
        ({"cycle": "quarterly", "month": 2, "day": 10}, ["2026-05-10/2026-08-10", "2026-08-10/2026-11-10"]),
        ({"cycle": "semi_annual", "month": 3}, ["2026-03-01/2026-09-01"]),
        ({"cycle": "annual", "month": 8, "day": 28}, ["2025-08-28/2026-08-28", "2026-08-28/2027-08-28"]),
        ({"cycle": "bi_weekly", "reference_on": day("2026-07-08")},
         ["2026-07-08/2026-07-22", "2026-07-22/2026-08-05", "2026-08-05/2026-08-19", "2026-08-19/2026-09-02"]),
    ],
)  # fmt: skip
def test_periods_begin_where_those_of_the_client_do(desk: Work, facts: dict[str, Any], keys: list[str]) -> None:
    cycles.set_cycle(desk.ctx, desk.client_id, **facts)
    start = max(keys[0][:10], "2026-07-20") if facts["cycle"] != "bi_weekly" else "2026-07-09"
    desk.contract({**FIXED, "cycle": facts["cycle"], "prorate": False}, start=start, cadence="client")
    lines = desk.lines("2026-08-30")
    assert [one.sources[0].period_key for one in lines] == keys


def test_a_client_without_a_cycle_is_billed_by_the_month(desk: Work) -> None:
    desk.contract(FIXED, start="2026-07-01", cadence="client")
    assert periods(desk.lines("2026-07-02")) == ["2026-07-01/2026-08-01"]
    assert cycles.billing_cycle(desk.ctx, desk.client_id)["running"]["start"] == day("2026-10-01")


def test_a_client_billed_each_quarter_gets_three_months_at_once_and_nothing_between(desk: Work) -> None:
    cycles.set_cycle(desk.ctx, desk.client_id, cycle="quarterly")
    desk.contract(FIXED, {"kind": "hourly", "hourly_rate": 6000}, start="2026-07-01", cadence="client")
    desk.work("2026-07-03T09:00", 60)
    july = desk.lines("2026-07-02")
    assert periods(july) == ["2026-07-01/2026-08-01", "2026-08-01/2026-09-01", "2026-09-01/2026-10-01"]
    desk.bill(july)
    assert desk.lines("2026-09-30") == []
    october = desk.lines("2026-10-01")
    assert [(line.kind, line.amount) for line in october] == [("hourly", 6000)]


def test_a_change_of_anchor_fills_the_gap_with_a_short_period_and_bills_no_day_twice(desk: Work) -> None:
    desk.contract(FIXED, start="2026-09-01", cadence="client")
    desk.bill(desk.lines("2026-10-02"))  # September and October
    cycles.set_cycle(desk.ctx, desk.client_id, cycle="monthly", day=15)
    rows = cycles.list_cycles(desk.ctx, desk.client_id)
    assert [row.starts_on for row in rows] == [None, day("2026-11-01")]
    lines = desk.lines("2026-12-01")
    assert periods(lines) == ["2026-11-01/2026-11-15", "2026-11-15/2026-12-15"]
    # 1 to 14 November are 14 of the 31 days from 15 October: 31000 × 31/31 − 31000 × 17/31.
    assert [line.amount for line in lines] == [14000, 31000]


def test_a_year_that_is_billed_stays_billed_when_the_anchor_changes(desk: Work) -> None:
    desk.contract({**FIXED, "cycle": "annual", "price": 36500}, start="2026-01-01", cadence="client")
    desk.bill(desk.lines("2026-10-01"))
    cycles.set_cycle(desk.ctx, desk.client_id, cycle="monthly", day=15, starts_on=day("2026-11-15"))
    assert desk.lines("2026-12-10") == []
    lines = desk.lines("2027-01-16")
    assert periods(lines) == ["2027-01-01/2027-01-15", "2027-01-15/2028-01-15"]
    assert [line.amount for line in lines] == [1400, 36500]  # 14 of 365 days


def test_the_past_keeps_its_cycle(desk: Work) -> None:
    cycles.set_cycle(desk.ctx, desk.client_id, cycle="weekly", weekday=3)
    assert cycles.billing_cycle(desk.ctx, desk.client_id)["cycle"] == "weekly"
    with pytest.raises(InvalidInput) as refused:
        cycles.set_cycle(desk.ctx, desk.client_id, cycle="monthly", starts_on=day("2026-09-01"))
    assert "starts_on" in refused.value.errors


CYCLES, ANCHOR_DAYS = st.sampled_from(Cycle), st.integers(1, 28)
DAYS = st.dates(date(2023, 6, 1), date(2027, 6, 1))


@st.composite
def anchorings(draw: st.DrawFn) -> list[Anchoring]:
    starts = sorted(draw(st.sets(DAYS, max_size=3)))
    return [
        Anchoring(
            first, draw(CYCLES), draw(st.integers(1, 7)), draw(st.none() | DAYS), draw(st.integers(1, 12)), draw(ANCHOR_DAYS)
        )
        for first in (None, *starts)
    ]


@given(anchorings(), CYCLES, DAYS, st.none() | st.integers(0, 700), DAYS, st.booleans(), st.booleans())
@settings(derandomize=True, max_examples=200, deadline=None)
def test_whatever_the_anchors_every_day_is_billed_once(
    own: list[Anchoring], cycle: Cycle, start: date, length: int | None, until: date, advance: bool, prorate: bool
) -> None:
    end = None if length is None else start + timedelta(length)
    agreed = agreement(cycle, "client", (start, end), (None, None), None, own)
    due = due_periods(agreed, advance=advance, prorate=prorate, until=until)
    days = [one.served.start + timedelta(n) for one in due for n in range(one.served.days)]
    assert len(days) == len(set(days))
    held = agreed.held(until, advance=advance)
    owed = {agreed.active.start + timedelta(n) for n in range(max(0, (min(agreed.active.end, held) - agreed.active.start).days))}
    assert set(days) >= owed if advance else set(days) <= {*owed, *days}
    assert all(one.coverage is None or one.coverage.total == agreed.schedule.whole_of(one.period).days for one in due)


@given(anchorings(), anchorings(), CYCLES, DAYS, DAYS)
@settings(derandomize=True, max_examples=150, deadline=None)
def test_billing_by_old_anchors_and_then_by_new_ones_leaves_no_gap_and_no_overlap(
    old: list[Anchoring], new: list[Anchoring], cycle: Cycle, start: date, until: date
) -> None:
    before = agreement(cycle, "client", (start, None), (None, None), None, old[:1])
    changed = agreement(cycle, "client", (start, None), (None, None), None, [*old[:1], *new[1:]])
    first = due_periods(before, advance=True, prorate=True, until=until)
    billed = {one.period.key for one in first}
    second = due_periods(changed, advance=True, prorate=True, until=until + timedelta(500), billed=billed)
    days = [one.served.start + timedelta(n) for one in (*first, *second) for n in range(one.served.days)]
    assert len(days) == len(set(days))
    if days:
        assert set(days) == {min(days) + timedelta(n) for n in range((max(days) - min(days)).days + 1)}
