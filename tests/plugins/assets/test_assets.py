"""What Acme looks after at Contoso."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from kernel.hookspecs.directory import Ref
from tests.conftest import World


@pytest.fixture
def contoso(acme: World) -> dict[str, str]:
    """A client with a location and a contact."""
    api = acme.api()
    client = api.post("/api/v1/clients", json={"name": "Contoso"}).json["id"]
    location = api.post(f"/api/v1/clients/{client}/locations", json={"name": "Head office", "country": "DE"}).json["id"]
    contact = api.post("/api/v1/contacts", json={"client_id": client, "name": "Dana"}).json["id"]
    return {"client_id": client, "location_id": location, "contact_id": contact}


def _add(world: World, who: str = "bob", **facts: Any) -> Any:
    return world.api(who).post("/api/v1/assets", json={"tag": "SRV-1", "name": "srv01.berlin", "asset_type": "server", **facts})


def _ticket(world: World, client_id: str) -> str:
    body = {"client_id": client_id, "title": "Server hums"}
    return str(world.api("bob").post("/api/v1/tickets", json=body).json["id"])


def test_bob_takes_a_server_in_and_retires_it(acme: World, contoso: dict[str, str]) -> None:
    added = _add(acme, **contoso, serial_number="SN1", purchased_on="2024-01-15", warranty_ends_on="2027-01-15")
    assert added.status_code == 201, added.json
    url = f"/api/v1/assets/{added.json['id']}"
    assert added.headers["Location"] == url
    retired = acme.api("bob").patch(url, json={"status": "retired"}, headers={"If-Match": added.headers["ETag"]})
    assert retired.json["status"] == "retired"
    stale = acme.api("bob").patch(url, json={"name": "late"}, headers={"If-Match": added.headers["ETag"]})
    assert stale.json["code"] == "version_mismatch"
    with acme.call() as ctx:
        labels = [one for one in ctx.hooks.describe(ctx=ctx, refs=[Ref("asset", UUID(added.json["id"]))]) if one]
    assert next(iter(labels[0].values())).text == "SRV-1 srv01.berlin"
    history = acme.api().get(f"/api/v1/audit-entries?kind=asset&row_id={added.json['id']}").json["items"]
    assert [(one["action"], one["changes"]) for one in history] == [
        ("asset.changed", {"status": "retired"}), ("asset.added", {}),
    ]  # fmt: skip


def test_a_tag_names_one_asset_whatever_its_letters(acme: World, beta: World, contoso: dict[str, str]) -> None:
    _add(acme, **contoso)
    again = _add(acme, **contoso, tag=" srv-1 ")
    assert (again.status_code, again.json["code"], list(again.json["errors"])) == (409, "asset_tag_taken", ["tag"])
    other = _add(acme, **contoso, tag="SRV-2").json["id"]
    assert acme.api().patch(f"/api/v1/assets/{other}", json={"tag": "Srv-1"}).status_code == 409
    fabrikam = beta.api().post("/api/v1/clients", json={"name": "Fabrikam"}).json["id"]
    assert _add(beta, client_id=fabrikam).status_code == 201


@pytest.mark.parametrize("field", ["location_id", "contact_id"])
def test_place_and_person_are_the_clients_own(acme: World, contoso: dict[str, str], field: str) -> None:
    other = acme.api().post("/api/v1/clients", json={"name": "Fabrikam"}).json["id"]
    refused = _add(acme, client_id=other, **{field: contoso[field]})
    assert (refused.status_code, list(refused.json["errors"])) == (422, [field])
    asset = _add(acme, **contoso).json["id"]
    moved = acme.api().patch(f"/api/v1/assets/{asset}", json={"client_id": other})
    assert moved.status_code == 422


def test_bad_facts_are_named_at_their_fields(acme: World, contoso: dict[str, str]) -> None:
    for facts, field in (({"asset_type": "toaster"}, "asset_type"), ({"status": "lost"}, "status"), ({"tag": " "}, "tag"),
                         ({"purchased_on": "2026-01-02", "warranty_ends_on": "2026-01-01"}, "warranty_ends_on")):  # fmt: skip
        answer = _add(acme, **contoso, **facts)
        assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_lists_filter_search_and_sort(acme: World, contoso: dict[str, str]) -> None:
    _add(acme, **contoso, serial_number="XK-77", warranty_ends_on="2026-11-01")
    _add(acme, **contoso, tag="PRN-1", name="prn01", asset_type="printer", warranty_ends_on="2027-05-01")
    url = "/api/v1/assets"

    def tags(query: str) -> list[str]:
        return [one["tag"] for one in acme.api("carol").get(f"{url}?{query}").json["items"]]

    assert tags("q=xk-7") == ["SRV-1"]
    assert tags("asset_type__in=printer,server&sort=-warranty_ends_on") == ["PRN-1", "SRV-1"]
    assert tags("warranty_ends_on__lte=2026-12-31") == ["SRV-1"]
    assert tags(f"client_id={uuid4()}") == []
    first = acme.api().get(f"{url}?limit=1").json
    assert [one["tag"] for one in acme.api().get(f"{url}?limit=1&cursor={first['next_cursor']}").json["items"]] == ["SRV-1"]
    assert acme.client().get("/assets.csv?q=prn").text.splitlines()[1].startswith("PRN-1,prn01,printer,active")


def test_an_asset_is_linked_to_a_ticket_once(acme: World, contoso: dict[str, str]) -> None:
    asset, ticket = _add(acme, **contoso).json["id"], _ticket(acme, contoso["client_id"])
    url = f"/api/v1/assets/{asset}/tickets"
    assert acme.api("bob").post(url, json={"ticket_id": ticket}).status_code == 201
    again = acme.api("bob").post(url, json={"ticket_id": ticket})
    assert (again.status_code, again.json["code"]) == (409, "asset_already_linked")
    unknown = acme.api("bob").post(url, json={"ticket_id": str(uuid4())})
    assert (unknown.status_code, list(unknown.json["errors"])) == (422, ["ticket_id"])
    assert acme.api().delete(f"/api/v1/assets/{asset}").json["dependencies"][0]["type"] == "ticket"
    assert acme.api().delete(f"/api/v1/tickets/{ticket}").json["dependencies"] == [
        {"type": "asset", "count": 1, "label": "1 assets"}
    ]
    assert acme.api("bob").delete(f"{url}/{ticket}").status_code == 204
    assert acme.api("bob").delete(f"{url}/{ticket}").json["code"] == "asset_link_not_found"
    assert acme.api().delete(f"/api/v1/assets/{asset}").status_code == 204


def test_assets_keep_their_client_place_and_person(acme: World, contoso: dict[str, str]) -> None:
    _add(acme, **contoso)
    for path in ("clients/{client_id}", "locations/{location_id}", "contacts/{contact_id}"):
        answer = acme.api().delete(f"/api/v1/{path.format(**contoso)}")
        assert (answer.status_code, answer.json["code"]) == (409, "still_in_use")
        assert {"type": "asset", "count": 1, "label": "1 assets"} in answer.json["dependencies"]


def test_beta_sees_nothing_of_acme(acme: World, beta: World, contoso: dict[str, str]) -> None:
    asset, ticket = _add(acme, **contoso).json["id"], _ticket(acme, contoso["client_id"])
    for one in (asset, str(uuid4())):
        answer = beta.api().get(f"/api/v1/assets/{one}")
        assert (answer.status_code, answer.json["code"]) == (404, "asset_not_found")
    fabrikam = beta.api().post("/api/v1/clients", json={"name": "Fabrikam"}).json["id"]
    own = _add(beta, client_id=fabrikam).json["id"]
    assert beta.api().post(f"/api/v1/assets/{own}/tickets", json={"ticket_id": ticket}).json["code"] == "ticket_unknown"
    assert _add(beta, client_id=contoso["client_id"], tag="X").json["code"] == "client_not_found"


def test_without_the_plugin_nothing_is_left_on_any_page(acme: World, contoso: dict[str, str]) -> None:
    asset = _add(acme, **contoso).json["id"]
    acme.api().post("/api/v1/plugins/assets/disable")
    assert acme.api().get(f"/api/v1/assets/{asset}").json["code"] == "plugin_not_enabled"
    assert "Assets" not in acme.client().get(f"/clients/{contoso['client_id']}").text
    still = acme.api().delete(f"/api/v1/contacts/{contoso['contact_id']}")
    assert still.json["code"] == "still_in_use", "its rows are still there"


def test_pages(acme: World, contoso: dict[str, str]) -> None:
    browser = acme.client("bob")
    assert "No assets yet" in browser.get("/assets").text
    page = browser.get(f"/assets/new?client_id={contoso['client_id']}").text
    assert "Head office" in page
    form = contoso | {"tag": "NB-7", "name": "nb07", "asset_type": "workstation", "status": "active", "serial_number": "",
                      "purchased_on": "2026-01-01", "warranty_ends_on": "2026-10-20", "notes": ""}  # fmt: skip
    added = browser.post("/assets/new", data=form)
    assert added.status_code == 303, added.text
    refused = browser.post("/assets/new", data=form)
    assert refused.status_code == 422
    assert "Used by another asset." in refused.text
    assert browser.get(added.location).status_code == 200
    edit = browser.get(f"{added.location}/edit").text
    assert "NB-7" in edit
    assert browser.post(f"{added.location}/edit", data=form | {"name": "nb07b", "row_version": "1"}).status_code == 303
    assert "nb07b" in browser.get("/assets?q=nb&status=active").text
    card = browser.get("/assets/card").text
    assert "nb07b" in card
    assert "nb07b" in browser.get(f"/assets/of-client/{contoso['client_id']}").text
    assert "nb07b" in browser.get(f"/assets/pick?q=nb&client_id={contoso['client_id']}").text
    assert "NB-7 nb07b" in browser.get("/palette?q=nb07").text
    assert browser.post(f"{added.location}/retire").status_code == 303
    assert browser.post(f"{added.location}/activate").status_code == 303
    assert acme.client("carol").post(f"{added.location}/retire").status_code == 403
    assert " style=" not in page + edit + card


def test_the_tickets_page_links_and_unlinks(acme: World, contoso: dict[str, str]) -> None:
    browser, ticket = acme.client("bob"), _ticket(acme, contoso["client_id"])
    asset = _add(acme, **contoso).json["id"]
    assert f"/assets/of-ticket/{ticket}" in browser.get(f"/tickets/{ticket}").text
    assert "No assets linked" in browser.get(f"/assets/of-ticket/{ticket}").text
    assert browser.post(f"/assets/of-ticket/{ticket}/link", data={"asset_id": asset}).status_code == 303
    panel = browser.get(f"/assets/of-ticket/{ticket}").text
    assert "srv01.berlin" in panel
    assert "Server hums" in browser.get(f"/assets/{asset}").text
    assert browser.post(f"/assets/{asset}/unlink/{ticket}").status_code == 303
    assert "No assets linked" in browser.get(f"/assets/of-ticket/{ticket}").text
