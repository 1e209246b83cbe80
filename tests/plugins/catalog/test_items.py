"""What Carol keeps in the catalog: products with their origin, SKUs, categories, and what they cost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from kernel.tenancy import change_settings
from plugins.catalog.listing import list_offers
from tests.conftest import World

ITEMS = "/api/v1/catalog-items"
SWITCH = {
    "name": "Switch 24 ports", "kind": "product", "sku": "SW-24", "vendor": "Ingram", "manufacturer": "Netgear",
    "part_number": "GS724T", "cost": 21000, "cost_currency": "EUR", "default_quantity": "2",
    "prices": [{"currency": "EUR", "amount": 28000}], "external_ids": [{"system": "Xero", "value": "4711"}],
}  # fmt: skip


def _add(world: World, who: str = "carol", **facts: Any) -> Any:
    return world.api(who).post(ITEMS, json=SWITCH | facts)


def _refusal(answer: Any) -> tuple[int, str, list[str]]:
    return answer.status_code, answer.json["code"], list(answer.json.get("errors", {}))


def _demand_skus(world: World) -> None:
    with world.call() as ctx:
        change_settings(ctx, "catalog", {"sku_required": True})


def test_carol_adds_a_product_with_all_that_is_known_of_it(acme: World) -> None:
    added = _add(acme)
    assert added.status_code == 201, added.json
    kept = acme.api("carol").get(added.headers["Location"]).json
    assert {name: kept[name] for name in SWITCH if name not in ("prices", "default_quantity")} == {
        name: value for name, value in SWITCH.items() if name not in ("prices", "default_quantity")
    }
    assert (kept["unit"], kept["billing_method"], Decimal(kept["default_quantity"])) == ("each", "per_unit", 2)


def test_only_who_may_see_costs_sees_or_sets_them(acme: World) -> None:
    url = _add(acme).headers["Location"]
    assert "cost" not in acme.api("bob").get(url).json
    with acme.call("bob") as ctx:
        assert "margin" not in list_offers(ctx, {}).items[0]
    with acme.call("carol") as ctx:
        assert list_offers(ctx, {}).items[0]["margin"] == Decimal("25.0")
    keeper = acme.api().post("/api/v1/roles", json={"name": "Keeper", "permissions": ["catalog.read", "catalog.manage"]})
    assert keeper.status_code == 201, keeper.json
    acme.api().put(f"/api/v1/users/{acme.users['bob']}/roles", json={"role_ids": [keeper.json["id"]]})
    assert acme.api("bob").patch(url, json={"vendor": "Also"}).status_code == 200
    assert _refusal(acme.api("bob").patch(url, json={"cost": 1, "cost_currency": "EUR"}))[:2] == (403, "permission_denied")
    assert acme.api("carol").get(url).json["cost"] == 21000


def test_an_sku_names_one_item_whatever_its_case_and_only_within_the_tenant(acme: World, beta: World) -> None:
    _add(acme)
    again = _add(acme, name="Another", sku="sw-24", external_ids=[])
    assert _refusal(again) == (409, "sku_taken", ["sku"])
    other = _add(acme, name="Another", sku="SW-48", external_ids=[]).headers["Location"]
    assert _refusal(acme.api().patch(other, json={"sku": "Sw-24"})) == (409, "sku_taken", ["sku"])
    assert acme.api().patch(other, json={"sku": "sw-48"}).json["sku"] == "sw-48"
    assert _add(beta).status_code == 201


def test_an_external_id_names_one_item_and_an_item_has_one_in_each_system(acme: World) -> None:
    _add(acme)
    assert _refusal(_add(acme, sku="X")) == (409, "external_id_taken", ["external_ids[0].value"])
    twice = [{"system": "Xero", "value": "1"}, {"system": "Xero", "value": "2"}]
    assert _refusal(_add(acme, sku="X", external_ids=twice))[2] == ["external_ids[1].system"]


def test_a_tenant_may_demand_skus_of_what_is_sold_by_the_piece(acme: World) -> None:
    _demand_skus(acme)
    assert _refusal(_add(acme, sku=None)) == (422, "invalid_input", ["sku"])
    service = _add(acme, sku=None, kind="service")
    assert service.status_code == 201
    url = service.headers["Location"]
    assert _refusal(acme.api().patch(url, json={"kind": "product"}))[2] == ["sku"]
    assert acme.api().patch(url, json={"kind": "product", "sku": "SW-24"}).status_code == 200
    assert _refusal(acme.api().patch(url, json={"sku": None}))[2] == ["sku"]


def test_an_item_stays_itself_when_it_becomes_of_another_kind(acme: World) -> None:
    url = _add(acme, kind="license", license_term="annual", license_cadence="monthly").headers["Location"]
    item = acme.api().get(url)
    changed = acme.api().patch(url, json={"kind": "service"}, headers={"If-Match": item.headers["ETag"]})
    assert (changed.json["id"], changed.json["kind"]) == (item.json["id"], "service")
    assert (changed.json["license_term"], changed.json["license_cadence"]) == (None, None)
    stale = acme.api().patch(url, json={"kind": "product"}, headers={"If-Match": item.headers["ETag"]})
    assert _refusal(stale)[:2] == (412, "version_mismatch")
    assert _refusal(acme.api().patch(url, json={"license_term": "annual"}))[2] == ["license_term"]
    trail = acme.api().get(f"/api/v1/audit-entries?kind=catalog.item&row_id={item.json['id']}").json["items"]
    assert [one["action"] for one in trail] == ["catalog.item.changed", "item.added", "item.mapped", "item.priced"]


@pytest.mark.parametrize(("facts", "field"), [
    ({"cost": 5, "cost_currency": None}, "cost_currency"),
    ({"cost_currency": "XXY"}, "cost_currency"),
    ({"kind": "product", "license_cadence": "annual"}, "license_cadence"),
    ({"default_quantity": "0"}, "default_quantity"),
    ({"category_id": "01a1fec2-ac1f-7205-a5c9-0a93f6ee7fb3"}, "category_id"),
    ({"prices": [{"currency": "EUR", "amount": -1}]}, "prices[0].amount"),
])  # fmt: skip
def test_what_is_wrong_is_named_at_its_field(acme: World, facts: dict[str, Any], field: str) -> None:
    assert _refusal(_add(acme, **facts)) == (422, "invalid_input", [field])


def test_categories_are_kept_renamed_and_refuse_to_go_while_they_hold_something(acme: World, beta: World) -> None:
    api = acme.api("carol")
    made = api.post("/api/v1/catalog-categories", json={"name": " Network "})
    assert (made.status_code, made.json["name"]) == (201, "Network")
    url, category_id = made.headers["Location"], made.json["id"]
    assert _refusal(api.post("/api/v1/catalog-categories", json={"name": "NETWORK"})) == (409, "category_taken", ["name"])
    assert beta.api().post("/api/v1/catalog-categories", json={"name": "Network"}).status_code == 201
    item = _add(acme, category_id=category_id)
    assert item.json["category"] == "Network"
    renamed = api.patch(url, json={"name": "Switches"}, headers={"If-Match": made.headers["ETag"]})
    assert renamed.json["name"] == "Switches"
    assert api.get(f"{ITEMS}?category_id={category_id}").json["items"][0]["category"] == "Switches"
    refused = api.delete(url)
    assert _refusal(refused)[:2] == (409, "still_in_use")
    assert api.delete(item.headers["Location"]).status_code == 204
    assert api.delete(url).status_code == 204


def test_lists_find_by_name_sku_part_number_category_and_state(acme: World) -> None:
    api = acme.api()
    ids = api.post(f"{ITEMS}/switch", json={"ids": [_add(acme).json["id"]], "active": False})
    assert ids.json == {"changed": 1}
    _add(acme, name="Router", sku="RT-1", part_number="RB5009", external_ids=[])
    found = {
        query: [one["name"] for one in api.get(f"{ITEMS}?{query}").json["items"]]
        for query in ("q=switch", "q=rt-", "q=rb50", "sku=sw-24", "active=true", "kind=service", "sort=-sku")
    }
    assert found == {
        "q=switch": ["Switch 24 ports"], "q=rt-": ["Router"], "q=rb50": ["Router"], "sku=sw-24": ["Switch 24 ports"],
        "active=true": ["Router"], "kind=service": [], "sort=-sku": ["Switch 24 ports", "Router"],
    }  # fmt: skip


def test_the_database_itself_keeps_skus_apart(acme: World) -> None:
    _add(acme)
    with acme.call() as ctx:
        found = ctx.session.scalar(text("select count(*) from pg_indexes where indexname = 'uq_catalog_items_tenant_id_sku_key'"))
        assert found == 1


def test_switching_names_an_item_that_is_gone(acme: World, beta: World) -> None:
    theirs = UUID(_add(beta).json["id"])
    refused = acme.api().post(f"{ITEMS}/switch", json={"ids": [str(theirs)], "active": False})
    assert _refusal(refused)[:2] == (404, "item_not_found")
