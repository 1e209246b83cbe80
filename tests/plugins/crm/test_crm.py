"""Acme takes Contoso on, finds it again, and lets it go."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import World
from tests.files import load_files

API = "/api/v1"
CLIENTS = """external_id,name,client_type,email,currency,account_manager,active
C-1,Contoso,company,office@contoso.example,EUR,,yes
C-2,Dieter Dorn,individual,,USD,,no
"""
LOCATIONS = """external_id,client,name,line1,city,country,is_default
L-1,C-1,Head office,Hauptstr. 1,Berlin,DE,yes
L-2,C-1,Depot,Hafen 2,Hamburg,de,no
"""
CONTACTS = """external_id,client,full_name,email,is_billing_contact
P-1,C-1,Dana Dorn,dana@contoso.example,yes
"""


def _client(world: World, name: str = "Contoso", **facts: Any) -> dict[str, Any]:
    answer = world.api().post(f"{API}/clients", json={"name": name, **facts})
    assert answer.status_code == 201, answer.json
    return answer.json | {"etag": answer.headers["ETag"]}


def _names(answer: Any) -> list[str]:
    return [one["name"] for one in answer.json["items"]]


def test_a_client_is_taken_on_in_the_tenants_currency_and_changed_by_who_saw_it_last(acme: World, beta: World) -> None:
    added = _client(acme, billing_email="pay@contoso.example", account_manager_id=str(acme.users["bob"]))
    assert (added["currency"], added["status"], added["kind"]) == ("EUR", "active", "company")
    assert _client(beta)["currency"] == "USD"
    url, api = f"{API}/clients/{added['id']}", acme.api()
    changed = api.patch(url, json={"notes": "Ring twice"}, headers={"If-Match": added["etag"]})
    assert changed.json["notes"] == "Ring twice"
    late = api.patch(url, json={"notes": "Never ring"}, headers={"If-Match": added["etag"]})
    assert (late.status_code, late.json["code"]) == (412, "version_mismatch")
    for facts, field in (({"currency": "XQQ"}, "currency"), ({"name": ""}, "name"), ({"email": "at home"}, "email")):
        answer = api.patch(url, json=facts)
        assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_lists_find_by_state_manager_and_page(acme: World) -> None:
    for name in ("Alpha", "Beta", "Gamma"):
        _client(acme, name)
    mine = _client(acme, "Delta", account_manager_id=str(acme.users["bob"]))
    api = acme.api()
    api.post(f"{API}/clients/{mine['id']}/deactivate")
    assert _names(api.get(f"{API}/clients?status=inactive")) == ["Delta"]
    assert _names(api.get(f"{API}/clients?account_manager_id={acme.users['bob']}")) == ["Delta"]
    first = api.get(f"{API}/clients?sort=name&limit=3")
    rest = api.get(f"{API}/clients?sort=name&limit=3&cursor={first.json['next_cursor']}")
    assert (_names(first), _names(rest)) == (["Alpha", "Beta", "Delta"], ["Gamma"])
    assert "Gamma" in acme.client().get("/clients?q=gam").text
    assert "Alpha" not in acme.client().get("/clients?q=gam").text
    assert acme.client().get("/clients.csv?q=alp").text.splitlines()[1].startswith("Alpha,company,active,EUR")


def test_one_location_is_the_default_and_contacts_share_no_address(acme: World) -> None:
    client, api = _client(acme), acme.api()
    for name in ("Head office", "Depot"):
        body = {"name": name, "country": "DE", "is_default": True}
        assert api.post(f"{API}/clients/{client['id']}/locations", json=body).status_code == 201
    places = api.get(f"{API}/clients/{client['id']}/locations").json["items"]
    assert {one["name"]: one["is_default"] for one in places} == {"Head office": False, "Depot": True}
    dana = {"client_id": client["id"], "name": "Dana", "email": "Dana@contoso.example"}
    assert api.post(f"{API}/contacts", json=dana).status_code == 201
    again = api.post(f"{API}/contacts", json=dana | {"email": "dana@CONTOSO.example"})
    assert (again.status_code, list(again.json["errors"])) == (409, ["email"])


def test_a_client_goes_inactive_with_its_people_and_comes_back(acme: World) -> None:
    client, api = _client(acme), acme.api()
    dana = api.post(f"{API}/contacts", json={"client_id": client["id"], "name": "Dana"}).json["id"]
    url = f"{API}/clients/{client['id']}"
    assert api.post(f"{url}/deactivate").json["status"] == "inactive"
    assert api.get(f"{API}/contacts/{dana}").json["active"] is False
    assert api.post(f"{url}/reactivate", json={"contacts": True}).json["status"] == "active"
    assert api.get(f"{API}/contacts/{dana}").json["active"] is True


def test_a_client_is_deleted_when_nothing_is_left_of_it_and_what_is_left_is_named(acme: World) -> None:
    client, api = _client(acme), acme.api()
    url = f"{API}/clients/{client['id']}"
    dana = api.post(f"{API}/contacts", json={"client_id": client["id"], "name": "Dana"}).json["id"]
    ticket = api.post(f"{API}/tickets", json={"client_id": client["id"], "title": "Printer on fire"}).json["id"]
    refused = api.delete(url)
    assert (refused.status_code, refused.json["code"]) == (409, "still_in_use")
    assert {(one["type"], one["count"]) for one in refused.json["dependencies"]} == {("contact", 1), ("ticket", 1)}
    assert refused.json["alternatives"] == ["deactivate"]
    page = acme.client().post(f"/clients/{client['id']}/delete")
    assert page.status_code == 409
    assert api.delete(f"{API}/contacts/{dana}").status_code == 204
    assert api.delete(f"{API}/tickets/{ticket}").status_code == 204
    assert api.delete(url).status_code == 204
    assert api.get(url).json["code"] == "client_not_found"


def test_alice_takes_a_client_on_by_page_and_bob_does_not_delete_it(acme: World) -> None:
    browser = acme.client()
    form = {"name": "Contoso & Söhne", "kind": "company", "currency": "CHF", "email": "office@contoso.example"}
    made = browser.post("/clients/new", data=form)
    assert made.status_code == 303, made.text
    assert "Contoso &amp; Söhne" in browser.get(made.location).text
    wrong = browser.post("/clients/new", data=form | {"email": "nowhere"})
    assert wrong.status_code == 422
    assert "nowhere" in wrong.text
    place = browser.post(f"{made.location}/locations/new", data={"name": "Depot", "country": "CH", "city": "Basel"})
    assert place.location == made.location
    person = browser.post("/contacts/new", data={"client_id": made.location.rsplit("/", 1)[1], "name": "Dana", "active": "true"})
    assert "Dana" in browser.get(person.location).text
    assert all(words in browser.get(made.location).text for words in ("Basel", "Dana"))
    assert acme.client("bob").post(f"{made.location}/delete").status_code == 403


def test_clients_come_with_places_and_people_from_files_and_come_again(acme: World) -> None:
    for _ in range(2):
        done = load_files(acme, clients=CLIENTS, locations=LOCATIONS, contacts=CONTACTS)
        assert (done["state"], done["errors"]) == ("done", [])
    contoso, dieter = acme.api().get(f"{API}/clients?sort=name").json["items"]
    assert (contoso["billing_email"], dieter["status"], dieter["currency"]) == ("office@contoso.example", "inactive", "USD")
    places = acme.api().get(f"{API}/clients/{contoso['id']}/locations").json["items"]
    assert {(one["name"], one["country"], one["is_default"]) for one in places} == {
        ("Head office", "DE", True), ("Depot", "DE", False),
    }  # fmt: skip
    assert _names(acme.api().get(f"{API}/contacts?client_id={contoso['id']}")) == ["Dana Dorn"]


@pytest.mark.parametrize(
    ("file", "old", "new", "column"),
    [
        ("clients", "EUR", "EURO", "currency"),
        ("clients", ",company,", ",firm,", "client_type"),
        ("locations", ",DE,", ",Germany,", "country"),
        ("locations", "L-1,C-1", "L-1,C-7", "client"),
        ("contacts", "dana@contoso.example", "dana", "email"),
    ],
)
def test_what_cannot_be_loaded_is_named_by_line_and_column(acme: World, file: str, old: str, new: str, column: str) -> None:
    files = {"clients": CLIENTS, "locations": LOCATIONS, "contacts": CONTACTS}
    done = load_files(acme, **files | {file: files[file].replace(old, new, 1)})
    assert done["state"] == "refused"
    assert [(one["file"], one["line"], one["column"]) for one in done["errors"]] == [(f"{file}.csv", 2, column)]
