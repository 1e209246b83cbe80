"""What is due on contracts, against figures reckoned by hand."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event

from kernel.hookspecs.pricing import PriceMissingInCurrency
from plugins.billing.contracts import services
from plugins.billing.models.contracts import UsageEntry
from tests.plugins.billing.contract_desk import Desk, amounts, check_sources, day, periods


@pytest.fixture
def desk(acme: Any) -> Iterator[Desk]:
    with acme.call() as ctx:
        yield Desk(ctx)
        ctx.session.rollback()


def test_a_fixed_line_in_advance_owes_each_month_that_has_begun(desk: Desk) -> None:
    desk.contract({"kind": "fixed", "name": "Workplaces", "price": 265500}, start="2026-07-01")
    lines = desk.lines("2026-09-02")
    assert amounts(lines) == [("Workplaces", 265500)] * 3
    assert periods(lines) == ["2026-07-01/2026-08-01", "2026-08-01/2026-09-01", "2026-09-01/2026-10-01"]
    assert all(line.tax_point is None and line.tax_category == "standard" for line in lines)
    check_sources(lines)


def test_arrears_are_owed_when_the_period_is_over_and_taxed_at_its_end(desk: Desk) -> None:
    desk.contract({"kind": "fixed", "price": 8900, "timing": "arrears"}, start="2026-07-01")
    assert desk.lines("2026-07-31") == []
    lines = desk.lines("2026-09-15")
    assert periods(lines) == ["2026-07-01/2026-08-01", "2026-08-01/2026-09-01"]
    assert [line.tax_point for line in lines] == [day("2026-07-31"), day("2026-08-31")]


def test_first_and_last_month_are_prorated_by_calendar_days(desk: Desk) -> None:
    desk.contract({"kind": "fixed", "price": 31000, "prorate": True}, start="2026-07-10", end_on=day("2026-09-15"))
    lines = desk.lines("2026-12-01")
    # July: 22 of 31 days; 31000 × 31/31 − 31000 × 9/31. September: 15 of 30 days.
    assert [line.amount for line in lines] == [22000, 31000, 15500]
    assert periods(lines) == ["2026-07-10/2026-08-01", "2026-08-01/2026-09-01", "2026-09-01/2026-09-16"]
    assert [step[0] for step in lines[0].trace["steps"]] == ["line_price", "prorate"]


def test_without_proration_a_begun_month_costs_the_whole_price(desk: Desk) -> None:
    desk.contract({"kind": "fixed", "price": 31000}, start="2026-07-10", end_on=day("2026-08-15"))
    assert [line.amount for line in desk.lines("2026-12-01")] == [31000, 31000]


def test_what_the_system_before_has_billed_is_not_owed(desk: Desk) -> None:
    desk.contract({"kind": "fixed", "price": 31000}, start="2025-01-01", billed_until=day("2026-06-30"))
    assert periods(desk.lines("2026-07-02")) == ["2026-07-01/2026-08-01"]


def test_a_month_that_was_billed_in_part_before_owes_its_rest(desk: Desk) -> None:
    desk.contract({"kind": "fixed", "price": 31000}, start="2025-01-01", billed_until=day("2026-07-10"))
    (line,) = desk.lines("2026-07-15")
    assert (line.amount, line.service_period.key) == (21000, "2026-07-11/2026-08-01")
    assert line.sources[0].period_key == "2026-07-01/2026-08-01"


def test_quarters_follow_the_calendar_or_the_anniversary(desk: Desk) -> None:
    quarterly = {"kind": "fixed", "price": 90000, "cycle": "quarterly", "prorate": True}
    desk.contract(quarterly, start="2026-02-10", name="A calendar")
    desk.contract(quarterly, start="2026-02-10", name="B anniversary", cadence="anniversary")
    lines = desk.lines("2026-05-10")
    assert periods(lines) == ["2026-02-10/2026-04-01", "2026-04-01/2026-07-01", "2026-02-10/2026-05-10"]
    # 40 of 90 days are before 10 February 2026; the rest is 90000 × 50/90.
    assert [line.amount for line in lines] == [50000, 90000, 90000]


def test_a_fixed_line_of_several_services_is_split_by_their_value(desk: Desk) -> None:
    care, alarm, training = (
        desk.item("Care", EUR=4000),
        desk.item("Alarm", EUR=1500),
        desk.item("Training", tax="reduced", EUR=500),
    )
    items = [{"item_id": one, "quantity": Decimal(45)} for one in (care, alarm, training)]
    desk.contract({"kind": "fixed", "name": "Workplaces", "price": 265501, "items": items}, start="2026-09-01")
    lines = desk.lines("2026-09-02")
    # 4000 : 1500 : 500 of 265501 → 177000.67, 66375.25, 22125.08, the cent to the largest remainder
    assert amounts(lines) == [
        ("Workplaces: Care", 177001),
        ("Workplaces: Alarm", 66375),
        ("Workplaces: Training", 22125),
    ]
    assert [line.tax_category for line in lines] == ["standard", "standard", "reduced"]
    check_sources(lines)
    desk.bill(lines)
    assert desk.lines("2026-09-02") == []


def test_products_and_licenses_cost_the_agreed_or_the_list_price(desk: Desk) -> None:
    mail, office = (
        desk.item("Mail filter", kind="license", unit="user", EUR=250),
        desk.item("Office", kind="license", EUR=1295),
    )
    items = [
        {"item_id": mail, "quantity": Decimal(43), "unit_price": 195},
        {"item_id": office, "quantity": Decimal("2.5")},
    ]
    desk.contract({"kind": "license", "items": items, "prorate": True}, start="2026-09-16")
    lines = desk.lines("2026-10-02")
    # September: 15 of 30 days of 43 × 1.95 = 83.85 and of 2.5 × 12.95 = 32.375 → 32.38
    assert amounts(lines[:2]) == [("Mail filter", 4192), ("Office", 1619)]
    assert amounts(lines[2:]) == [("Mail filter", 8385), ("Office", 3238)]
    assert [line.unit_price for line in lines] == [None, None, 195, 1295]
    assert lines[2].unit == "user"
    check_sources(lines)


def test_billed_periods_are_not_owed_again_and_earlier_gaps_are(desk: Desk) -> None:
    desk.contract({"kind": "fixed", "price": 1000}, start="2026-07-01")
    july, august, september = desk.lines("2026-09-02")
    desk.bill([august])
    assert desk.lines("2026-09-02") == [july, september]


def test_usage_is_summed_before_minimum_and_tiers(desk: Desk) -> None:
    backup = desk.item("Backup", unit="GB", EUR=99)
    tiers = [
        {"from_quantity": Decimal(0), "to_quantity": Decimal(500), "unit_price": 12},
        {"from_quantity": Decimal(500), "to_quantity": None, "unit_price": 10},
    ]
    contract = desk.contract(
        {"kind": "usage", "items": [{"item_id": backup, "minimum_quantity": Decimal(200), "tiers": tiers}]},
        start="2026-07-01",
    )
    for on, quantity in (
        ("2026-07-05", "172.34"),
        ("2026-07-08", "242.81"),
        ("2026-07-31", "364.5"),
        ("2026-09-30", "1"),
    ):
        desk.use(backup, on, quantity)
    lines = desk.lines("2026-10-01")
    # July: 779.65 = 500 × 12 + 279.65 × 10 = 8796.5 → 8797; August: nothing used, 200 × 12; September: at least 200.
    assert amounts(lines) == [("Backup", 8797), ("Backup", 2400), ("Backup", 2400)]
    assert [line.quantity for line in lines] == [Decimal("779.65"), Decimal(200), Decimal(200)]
    assert len(lines[0].trace["records"]) == 3
    assert lines[0].tax_point == day("2026-07-31")
    check_sources(lines)
    assert {line.contract_line_id for line in lines} == {desk.line_id(contract)}


def test_usage_that_comes_to_light_late_is_billed_with_the_next_period(desk: Desk) -> None:
    storage = desk.item("Storage", unit="GB", EUR=10)
    contract = desk.contract({"kind": "usage", "items": [{"item_id": storage}]}, start="2026-07-01", end_on=day("2026-09-30"))
    desk.use(storage, "2026-07-02", "100")
    desk.bill(desk.lines("2026-08-01"))
    desk.ctx.session.query(UsageEntry).update({"invoice_id": contract.id, "invoice_line_id": contract.id})
    desk.use(storage, "2026-07-20", "5")
    desk.use(storage, "2026-08-20", "7")
    assert desk.lines("2026-08-01") == []
    lines = desk.lines("2026-09-01")
    assert [(line.amount, line.service_period.key) for line in lines] == [(120, "2026-08-01/2026-09-01")]
    desk.bill(lines, "T-2")
    desk.bill(desk.lines("2026-10-01"), "T-3")
    desk.ctx.session.query(UsageEntry).update({"invoice_id": contract.id, "invoice_line_id": contract.id})
    desk.use(storage, "2026-09-30", "3")
    assert amounts(desk.lines("2026-10-01")) == [("Storage", 30)]
    desk.use(storage, "2026-10-05", "4", desk.line_id(contract))
    assert sum(line.amount for line in desk.lines("2026-12-01")) == 70


def test_usage_without_a_contract_costs_the_list_price_by_month(desk: Desk) -> None:
    storage = desk.item("Storage", EUR=10)
    for on in ("2026-07-02", "2026-07-03", "2026-08-01"):
        desk.use(storage, on, "2")
    lines = desk.lines("2026-09-01")
    assert [(line.amount, line.service_period.key) for line in lines] == [
        (40, "2026-07-01/2026-08-01"),
        (20, "2026-08-01/2026-09-01"),
    ]
    check_sources(lines)


def test_contracts_with_different_po_numbers_or_currencies_make_invoices_of_their_own(desk: Desk) -> None:
    for name, facts in (("A", {}), ("B", {"po_number": "PO-7"}), ("C", {"currency": "USD"})):
        desk.contract({"kind": "fixed", "price": 1000}, start="2026-09-01", name=name, **facts)
    found = [(one.currency, one.po_number, len(one.lines), len(one.contract_ids)) for one in desk.due("2026-09-02").invoices]
    assert found == [("EUR", None, 1, 1), ("EUR", "PO-7", 1, 1), ("USD", None, 1, 1)]


def test_a_missing_price_parks_the_client_and_names_what_to_mend(desk: Desk) -> None:
    office = desk.item("Office", kind="license", USD=1500)
    desk.contract({"kind": "license", "name": "Licences", "items": [{"item_id": office}]}, start="2026-07-01")
    desk.contract({"kind": "fixed", "price": 1000}, start="2026-07-01", name="Other")
    due = desk.due("2026-09-02")
    assert due.invoices == []
    problem = due.problems[desk.client_id]
    assert isinstance(problem, PriceMissingInCurrency)
    assert problem.extra["items"] == ["Office (Care / Licences)"]
    storage = desk.item("Storage")
    desk.use(storage, "2026-07-01", "1")
    both = desk.due("2026-09-02").problems[desk.client_id]
    assert both.code == "charges_unpriceable"
    assert {one["code"] for one in both.extra["problems"]} == {"price_missing_in_currency"}
    assert "Storage" in both.detail
    assert "Office" in both.detail


def test_drafts_and_lines_that_ended_owe_nothing(desk: Desk) -> None:
    desk.contract({"kind": "fixed", "price": 1000}, start="2026-07-01", status="draft")
    desk.contract(
        {"kind": "fixed", "price": 500, "end_on": day("2026-07-31")},
        {"kind": "fixed", "price": 700, "start_on": day("2026-08-01")},
        start="2026-07-01",
    )
    assert [line.amount for line in desk.lines("2026-09-01")] == [500, 700]


def test_the_same_question_has_the_same_answer_and_its_own_tenant(desk: Desk, beta: Any) -> None:
    desk.contract({"kind": "fixed", "price": 1000}, start="2026-07-01")
    assert desk.due("2026-09-02") == desk.due("2026-09-02")
    with beta.call() as ctx:
        foreign = Desk(ctx).due("2026-09-02", [desk.client_id])
    assert (foreign.invoices, foreign.problems) == ([], {})


def _statements(desk: Desk, clients: list[UUID]) -> int:
    engine, seen = desk.ctx.session.get_bind(), []
    count = lambda *told: seen.append(told[2])  # noqa: E731
    desk.ctx.session.flush()
    desk.ctx.session.expunge_all()
    event.listen(engine, "before_cursor_execute", count)
    try:
        desk.due("2026-09-02", clients)
    finally:
        event.remove(engine, "before_cursor_execute", count)
    return len(seen)


def test_fifty_clients_take_as_many_queries_as_five(desk: Desk) -> None:
    clients = []
    storage = desk.item("Storage", EUR=10)
    mail = desk.item("Mail", EUR=10)
    for number in range(50):
        one = Desk(desk.ctx, f"Client {number}")
        one.contract({"kind": "usage", "items": [{"item_id": storage}]}, {"kind": "product", "items": [{"item_id": mail}]},
                     {"kind": "hourly", "role_rates": [{"role": "engineer", "hourly_rate": 9000}]},
                     start="2026-07-01")  # fmt: skip
        one.use(storage, "2026-07-02", "1")
        clients.append(one.client_id)
    assert _statements(desk, clients[:5]) == _statements(desk, clients)
    due = desk.due("2026-09-02", clients)
    assert [one.client_id for one in due.invoices] == sorted(clients)
    assert services.get_contract(desk.ctx, due.invoices[0].contract_ids[0]).client_id == due.invoices[0].client_id
