"""What Acme sells: items in several currencies, from forms, REST and files."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import World
from tests.files import load_files

API = "/api/v1/catalog-items"
ITEMS = """external_id,name,kind,billing_method,sku,unit,tax_category,license_term,active
I-1,Remote support,service,hourly,SUP-1,hour,standard,,yes
I-2,Mail seat,license,per_unit,SEAT-1,seat,standard,monthly,yes
"""


def _item(world: World, name: str = "Remote support", **facts: Any) -> Any:
    return world.api().post(API, json={"name": name, "kind": "service", **facts})


def _names(answer: Any) -> list[str]:
    return [one["name"] for one in answer.json["items"]]


def test_an_item_is_added_changed_and_switched_off(acme: World, beta: World) -> None:
    added = _item(acme, sku="SUP-1")
    assert added.status_code == 201, added.json
    url, api = f"{API}/{added.json['id']}", acme.api()
    changed = api.patch(url, json={"active": False}, headers={"If-Match": added.headers["ETag"]})
    assert (changed.json["active"], changed.json["name"]) == (False, "Remote support")
    late = api.patch(url, json={"name": "Late"}, headers={"If-Match": added.headers["ETag"]})
    assert (late.status_code, late.json["code"]) == (412, "version_mismatch")
    assert _names(api.get(f"{API}?active=false")) == ["Remote support"]
    assert _names(api.get(f"{API}?active=true")) == []
    assert _names(beta.api().get(API)) == []


def test_a_sku_names_one_item_and_only_a_license_has_a_term(acme: World, beta: World) -> None:
    _item(acme, sku="SUP-1")
    again = _item(acme, "Other", sku="SUP-1")
    assert (again.status_code, list(again.json["errors"])) == (409, ["sku"])
    assert _item(beta, sku="SUP-1").status_code == 201
    term = _item(acme, "Seat", license_term="monthly")
    assert (term.status_code, list(term.json["errors"])) == (422, ["license_term"])
    assert _item(acme, "Seat", kind="license", license_term="monthly").status_code == 201


def test_technicians_read_and_do_not_change_what_is_sold(acme: World) -> None:
    url = f"{API}/{_item(acme).json['id']}"
    bob = acme.api("bob")
    assert bob.get(url).status_code == 200
    assert bob.patch(url, json={"name": "Mine"}).json["code"] == "permission_denied"
    assert acme.client("bob").get("/catalog/new").status_code == 403


def test_an_item_that_was_used_is_not_deleted_and_says_by_what(acme: World) -> None:
    api, item = acme.api(), _item(acme, kind="product", prices=[{"currency": "EUR", "amount": 8900}]).json["id"]
    client = api.post("/api/v1/clients", json={"name": "Contoso"}).json["id"]
    ticket = api.post("/api/v1/tickets", json={"client_id": client, "title": "Disk full"}).json["id"]
    materials = f"/api/v1/tickets/{ticket}/materials"
    used = api.post(materials, json={"item_id": item, "quantity": "1"}).json["id"]
    refused = api.delete(f"{API}/{item}")
    assert (refused.status_code, refused.json["code"], refused.json["alternatives"]) == (409, "still_in_use", ["deactivate"])
    assert [one["count"] for one in refused.json["dependencies"]] == [1]
    assert api.delete(f"{materials}/{used}").status_code == 204
    assert api.delete(f"{API}/{item}").status_code == 204
    assert api.get(f"{API}/{item}").status_code == 404


def test_the_catalog_is_kept_by_page(acme: World) -> None:
    browser = acme.client()
    form = {"name": "Remote support", "kind": "service", "billing_method": "hourly", "unit": "hour", "tax_category": "standard",
            "active": "true"}  # fmt: skip
    made = browser.post("/catalog/new", data=form)
    assert made.status_code == 303, made.text
    assert "Remote support" in browser.get(made.location).text
    assert browser.post("/catalog/new", data=form | {"name": ""}).status_code == 422
    assert "Remote support" in browser.get("/catalog?q=remo").text
    assert "Remote support" not in browser.get("/catalog?q=printer").text
    assert "Remote support" in browser.get("/catalog.csv").text
    assert "Remote support" in browser.get("/catalog/pick?q=rem").text
    assert browser.post(f"{made.location}/delete").location.endswith("/catalog")
    assert browser.get(made.location).status_code == 404


def test_items_come_from_files_and_come_again(acme: World) -> None:
    for _ in range(2):
        done = load_files(acme, catalog_items=ITEMS)
        assert (done["state"], done["errors"]) == ("done", [])
    items = acme.api().get(f"{API}?sort=name").json["items"]
    assert [(one["name"], one["kind"], one["sku"], one["active"]) for one in items] == [
        ("Mail seat", "license", "SEAT-1", True), ("Remote support", "service", "SUP-1", True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "line", "column"),
    [
        ("SEAT-1", "SUP-1", 3, "sku"),
        (",hourly,", ",daily,", 2, "billing_method"),
        ("standard,,yes", "standard,monthly,yes", 2, "license_term"),
        ("Remote support", "", 2, "name"),
    ],
)
def test_what_cannot_be_sold_is_named_by_line_and_column(acme: World, old: str, new: str, line: int, column: str) -> None:
    done = load_files(acme, catalog_items=ITEMS.replace(old, new, 1))
    assert done["state"] == "refused"
    assert (line, column) in {(one["line"], one["column"]) for one in done["errors"]}
    assert _names(acme.api().get(API)) == []
