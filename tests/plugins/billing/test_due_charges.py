"""Hours and materials of other rooms, priced by contract; told with the service desk and the timesheets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from kernel.context import Actor, CallContext
from kernel.directory import staff
from plugins.billing.agreements import discounts
from plugins.tickets.materials import add_material
from plugins.tickets.services import open_ticket
from plugins.timesheets import approval
from plugins.timesheets.services import log_time
from tests.plugins.billing.contract_desk import Desk, amounts, check_sources, day

BERLIN = ZoneInfo("Europe/Berlin")


class Work(Desk):
    """A desk with a ticket on which Bob, an engineer, works."""

    def __init__(self, ctx: CallContext, bob: UUID) -> None:
        super().__init__(ctx)
        self.bob = bob
        staff.get_user(ctx, bob).billing_role = "engineer"
        self.remote = self.item("Remote support", unit="hour", EUR=9500, USD=11000)
        self.onsite = self.item("On-site support", unit="hour", EUR=12000)
        self.ticket = open_ticket(ctx, client_id=self.client_id, title="Printer on fire").id

    def work(self, on: str, minutes: int, item_id: UUID | None = None, approved: bool = True, **facts: Any) -> UUID:
        """Time of Bob's, approved by Alice unless told otherwise."""
        began = datetime.fromisoformat(on).replace(tzinfo=BERLIN)
        bob = self.ctx.acting_as(Actor("user", self.bob, "Bob"))
        entry = log_time(
            bob, work_id=self.ticket, item_id=item_id or self.remote, started_at=began,
            ended_at=began + timedelta(minutes=minutes), **facts,
        )  # fmt: skip
        approval.submit(bob, [entry.id])
        if approved:
            approval.approve(self.ctx, [entry.id])
        return entry.id


@pytest.fixture
def desk(acme: Any) -> Iterator[Work]:
    with acme.call() as ctx:
        yield Work(ctx, acme.users["bob"])
        ctx.session.rollback()


def test_hours_take_minimum_round_up_and_the_rate_of_the_role(desk: Work) -> None:
    rates = [{"role": "engineer", "hourly_rate": 8640}, {"role": "senior", "hourly_rate": 12000}]
    contract = desk.contract(
        {"kind": "hourly", "name": "Support", "minimum_minutes": 15, "round_up_minutes": 15, "hourly_rate": 9100,
         "role_rates": rates, "items": [{"item_id": desk.remote}]},
        start="2026-01-01", billed_until=day("2026-06-30"), po_number="PO-9",
    )  # fmt: skip
    first, second = desk.work("2026-07-01T09:00", 5), desk.work("2026-07-02T09:00", 31)
    desk.work("2026-08-03T09:00", 60)
    lines = desk.lines("2026-09-01")
    # July: 15 + 45 minutes of 86.40; August: an hour.
    assert [(line.description, line.quantity, line.unit_price, line.amount) for line in lines] == [
        ("Remote support", Decimal(1), 8640, 8640), ("Remote support", Decimal(1), 8640, 8640)
    ]  # fmt: skip
    assert [(one.kind, one.id, one.amount) for one in lines[0].sources] == [
        ("timesheets.entry", first, 2160), ("timesheets.entry", second, 6480)
    ]  # fmt: skip
    entries = lines[0].trace["entries"]
    assert [(one["minutes"], one["billed_minutes"]) for one in entries] == [(5, 15), (31, 45)]
    assert lines[0].trace["inputs"]["rate_from"] == "role"
    assert lines[0].contract_line_id == desk.line_id(contract)
    assert desk.due("2026-09-01").invoices[0].po_number == "PO-9"
    check_sources(lines)


def test_an_hour_of_many_pieces_costs_an_hour(desk: Work) -> None:
    desk.contract({"kind": "hourly", "name": "Support"}, start="2026-07-01")
    for number in range(6):
        desk.work(f"2026-07-0{number + 1}T09:00", 10)
    (line,) = desk.lines("2026-08-01")
    assert (line.quantity, line.amount) == (Decimal(1), 9500)
    assert sorted(one.amount for one in line.sources) == [1583, 1583, 1583, 1583, 1584, 1584]


def test_the_line_that_holds_the_service_wins_over_the_one_for_all(desk: Work) -> None:
    held = {"kind": "hourly", "name": "On site", "hourly_rate": 10000, "items": [{"item_id": desk.onsite}]}
    contract = desk.contract({"kind": "hourly", "name": "All", "hourly_rate": 7000}, held, start="2026-07-01")
    desk.work("2026-07-01T09:00", 60)
    desk.work("2026-07-01T11:00", 60, desk.onsite)
    desk.work("2026-07-01T13:00", 60, desk.onsite, contract_line_id=desk.line_id(contract, 0))
    assert amounts(desk.lines("2026-08-01")) == [
        ("On-site support", 7000),
        ("Remote support", 7000),
        ("On-site support", 10000),
    ]


def test_work_without_a_contract_costs_the_list_price_in_the_clients_currency(desk: Work) -> None:
    desk.contract({"kind": "hourly", "hourly_rate": 7000}, start="2026-07-01")
    desk.work("2026-06-30T23:30", 30)
    (line,) = desk.lines("2026-08-01")
    assert (line.amount, line.contract_line_id, line.service_period.key) == (4750, None, "2026-06-01/2026-07-01")
    assert line.tax_point == day("2026-06-30")


def test_two_lines_that_could_both_be_meant_leave_it_to_the_list_price(desk: Work) -> None:
    for name in ("A", "B"):
        desk.contract({"kind": "hourly", "hourly_rate": 7000}, start="2026-07-01", name=name)
    desk.work("2026-07-01T09:00", 60)
    (line,) = desk.lines("2026-08-01")
    assert (line.amount, line.contract_line_id, line.trace["inputs"]["rate_from"]) == (9500, None, "catalog")


def test_the_entrys_own_rate_goes_first_and_may_have_another_currency(desk: Work) -> None:
    desk.contract({"kind": "hourly", "hourly_rate": 7000, "round_up_minutes": 30}, start="2026-07-01")
    desk.work("2026-07-01T09:00", 31, rate=20000, currency="USD")
    desk.work("2026-07-01T11:00", 30, rate=12500, currency="EUR")
    found = [(one.currency, [line.amount for line in one.lines]) for one in desk.due("2026-08-01").invoices]
    assert found == [("EUR", [6250]), ("USD", [20000])]


def test_a_fixed_discount_comes_off_nothing_in_another_currency(desk: Work) -> None:
    contract = desk.contract({"kind": "hourly", "hourly_rate": 7000}, start="2026-07-01")
    discounts.add_discount(desk.ctx, contract.id, description="Bonus", fixed=1000, start_on=day("2026-07-01"))
    desk.work("2026-07-01T09:00", 60, rate=20000, currency="CHF")
    desk.work("2026-07-01T11:00", 60)
    found = [(one.currency, [off.fixed for off in one.discounts]) for one in desk.due("2026-08-01").invoices]
    assert found == [("CHF", []), ("EUR", [1000])]


def test_time_that_is_not_approved_is_not_there_until_it_is(desk: Work) -> None:
    desk.contract({"kind": "hourly", "hourly_rate": 6000}, start="2026-07-01")
    entry = desk.work("2026-07-01T09:00", 60, approved=False)
    assert desk.lines("2026-08-01") == []
    approval.approve(desk.ctx, [entry])
    assert [line.amount for line in desk.lines("2026-09-01")] == [6000]


def test_materials_are_billed_in_their_own_currency_whenever_they_are_found(desk: Work) -> None:
    desk.contract({"kind": "fixed", "price": 1000}, start="2026-07-01", billed_until=day("2026-07-31"))
    disk = desk.item("Disk", kind="product", EUR=4999, USD=5500)
    add_material(desk.ctx, desk.ticket, item_id=disk, quantity=Decimal(3), used_on=day("2026-05-04"))
    add_material(desk.ctx, desk.ticket, item_id=disk, quantity=Decimal(2), currency="USD", used_on=day("2026-08-04"))
    due = desk.due("2026-08-31")
    assert [(one.currency, amounts(one.lines)) for one in due.invoices] == [
        ("EUR", [("Fixed", 1000), ("Disk", 14997)]), ("USD", [("Disk", 11000)])
    ]  # fmt: skip
    material = due.invoices[0].lines[1]
    assert (material.kind, material.tax_point, material.contract_line_id) == ("product", day("2026-05-04"), None)


def test_hours_without_any_rate_are_named_with_day_and_words(desk: Work) -> None:
    free = desk.item("Consulting", unit="hour", USD=100)
    entry = desk.work("2026-07-01T09:00", 60, free, notes="Move to the cloud")
    problem = desk.due("2026-08-01").problems[desk.client_id]
    assert problem.code == "hourly_rate_missing"
    assert problem.extra == {"entries": [str(entry)], "currency": "EUR"}
    assert "Consulting on 2026-07-01 (Move to the cloud)" in problem.detail


def test_what_stands_on_an_invoice_is_not_owed_again_even_if_a_room_offers_it(desk: Work) -> None:
    desk.contract({"kind": "hourly", "hourly_rate": 6000}, start="2026-07-01")
    desk.work("2026-07-01T09:00", 60)
    desk.bill(desk.lines("2026-08-01"))
    assert desk.lines("2026-08-01") == []
