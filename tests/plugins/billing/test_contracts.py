"""Contracts by REST and page: drawn up, changed, refused where it was billed, ended, deleted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from house.stage import csrf_of
from plugins.billing.contracts import services
from plugins.billing.due import collect_due
from plugins.billing.models.contracts import UsageEntry
from tests.plugins.billing.contract_desk import ChargeWindow, Desk, day

CONTRACTS = "/api/v1/contracts"
RANDOM = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def shop(acme: Any) -> dict[str, str]:
    """A client, a license and a metered service of Acme's."""
    with acme.call() as ctx:
        desk = Desk(ctx)
        return {
            "client": str(desk.client_id), "mail": str(desk.item("Mail filter", kind="license", EUR=250)),
            "storage": str(desk.item("Storage", unit="GB", EUR=10)),
        }  # fmt: skip


def _contract(shop: Any, *lines: Any, **facts: Any) -> dict[str, Any]:
    return {
        "client_id": shop["client"],
        "name": "Care",
        "start_on": "2026-09-01",
        "status": "active",
        "lines": list(lines),
        **facts,
    }


def _licenses(shop: Any, **facts: Any) -> dict[str, Any]:
    return {"name": "Licences", "kind": "license", "items": [{"item_id": shop["mail"], "quantity": "12.5"}], **facts}


def _bill(acme: Any, contract_id: Any, until: str = "2026-10-02") -> None:
    with acme.call() as ctx:
        contract = services.get_contract(ctx, contract_id)
        desk = Desk.of(ctx, contract.client_id)
        desk.bill([line for one in collect_due(ctx, ChargeWindow(day("2026-01-01"), day(until)), [contract.client_id]).invoices
                   for line in one.lines])  # fmt: skip


def test_a_contract_is_drawn_up_read_changed_and_previewed(acme: Any, shop: Any) -> None:
    api = acme.api("carol")
    tiers = [{"from_quantity": "0", "to_quantity": "100", "unit_price": 12}, {"from_quantity": "100", "unit_price": 10}]
    metered = {
        "name": "Backup",
        "kind": "usage",
        "items": [{"item_id": shop["storage"], "minimum_quantity": "5", "tiers": tiers}],
    }
    hours = {
        "name": "Support",
        "kind": "hourly",
        "round_up_minutes": 15,
        "role_rates": [{"role": "engineer", "hourly_rate": 9000}],
    }
    made = api.post(CONTRACTS, json=_contract(shop, _licenses(shop, prorate=True), metered, hours))
    assert made.status_code == 201, made.json
    contract = made.json
    assert [line["timing"] for line in contract["lines"]] == ["advance", "arrears", "arrears"]
    assert contract["lines"][1]["items"][0]["tiers"][1] == {
        "from_quantity": "100.0000",
        "to_quantity": None,
        "unit_price": 10,
    }
    assert (contract["state"], contract["currency"]) == ("active", "EUR")

    due = api.get(f"/api/v1/contracts/{contract['id']}/due?until=2026-10-02").json
    assert [(line["description"], line["amount"]) for line in due["lines"]] == [
        ("Mail filter", 3125), ("Mail filter", 3125), ("Storage", 60)
    ]  # fmt: skip
    assert due["amount"] == 6310

    page = api.get("/api/v1/contracts?state=active&sort=-start_on").json
    assert [(row["name"], row["client_name"], row["monthly_value"]) for row in page["items"]] == [("Care", "Hill & Sons", 3125)]

    line = contract["lines"][0]
    url = f"/api/v1/contracts/{contract['id']}/lines/{line['id']}"
    changed = api.patch(url, json={"items": [{"item_id": shop["mail"], "quantity": "10"}]}, headers={"If-Match": '"1"'})
    assert changed.status_code == 200, changed.json
    assert changed.json["items"][0]["id"] == line["items"][0]["id"]
    assert api.patch(url, json={"name": "Later"}, headers={"If-Match": '"1"'}).status_code == 412
    assert api.get(url).json["items"][0]["quantity"] == "10.0000"
    assert len(api.get(f"/api/v1/contracts/{contract['id']}/lines").json["items"]) == 3


@pytest.mark.parametrize(("line", "field"), [
    ({"name": "A", "kind": "fixed"}, "lines[0].price"),
    ({"name": "A", "kind": "usage", "items": []}, "lines[0].items"),
    ({"name": "A", "kind": "hourly", "timing": "advance"}, "lines[0].timing"),
    ({"name": "A", "kind": "hourly", "price": 5}, "lines[0].price"),
    ({"name": "A", "kind": "product", "items": [{"item_id": RANDOM}]}, "lines[0].items[0].item_id"),
    ({"name": "A", "kind": "fixed", "price": 1, "location_id": RANDOM}, "lines[0].location_id"),
])  # fmt: skip
def test_a_line_that_is_not_whole_is_refused_at_its_field(acme: Any, shop: Any, line: Any, field: Any) -> None:
    answer = acme.api().post(CONTRACTS, json=_contract(shop, line))
    assert answer.status_code == 422
    assert field in answer.json["errors"], answer.json


@pytest.mark.parametrize(("tiers", "words"), [
    ([{"from_quantity": "1", "unit_price": 5}], "starts at 0"),
    ([{"from_quantity": "0", "to_quantity": "10", "unit_price": 5}], "must be open"),
    ([{"from_quantity": "0", "to_quantity": "10", "unit_price": 5}, {"from_quantity": "11", "unit_price": 4}], "must end where"),
])  # fmt: skip
def test_tiers_give_every_quantity_one_price(acme: Any, shop: Any, tiers: Any, words: Any) -> None:
    line = {"name": "A", "kind": "usage", "items": [{"item_id": shop["storage"], "tiers": tiers}]}
    answer = acme.api().post(CONTRACTS, json=_contract(shop, line))
    assert words in answer.json["errors"]["lines[0].items[0].tiers"]


@pytest.mark.forged_books
def test_what_billed_periods_stand_on_cannot_change(acme: Any, shop: Any) -> None:
    api = acme.api()
    contract = api.post(CONTRACTS, json=_contract(shop, _licenses(shop))).json
    url, line = f"/api/v1/contracts/{contract['id']}", contract["lines"][0]
    _bill(acme, contract["id"])
    for change in ({"start_on": "2026-08-01"}, {"currency": "USD"}, {"end_on": "2026-09-30"}, {"status": "draft"}):
        refused = api.patch(url, json=change)
        assert (refused.status_code, refused.json["code"]) == (409, "periods_billed"), change
    for change in ({"cycle": "annual"}, {"kind": "product"}, {"end_on": "2026-09-30"}):
        assert api.patch(f"{url}/lines/{line['id']}", json=change).json["code"] == "periods_billed"
    assert api.delete(url).json["code"] == "periods_billed"
    assert api.delete(f"{url}/lines/{line['id']}").json["code"] == "periods_billed"
    assert api.patch(f"{url}/lines/{line['id']}", json={"items": [{"item_id": shop["mail"], "quantity": "1"}]}).status_code == 200
    due = api.get(f"{url}/due?until=2026-11-02").json
    assert [one["amount"] for one in due["lines"]] == [250]
    assert api.post(f"{url}/end", json={"end_on": "2026-10-31"}).json["end_on"] == "2026-10-31"
    assert api.get(f"{url}/due?until=2027-01-01").json["lines"] == []


def test_a_draft_bills_nothing_and_needs_lines_before_it_is_active(acme: Any, shop: Any) -> None:
    api = acme.api()
    contract = api.post(CONTRACTS, json=_contract(shop, status="draft")).json
    url = f"/api/v1/contracts/{contract['id']}"
    assert api.post(f"{url}/activate").status_code == 422
    assert api.post(f"{url}/lines", json=_licenses(shop)).status_code == 201
    assert api.get(f"{url}/due").json["lines"] == []
    assert api.post(f"{url}/activate").json["status"] == "active"
    assert len(api.get(f"{url}/due?until=2026-10-02").json["lines"]) == 2
    assert api.delete(url).status_code == 204
    assert api.get(url).json["code"] == "contract_not_found"


@pytest.mark.forged_books
def test_usage_is_entered_listed_and_taken_back_until_it_is_billed(acme: Any, shop: Any) -> None:
    api = acme.api("bob")
    body = {"client_id": shop["client"], "item_id": shop["storage"], "used_on": "2026-09-05", "quantity": "7.5"}
    entry = api.post("/api/v1/usage-records", json=body).json
    assert Decimal(entry["quantity"]) == Decimal("7.5")
    manager = acme.api("carol")
    assert [row["billed"] for row in manager.get("/api/v1/usage-records?billed=false").json["items"]] == [False]
    wrong = api.post("/api/v1/usage-records", json=body | {"quantity": "0"})
    assert "quantity" in wrong.json["errors"]
    contract = acme.api().post(CONTRACTS, json=_contract(shop, _licenses(shop))).json
    wrong = api.post("/api/v1/usage-records", json=body | {"contract_line_id": contract["lines"][0]["id"]})
    assert "contract_line_id" in wrong.json["errors"]
    with acme.call() as ctx:
        ctx.session.query(UsageEntry).update({"invoice_id": entry["id"], "invoice_line_id": entry["id"]})
    assert api.delete(f"/api/v1/usage-records/{entry['id']}").json["code"] == "usage_billed"


def test_what_contracts_hold_is_not_deleted(acme: Any, shop: Any) -> None:
    api = acme.api()
    contract = api.post(CONTRACTS, json=_contract(shop, _licenses(shop))).json
    for url in (f"/api/v1/clients/{shop['client']}", f"/api/v1/catalog-items/{shop['mail']}"):
        refused = api.delete(url)
        assert refused.status_code == 409, url
        assert any(one["type"].startswith("contract") for one in refused.json["dependencies"])
    line = {"name": "Meter", "kind": "usage", "items": [{"item_id": shop["storage"]}]}
    metered = api.post(f"/api/v1/contracts/{contract['id']}/lines", json=line).json
    body = {"client_id": shop["client"], "item_id": shop["storage"], "used_on": "2026-09-05", "quantity": "1",
            "contract_line_id": metered["id"]}  # fmt: skip
    assert api.post("/api/v1/usage-records", json=body).status_code == 201
    assert api.delete(f"/api/v1/contracts/{contract['id']}/lines/{metered['id']}").json["code"] == "still_in_use"


def test_another_tenants_rows_answer_like_random_ids(acme: Any, beta: Any, shop: Any) -> None:
    contract = acme.api().post(CONTRACTS, json=_contract(shop, _licenses(shop))).json
    stranger, line = beta.api(), contract["lines"][0]["id"]
    for url in (
        f"contracts/{contract['id']}",
        f"contracts/{contract['id']}/due",
        f"contracts/{contract['id']}/lines/{line}",
    ):
        assert stranger.get(f"/api/v1/{url}").status_code == 404
    assert stranger.get("/api/v1/contracts").json["items"] == []
    assert stranger.post(CONTRACTS, json=_contract(shop)).json["code"] == "client_not_found"
    assert acme.api("mallory").get("/api/v1/contracts").status_code == 403


def test_every_kind_of_line_is_written_by_its_form(acme: Any, shop: Any) -> None:
    browser = acme.client()
    new = browser.get(f"/contracts/new?client_id={shop['client']}")
    token = csrf_of(new.text)
    header = {
        "csrf_token": token,
        "client_id": shop["client"],
        "name": "By hand",
        "start_on": "2026-09-01",
        "currency": "EUR",
    }
    page = browser.post("/contracts/new", data=header)
    assert page.status_code in (302, 303), page.text
    url = page.headers["Location"].split("?")[0]
    typed = {
        "fixed": {"price": "49,90", "timing": "arrears", "prorate": "true"} | {"price--money": "EUR"},
        "hourly": {"hourly_rate": "95", "hourly_rate--money": "EUR", "round_up_minutes": "15", "role_rates-0-role": "engineer",
                   "role_rates-0-hourly_rate": "120", "role_rates-0-hourly_rate--money": "EUR"},
        "usage": {"items-0-item_id": shop["storage"], "tiers-0-from_quantity": "0", "tiers-0-unit_price": "0.10",
                  "tiers-0-unit_price--money": "EUR"},
        "product": {"items-0-item_id": shop["storage"], "items-0-quantity": "3", "timing": "advance"},
        "license": {"items-0-item_id": shop["mail"], "items-0-quantity": "3", "items-0-unit_price": "1.95",
                    "items-0-unit_price--money": "EUR", "timing": "advance"},
    }  # fmt: skip
    typed["fixed"]["price"] = "49.90"
    for kind, fields in typed.items():
        assert browser.get(f"{url}/lines/new?kind={kind}").status_code == 200
        sent = browser.post(
            f"{url}/lines/new",
            data={"csrf_token": token, "kind": kind, "name": kind.title(), "cycle": "monthly", **fields},
        )
        assert sent.status_code in (302, 303), (kind, sent.text)
    shown = browser.get(url)
    assert shown.status_code == 200
    for words in ("49.90", "95.00", "120.00", "0.10", "1.95"):
        assert words in shown.text
    line = acme.api().get(f"/api/v1{url}/lines").json["items"][2]
    form = browser.get(f"{url}/lines/{line['id']}/edit")
    assert 'name="tiers-0-from_quantity"' in form.text
    refused = browser.post(f"{url}/lines/{line['id']}/edit", data={
        "csrf_token": token, "kind": "usage", "name": "Usage", "cycle": "monthly", "items-0-item_id": shop["storage"],
        "tiers-0-from_quantity": "3", "tiers-0-unit_price": "0.10", "tiers-0-unit_price--money": "EUR",
    })  # fmt: skip
    assert refused.status_code == 422
    assert "The first tier starts at 0." in refused.text
    assert browser.post(f"{url}/activate", data={"csrf_token": token}).status_code in (302, 303)
    for address in ("/contracts", "/contracts.csv", f"{url}/due", f"{url}/end", f"{url}/edit", "/usage-records",
                    "/usage-records/new", f"/contracts/of-client/{shop['client']}", "/contract-lines/pick?q=lic",
                    "/usage-records.csv"):  # fmt: skip
        assert browser.get(address).status_code == 200, address
    due = browser.get(f"{url}/due?until=2026-10-02")
    assert "49.90" in due.text
