"""Carol raises prices from a day on: what begins before keeps its price, and every amount says where it is from."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from house.stage import csrf_of
from kernel.errors import Conflict, InvalidInput
from kernel.hookspecs.charging import Charge, ChargeWindow
from kernel.ids import uuid7
from kernel.money import Rounding
from plugins.billing.agreements import price_schedules
from plugins.billing.agreements.errors import PricesOverlap
from plugins.billing.contracts import listing, services
from plugins.billing.due.book import Book
from plugins.billing.due.charged import find_charged
from plugins.billing.due.values import Findings
from plugins.billing.models.agreements import ScheduledPrice
from plugins.billing.models.contracts import Contract
from plugins.billing.reasons import trace_in_words
from plugins.catalog.client_prices import add_client_price
from tests.plugins.billing.contract_desk import Desk, amounts, day


@pytest.fixture
def care(acme: Any) -> Any:
    """A fixed fee of 100.00 and five seats of 9.00, monthly in advance since January."""
    with acme.call("carol") as ctx:
        desk = Desk(ctx)
        seat = desk.item("Seat", kind="license", EUR=900)
        lines = [{"kind": "fixed", "price": 10000}, {"kind": "license", "items": [{"item_id": seat, "quantity": 5}]}]
        contract = desk.contract(*lines)
        return {"client": desk.client_id, "contract": contract.id, "seat": seat,
                "fee": desk.line_id(contract), "seats": desk.line_id(contract, 1)}  # fmt: skip


def test_a_price_counts_for_periods_that_begin_on_its_days(acme: Any, care: Any) -> None:
    with acme.call("carol") as ctx:
        price_schedules.add_price(ctx, care["contract"], line_id=care["fee"], amount=11000, start_on=day("2026-03-01"))
        price_schedules.add_price(ctx, care["contract"], line_id=care["seats"], item_id=care["seat"], amount=1000,
                                  start_on=day("2026-02-15"), end_on=day("2026-03-31"))  # fmt: skip
        found = Desk.of(ctx, care["client"]).lines("2026-04-02")
        assert [line.amount for line in found if line.kind == "fixed"] == [10000, 10000, 11000, 11000]
        assert [line.amount for line in found if line.kind == "license"] == [4500, 4500, 5000, 4500]
        raised = next(line for line in found if line.amount == 11000)
        assert ("Price of a period, by the price schedule", "€110.00") in trace_in_words(raised.trace, "EUR")
        seats = next(line for line in found if line.amount == 5000)
        assert ("Price taken from", "the price schedule of the contract line") in trace_in_words(seats.trace, "EUR")


def test_hours_and_included_hours_have_prices_by_date_too(acme: Any) -> None:
    with acme.call("carol") as ctx:
        desk = Desk(ctx)
        hours = {"unit": "hour", "included": 10, "overage_rate": 9000, "covers_all": False, "members": [
            {"item_id": desk.item("On call")}]}  # fmt: skip
        support = desk.item("Support", unit="hour", EUR=8000)
        contract = desk.contract({"kind": "hourly", "hourly_rate": 9000}, {"kind": "bucket", "price": 20000, "bucket": hours})
        hourly, fee = desk.line_id(contract), desk.line_id(contract, 1)
        price_schedules.add_price(ctx, contract.id, line_id=fee, amount=25000, start_on=day("2026-02-01"))
        price_schedules.add_price(ctx, contract.id, line_id=hourly, amount=10000, start_on=day("2026-01-16"))
        with pytest.raises(InvalidInput) as told:
            price_schedules.add_price(ctx, contract.id, line_id=hourly, item_id=support, amount=1, start_on=day("2026-03-01"))
        assert list(told.value.errors) == ["item_id"]
        fees = [line for line in desk.lines("2026-02-02") if line.kind == "fixed"]
        assert [line.amount for line in fees] == [20000, 25000]
        [agreed] = [one for one in services.list_lines(ctx, contract.id) if one.line.id == hourly]
        book = Book(ChargeWindow(day("2026-01-01"), day("2026-02-01")), Rounding.HALF_UP, {desk.client_id: "EUR"}, [agreed], {})
        findings = Findings()
        find_charged(book, [
            Charge(client_id=desk.client_id, source_kind="time", source_id=uuid7(), item_id=support, description="Work",
                   quantity=Decimal(1), unit="hour", on_date=day(on), minutes=60)
            for on in ("2026-01-15", "2026-01-16")
        ], findings)  # fmt: skip
        assert sorted((one.line.amount, one.line.trace["inputs"]["rate_from"]) for one in findings.lines) == [
            (9000, "line"), (10000, "schedule")]  # fmt: skip


def test_a_later_price_ends_the_open_one_and_none_overlap(acme: Any, care: Any) -> None:
    with acme.call("carol") as ctx:
        first = price_schedules.add_price(ctx, care["contract"], line_id=care["fee"], amount=11000, start_on=day("2026-02-01"))
        price_schedules.add_price(ctx, care["contract"], line_id=care["fee"], amount=12000, start_on=day("2026-04-01"))
        assert first.end_on == day("2026-03-31")
        assert [line.amount for line in Desk.of(ctx, care["client"]).lines("2026-04-02") if line.kind == "fixed"] == [
            10000, 11000, 11000, 12000]  # fmt: skip
        with pytest.raises(PricesOverlap, match="2026-02-01 until 2026-03-31"):
            price_schedules.add_price(ctx, care["contract"], line_id=care["fee"], amount=1, start_on=day("2026-01-01"))
    with pytest.raises(Conflict), acme.call("carol") as ctx:
        ctx.session.add(ScheduledPrice(line_id=care["fee"], amount=1, start_on=day("2026-05-01")))
        ctx.session.flush()


def test_the_clients_own_price_goes_before_the_schedule_and_the_schedule_before_the_line(acme: Any, care: Any) -> None:
    with acme.call("carol") as ctx:
        desk = Desk.of(ctx, care["client"])
        price_schedules.add_price(ctx, care["contract"], line_id=care["seats"], item_id=care["seat"], amount=950,
                                  start_on=day("2026-01-01"))  # fmt: skip
        contract = ctx.session.get_one(Contract, (ctx.tenant_id, care["contract"]))
        assert ("Seat", 5 * 950) in amounts(desk.lines("2026-01-02"))
        assert listing.monthly_values(ctx, [contract.id]) == {contract.id: 10000 + 5 * 950}
        add_client_price(ctx, client_id=care["client"], item_id=care["seat"], amount=800, start_on=day("2026-01-01"))
        assert ("Seat", 5 * 800) in amounts(desk.lines("2026-01-02"))


@pytest.mark.parametrize(("change", "field"), [
    ({"item_id": "seat"}, "item_id"),
    ({"line_id": "seats"}, "item_id"),
    ({"end_on": "2025-01-01"}, "end_on"),
])  # fmt: skip
def test_a_price_that_fits_no_line_is_refused_at_its_field(acme: Any, care: Any, change: Any, field: str) -> None:
    named = {name: str(care.get(value, value)) for name, value in change.items()}
    body = {"line_id": str(care["fee"]), "amount": 100, "start_on": "2026-02-01", **named}
    refused = acme.api("carol").post(f"/api/v1/contracts/{care['contract']}/scheduled-prices", json=body)
    assert (refused.status_code, list(refused.json["errors"])) == (422, [field])


def test_prices_by_rest_and_on_the_page(acme: Any, care: Any) -> None:
    carol, url = acme.api("carol"), f"/api/v1/contracts/{care['contract']}/scheduled-prices"
    made = carol.post(url, json={"line_id": str(care["fee"]), "amount": 11000, "start_on": "2026-03-01", "note": "Letter of May"})
    assert made.status_code == 201, made.json
    one = f"{url}/{made.json['id']}"
    assert carol.patch(one, json={"amount": 11500}, headers={"If-Match": made.headers["ETag"]}).json["amount"] == 11500
    assert carol.patch(one, json={"amount": 1}, headers={"If-Match": made.headers["ETag"]}).status_code == 412
    browser, page = acme.client("carol"), f"/contracts/{care['contract']}"
    assert "Letter of May" in browser.get(page).text
    form = f"{page}/lines/{care['seats']}/prices/new"
    sent = browser.post(form, data={"csrf_token": csrf_of(browser.get(form).text), "item_id": str(care["seat"]), "amount": "9.50",
                                    "amount--money": "EUR", "start_on": "2026-06-01"})  # fmt: skip
    assert sent.status_code == 303, sent.text
    assert "€9.50" in browser.get(page).text
    assert [row["amount"] for row in carol.get(url).json["items"]] == [11500, 950]
    assert carol.delete(one).status_code == 204
    assert acme.api("bob").get(url).status_code == 403
