"""What things cost whom and when: dated list prices, prices of single clients, and what billing makes of them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from house.stage import csrf_of
from kernel.context import Actor
from kernel.errors import InvalidInput
from kernel.hookspecs.pricing import DatedPrice, PriceMissingInCurrency, price_on
from plugins.billing.invoices import list_lines
from plugins.billing.manual import LineAsked
from plugins.billing.mending import mend_url
from plugins.catalog.client_prices import add_client_price
from plugins.catalog.prices import add_price
from plugins.catalog.services import add_item, get_item
from plugins.tickets.materials import add_material
from plugins.tickets.services import open_ticket
from tests.conftest import World
from tests.plugins.billing.contract_desk import Desk
from tests.plugins.billing.invoice_desk import draft, lay_out_taxes, off, taxed_client

JULY, AUGUST, OCTOBER = date(2026, 7, 1), date(2026, 8, 1), date(2026, 10, 1)
_DAYS = st.dates(date(2026, 1, 1), date(2026, 3, 1))
_PRICES = st.lists(st.builds(DatedPrice, st.integers(0, 99), st.none() | _DAYS, st.none() | _DAYS), max_size=6)


@pytest.fixture
def shop(acme: World) -> dict[str, UUID]:
    """A taxed client, a switch and a seat license at list prices in EUR."""
    with acme.call(Actor.system()) as ctx:
        euros = [{"currency": "EUR", "amount": 28000}]
        switch = add_item(ctx, name="Switch", kind="product", sku="SW-24", prices=euros, default_quantity=Decimal(2))
        seat = add_item(ctx, name="Seat", kind="license", prices=[{"currency": "EUR", "amount": 1200}])
        region_id = lay_out_taxes(ctx)
        return {"client": taxed_client(ctx, region_id), "region": region_id, "switch": switch.id, "seat": seat.id}


def _piece(item_id: UUID, quantity: str | None = "1", rate: int | None = None) -> LineAsked:
    return LineAsked("lines[0]", "", None if quantity is None else Decimal(quantity), rate, item_id)


@given(_PRICES, _DAYS)
def test_the_price_of_a_day_is_of_those_in_force_the_one_that_began_last(prices: list[DatedPrice], on: date) -> None:
    begun = [one for one in prices if one.start_on is None or one.start_on <= on]
    open_still = [one for one in begun if one.end_on is None or one.end_on >= on]
    latest = max((one.start_on or date.min for one in open_still), default=None)
    assert price_on(prices, on) in {one.amount for one in open_still if (one.start_on or date.min) == latest} or (
        price_on(prices, on) is None and not open_still
    )


def test_a_new_price_leaves_earlier_days_at_the_earlier_one(acme: World, shop: dict[str, UUID]) -> None:
    with acme.call() as ctx:
        add_price(ctx, get_item(ctx, shop["switch"]), currency="EUR", amount=30000, start_on=AUGUST)
        for day, price in ((JULY, 28000), (AUGUST, 30000)):
            [line] = list_lines(ctx, draft(ctx, shop["client"], _piece(shop["switch"]), invoice_date=day).id)
            assert line.unit_price == price
    again = acme.api().post(f"/api/v1/catalog-items/{shop['switch']}/prices",
                            json={"currency": "EUR", "amount": 1, "start_on": "2026-08-01"})  # fmt: skip
    assert (again.status_code, list(again.json["errors"])) == (422, ["start_on"])
    listed = acme.api().get(f"/api/v1/catalog-items/{shop['switch']}/prices").json["items"]
    assert [(one["amount"], one["start_on"]) for one in listed] == [(28000, None), (30000, "2026-08-01")]


def test_a_clients_own_price_goes_before_the_list_between_its_days_and_a_typed_rate_before_both(
    acme: World, shop: dict[str, UUID]
) -> None:
    with acme.call() as ctx:
        add_client_price(ctx, client_id=shop["client"], item_id=shop["switch"], amount=25000, start_on=JULY,
                         end_on=date(2026, 7, 31))  # fmt: skip
        for day, rate, price in ((JULY, None, 25000), (AUGUST, None, 28000), (JULY, 26000, 26000)):
            [line] = list_lines(ctx, draft(ctx, shop["client"], _piece(shop["switch"], rate=rate), invoice_date=day).id)
            assert line.unit_price == price
        stranger = taxed_client(ctx, shop["region"], "Fabrikam")
        [line] = list_lines(ctx, draft(ctx, stranger, _piece(shop["switch"]), invoice_date=JULY).id)
        assert line.unit_price == 28000


def test_the_run_takes_the_clients_price_before_the_contracts_and_the_contracts_before_the_list(acme: World) -> None:
    with acme.call(Actor.system()) as ctx:
        desk = Desk(ctx)
        seat = desk.item("Seat", kind="license", EUR=1200)
        desk.contract(
            {"kind": "license", "items": [{"item_id": seat, "quantity": 10}]},
            {"kind": "license", "items": [{"item_id": seat, "quantity": 10, "unit_price": 1100}]}, start="2026-07-01",
        )  # fmt: skip
        add_price(ctx, get_item(ctx, seat), currency="EUR", amount=1300, start_on=AUGUST)
        add_client_price(ctx, client_id=desk.client_id, item_id=seat, amount=1000, start_on=date(2026, 9, 1))
        found = [(line.amount, line.trace["inputs"]["price_from"]) for line in desk.lines("2026-10-01")]
        assert found == [
            (12000, "catalog"), (13000, "catalog"), (10000, "client"), (11000, "agreed"), (11000, "agreed"), (10000, "client"),
        ]  # fmt: skip


def test_hours_and_usage_are_priced_by_the_client_too_but_not_before_the_contracts_rates(acme: World) -> None:
    with acme.call(Actor.system()) as ctx:
        desk = Desk(ctx)
        backup = desk.item("Backup", unit="GB", EUR=12)
        desk.use(backup, "2026-07-10", "100")
        add_client_price(ctx, client_id=desk.client_id, item_id=backup, amount=10, start_on=date(2026, 7, 20))
        assert [line.amount for line in desk.lines("2026-08-01")] == [1000]
        tiers = [{"from_quantity": Decimal(0), "to_quantity": None, "unit_price": 7}]
        desk.contract({"kind": "usage", "items": [{"item_id": backup, "tiers": tiers}]}, start="2026-07-01")
        assert [line.amount for line in desk.lines("2026-08-01")] == [700]


def test_what_has_no_price_in_the_currency_is_named_with_the_page_that_mends_it(acme: World) -> None:
    with acme.call(Actor.system()) as ctx:
        desk = Desk(ctx, currency="USD")
        seat = desk.item("Seat", kind="license", EUR=1200)
        desk.contract({"kind": "license", "items": [{"item_id": seat}]}, start="2026-07-01", currency="USD")
        problem = desk.due("2026-08-01").problems[desk.client_id]
        assert isinstance(problem, PriceMissingInCurrency) and "Seat" in problem.detail
        assert mend_url(problem, desk.client_id) == f"/catalog/{seat}/prices/new?currency=USD"


def test_a_line_and_a_material_without_a_price_are_refused_by_the_same_name(acme: World, shop: dict[str, UUID]) -> None:
    body = {"client_id": str(shop["client"]), "currency": "USD", "lines": [{"item_id": str(shop["switch"])}]}
    refused = acme.api().post("/api/v1/invoices", json=body)
    ticket = acme.api().post("/api/v1/tickets", json={"client_id": str(shop["client"]), "title": "Port dead"}).json["id"]
    material = {"item_id": str(shop["switch"]), "currency": "USD"}
    alike = acme.api().post(f"/api/v1/tickets/{ticket}/materials", json=material)
    for answer, field in ((refused, "lines[0].rate"), (alike, "rate")):
        assert (answer.json["code"], answer.json["item_ids"], list(answer.json["errors"])) == (
            "price_missing_in_currency", [str(shop["switch"])], [field],
        )  # fmt: skip


def test_the_usual_quantity_counts_where_none_is_given(acme: World, shop: dict[str, UUID]) -> None:
    with acme.call(Actor.system()) as ctx:
        [line] = list_lines(ctx, draft(ctx, shop["client"], _piece(shop["switch"], None)).id)
        assert (line.quantity, line.net) == (2, 56000)
        ticket = open_ticket(ctx, client_id=shop["client"], title="Port dead")
        assert add_material(ctx, ticket.id, item_id=shop["switch"]).quantity == 2
        desk = Desk.of(ctx, shop["client"])
        desk.contract({"kind": "product", "items": [{"item_id": shop["switch"]}]}, start="2026-07-01")
        assert desk.lines("2026-07-02")[0].quantity == 2


def test_a_material_costs_what_the_client_was_promised(acme: World, shop: dict[str, UUID]) -> None:
    with acme.call(Actor.system()) as ctx:
        add_client_price(ctx, client_id=shop["client"], item_id=shop["switch"], amount=25000, start_on=OCTOBER)
        ticket = open_ticket(ctx, client_id=shop["client"], title="Port dead")
        rates = [add_material(ctx, ticket.id, item_id=shop["switch"], used_on=day).rate for day in (JULY, OCTOBER)]
        assert rates == [28000, 25000]


def test_products_say_what_they_are_and_have_no_discount_of_their_own(acme: World, shop: dict[str, UUID]) -> None:
    with acme.call(Actor.system()) as ctx:
        pieces = [_piece(shop["switch"]), _piece(shop["seat"]), LineAsked("lines[2]", "Work", Decimal(1), 10000)]
        written = draft(ctx, shop["client"], *pieces, discounts=[off("10"), off("5", line=3)])
        assert [line.kind for line in list_lines(ctx, written.id)] == ["product", "license", "manual"]
        for wrong, field in ((off("10", line=1), "line"), (off("10", item_id=shop["seat"]), "item_id")):
            with pytest.raises(InvalidInput) as refused:
                draft(ctx, shop["client"], *pieces, discounts=[wrong])
            assert list(refused.value.errors) == [f"discounts[0].{field}"]
    page = acme.client("carol").get(f"/invoices/{written.id}").text
    assert "Product" in page and "License" in page


def test_prices_of_clients_are_changed_taken_back_and_kept_apart(acme: World, beta: World, shop: dict[str, UUID]) -> None:
    api, url = acme.api("carol"), "/api/v1/catalog-client-prices"
    body = {"client_id": str(shop["client"]), "item_id": str(shop["switch"]), "amount": 25000, "start_on": "2026-07-01"}
    made = api.post(url, json=body)
    assert (made.status_code, made.json["currency"]) == (201, "EUR")
    assert api.post(url, json=body).json["code"] == "client_price_taken"
    later = api.patch(made.headers["Location"], json={"end_on": "2026-06-30"}, headers={"If-Match": made.headers["ETag"]})
    assert list(later.json["errors"]) == ["end_on"]
    changed = api.patch(made.headers["Location"], json={"amount": 24000}, headers={"If-Match": made.headers["ETag"]})
    assert changed.json["amount"] == 24000
    stale = api.patch(made.headers["Location"], json={"amount": 1}, headers={"If-Match": made.headers["ETag"]})
    assert stale.status_code == 412
    row = api.get(f"{url}?client_id={shop['client']}").json["items"][0]
    assert (row["client_name"], row["item_name"]) == ("Hill & Sons", "Switch")
    assert acme.api("bob").post(url, json=body).status_code == 403
    assert beta.api().get(made.headers["Location"]).status_code == 404
    assert beta.api().post(url, json=body).status_code == 422
    refused = api.delete(f"/api/v1/catalog-items/{shop['switch']}")
    assert (refused.status_code, refused.json["code"]) == (409, "still_in_use")
    assert api.delete(made.headers["Location"]).status_code == 204
    assert api.delete(f"/api/v1/catalog-items/{shop['switch']}").status_code == 204


def test_carol_promises_a_price_on_the_clients_page(acme: World, shop: dict[str, UUID]) -> None:
    carol = acme.client("carol")
    form = carol.get(f"/catalog-client-prices/new?client_id={shop['client']}")
    typed = {"csrf_token": csrf_of(form.text), "client_id": shop["client"], "item_id": shop["seat"], "currency": "EUR",
             "amount": "11.50", "amount--money": "@currency", "start_on": "2026-10-01"}  # fmt: skip
    saved = carol.post("/catalog-client-prices/new", data=typed)
    assert saved.status_code == 303, saved.text
    panel = carol.get(f"/catalog-client-prices/of-client/{shop['client']}").text
    assert "Seat" in panel and "11.50" in panel
    assert "Hill &amp; Sons" in carol.get(f"/catalog-client-prices/of-item/{shop['seat']}").text
