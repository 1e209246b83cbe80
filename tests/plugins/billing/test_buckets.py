"""Hours that a contract includes: drawn, weighed, carried over, and what goes beyond; against figures reckoned by hand."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from kernel.context import Actor
from kernel.errors import InvalidInput
from plugins.billing import invoices
from plugins.billing.buckets import hours as working_hours
from plugins.billing.contracts import services
from plugins.billing.errors import BucketAmbiguous
from plugins.billing.models import InvoiceLine
from plugins.tax import services as taxes
from plugins.timesheets.models import TimeEntry
from tests.plugins.billing.contract_desk import amounts, check_sources, day
from tests.plugins.billing.invoice_desk import lay_out_taxes
from tests.plugins.billing.test_due_charges import Work
from tests.plugins.billing.test_runs import run_to_end


@pytest.fixture
def desk(acme: Any) -> Iterator[Work]:
    with acme.call() as ctx:
        yield Work(ctx, acme.users["bob"])
        ctx.session.rollback()


def bucket(hours: str = "10", rate: int = 9000, **more: Any) -> dict[str, Any]:
    """A bucket line of so many hours."""
    line = {name: more.pop(name) for name in ("price", "timing", "items", "name", "prorate", "cycle") if name in more}
    terms = {"included": Decimal(hours), "overage_rate": rate, "covers_all": not more.get("members"), **more}
    return {"kind": "bucket", "name": "Support hours", **line, "bucket": terms}


def test_work_draws_from_the_bucket_and_costs_nothing_within_it(desk: Work) -> None:
    desk.contract(bucket(price=80000, timing="arrears"), start="2026-07-01")
    first, second = desk.work("2026-07-01T09:00", 90), desk.work("2026-07-20T09:00", 60, desk.onsite)
    fee, drawn = desk.lines("2026-08-01")
    assert amounts([fee, drawn]) == [("Support hours", 80000), ("Support hours: 2.5 / 10 h", 0)]
    assert {one.id for one in drawn.sources if one.kind == "timesheets.entry"} == {first, second}
    assert (drawn.quantity, drawn.unit_price, drawn.kind) == (0, None, "bucket")
    check_sources([fee, drawn])


def test_work_waits_until_the_period_of_its_bucket_is_over(desk: Work) -> None:
    desk.contract(bucket(), start="2026-07-01")
    desk.work("2026-07-02T09:00", 60)
    assert desk.lines("2026-07-31") == []
    assert amounts(desk.lines("2026-08-01")) == [("Support hours: 1 / 10 h", 0)]


def test_what_goes_beyond_is_split_over_the_services_by_weighted_minutes(desk: Work) -> None:
    members = [{"item_id": desk.remote, "multiplier": Decimal(1)}, {"item_id": desk.onsite, "multiplier": Decimal("1.5")}]
    desk.contract(bucket("1", 10000, members=members), start="2026-07-01")
    desk.work("2026-07-01T09:00", 60)
    desk.work("2026-07-02T09:00", 70, desk.onsite)
    lines = desk.lines("2026-08-01")
    # 60 + 105 weighted minutes, 105 beyond: 175.00, split 105 : 60 by weight.
    assert amounts(lines) == [
        ("Support hours: 2.75 / 1 h (On-site support)", 11136), ("Support hours: 2.75 / 1 h (Remote support)", 6364),
    ]  # fmt: skip
    assert [line.quantity for line in lines] == [Decimal("1.1136"), Decimal("0.6364")]
    assert [line.item_id for line in lines] == [desk.onsite, desk.remote]
    check_sources(lines)


def test_only_the_unused_base_of_one_period_is_carried_over(desk: Work) -> None:
    desk.contract(bucket("2", 6000, rollover=True, price=10000, timing="arrears"), start="2026-05-01")
    desk.work("2026-06-10T09:00", 60)  # May: nothing, June: 1 of 2 + 2, July: 4 of 2 + 1
    desk.work("2026-07-10T08:00", 240)
    lines = [line for line in desk.lines("2026-08-01") if line.kind == "bucket"]
    assert amounts(lines) == [
        ("Support hours: 0 / 2 h", 0), ("Support hours: 1 / 4 h", 0), ("Support hours: 4 / 3 h (Remote support)", 6000),
    ]  # fmt: skip


def test_what_was_billed_before_says_what_is_carried_over(desk: Work) -> None:
    desk.contract(bucket("2", 6000, rollover=True), start="2026-06-01")
    desk.work("2026-06-10T09:00", 90)
    desk.bill(desk.lines("2026-07-01"))
    desk.work("2026-07-10T08:00", 180)
    (line,) = desk.lines("2026-08-01")
    assert (line.description, line.amount) == ("Support hours: 3 / 2.5 h (Remote support)", 3000)


def test_work_approved_late_draws_from_the_next_period_and_after_the_end_from_the_last(desk: Work) -> None:
    contract = desk.contract(bucket("2", 6000), start="2026-06-01", end_on=day("2026-07-31"))
    desk.work("2026-06-10T09:00", 60)
    desk.bill(desk.lines("2026-07-01"))
    late = desk.work("2026-06-11T09:00", 30)
    (july,) = desk.lines("2026-08-01")
    assert july.description == "Support hours: 0.5 / 2 h"
    assert late in {one.id for one in july.sources}
    desk.bill([july], "T-2")
    assert desk.lines("2026-09-01") == []
    desk.work("2026-06-12T09:00", 150)
    (rest,) = desk.lines("2026-09-01")
    assert (rest.description, rest.amount) == ("Support hours: 3 / 2 h (Remote support)", 6000)
    desk.bill([rest], "T-3")
    desk.work("2026-06-13T09:00", 60)
    (more,) = desk.lines("2026-09-01")
    assert (more.amount, more.sources[0].period_key) == (6000, "2026-07-01/2026-08-01+2")
    assert services.get_contract(desk.ctx, contract.id).end_on == day("2026-07-31")


def test_two_buckets_of_one_service_park_the_client(desk: Work) -> None:
    member = [{"item_id": desk.remote}]
    desk.contract(bucket(members=member), name="A", start="2026-07-01")
    desk.contract(bucket(members=member), name="B", start="2026-07-01")
    desk.work("2026-07-02T09:00", 60)
    problem = desk.due("2026-08-01").problems[desk.client_id]
    assert isinstance(problem, BucketAmbiguous)
    assert "A / Support hours and B / Support hours" in problem.detail


def test_the_bucket_that_names_a_service_goes_before_the_one_that_covers_all(desk: Work) -> None:
    desk.contract(bucket(name="All"), start="2026-07-01")
    desk.contract(bucket(name="Remote", members=[{"item_id": desk.remote}]), start="2026-07-01")
    desk.work("2026-07-02T09:00", 60)
    desk.work("2026-07-03T09:00", 120, desk.onsite)
    assert sorted(amounts(desk.lines("2026-08-01"))) == [("All: 2 / 10 h", 0), ("Remote: 1 / 10 h", 0)]


def test_time_with_a_rate_of_its_own_or_of_another_service_is_billed_by_the_hour(desk: Work) -> None:
    desk.contract(bucket(members=[{"item_id": desk.remote}]), start="2026-07-01")
    desk.work("2026-07-02T09:00", 60, rate=5000, currency="EUR")
    desk.work("2026-07-03T09:00", 60, desk.onsite)
    assert sorted(line.amount for line in desk.lines("2026-08-01")) == [5000, 12000]


def test_work_after_hours_burns_faster_and_holidays_are_after_hours(desk: Work) -> None:
    office = working_hours.add_hours(
        desk.ctx, name="Office", time_zone="Europe/Berlin", days_off=[{"day": day("2026-07-03"), "name": "Fair"}],
        spans=[{"weekday": weekday, "begins": 480, "ends": 1020} for weekday in range(1, 6)],
    )  # fmt: skip
    desk.contract(bucket("10", after_hours=Decimal(2), hours_id=office.id), start="2026-07-01")
    desk.work("2026-07-01T16:00", 120)  # an hour inside, an hour outside: 1 + 2
    desk.work("2026-07-03T10:00", 30)  # the fair: 1
    desk.work("2026-07-04T10:00", 60)  # Saturday: 2
    assert amounts(desk.lines("2026-08-01")) == [("Support hours: 6 / 10 h", 0)]


def test_a_bucket_of_units_is_drawn_by_usage(desk: Work) -> None:
    pages = desk.item("Prints", EUR=5)
    desk.contract(bucket("1000", 4, unit="each", members=[{"item_id": pages}], covers_all=False), start="2026-07-01")
    for on, count in (("2026-07-02", "700"), ("2026-07-09", "550.5"), ("2026-07-10", "-50.5")):
        desk.use(pages, on, count)
    (line,) = desk.lines("2026-08-01")
    assert (line.description, line.quantity, line.unit_price, line.amount) == ("Support hours: 1200 / 1000 (Prints)", 200, 4, 800)
    check_sources([line])


def test_a_run_marks_the_work_and_voiding_it_makes_it_due_again(acme: Any) -> None:
    with acme.call(Actor.system()) as ctx:
        region = lay_out_taxes(ctx)
        desk = Work(ctx, acme.users["bob"])
        taxes.set_client_facts(ctx, desk.client_id, region_id=region)
        desk.contract(bucket("1", 6000), start="2026-09-01")
        entry = desk.work("2026-09-02T09:00", 90)
    for number in (1, 2):
        assert run_to_end(acme)["invoices"] == 1
        assert run_to_end(acme)["invoices"] == 0
        with acme.call("carol") as ctx:
            line = ctx.session.scalars(select(InvoiceLine).order_by(InvoiceLine.id.desc())).first()
            assert line is not None
            assert (line.net, line.kind, line.unit_price) == (3000, "bucket", 6000)
            assert ctx.session.get_one(TimeEntry, (acme.tenant_id, entry)).invoice_line_id == line.id
            if number == 1:
                invoices.delete_invoice(ctx, line.invoice_id)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"covers_all": False}, "bucket.members"),
        ({"after_hours": Decimal(2)}, "bucket.hours_id"),
        ({"unit": "each"}, "bucket.covers_all"),
    ],
)
def test_a_bucket_that_is_not_whole_is_named_by_its_field(desk: Work, terms: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        desk.contract(bucket(**terms), start="2026-07-01")
    assert f"lines[0].{field}" in refused.value.errors


def test_a_correction_below_nothing_counts_in_the_next_period(desk: Work) -> None:
    calls = desk.item("Calls", EUR=10)
    units = {"unit": "each", "covers_all": False, "members": [{"item_id": calls}]}
    desk.contract(bucket("10", 100, price=5000, timing="arrears", **units), start="2026-06-01")
    desk.use(calls, "2026-06-10", "5")
    desk.use(calls, "2026-06-20", "-8")
    june = desk.lines("2026-07-01")
    assert [line.description for line in june if line.kind == "bucket"] == ["Support hours: 0 / 10"]
    desk.bill(june)
    desk.use(calls, "2026-07-05", "20")
    (july,) = [line for line in desk.lines("2026-08-01") if line.kind == "bucket"]
    assert (july.description, july.amount) == ("Support hours: 17 / 10 (Calls)", 700)
    check_sources([july])


def test_the_last_period_of_all_has_nothing_below_nothing(desk: Work) -> None:
    calls = desk.item("Calls", EUR=10)
    units = {"unit": "each", "covers_all": False, "members": [{"item_id": calls}]}
    desk.contract(bucket("10", 100, **units), start="2026-06-01", end_on=day("2026-06-30"))
    desk.use(calls, "2026-06-10", "5")
    desk.use(calls, "2026-06-20", "-8")
    (june,) = desk.lines("2026-07-01")
    assert (june.description, june.amount, len(june.sources)) == ("Support hours: 0 / 10", 0, 3)
