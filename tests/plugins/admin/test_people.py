"""Who may do what to whom: users, roles and teams."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from kernel.auth import SessionRow
from tests.conftest import PASSWORD, World


@pytest.fixture
def desk(acme: World) -> World:
    """Bob is made manager: he manages users, but may not do everything."""
    acme.api().put(f"/api/v1/users/{acme.users['bob']}/roles", json={"role_ids": [_role(acme, "manager")]})
    return acme


def _role(world: World, key: str) -> str:
    return next(one["id"] for one in world.api().get("/api/v1/roles").json["items"] if one["key"] == key)


def _add(world: World, who: str = "alice", **facts: Any) -> Any:
    body = {"name": "Erin", "email": "erin@acme.example", **facts}
    return world.api(who).post("/api/v1/users", json=body)


def test_alice_takes_erin_on_and_erin_signs_in(acme: World) -> None:
    added = _add(acme, password="four candles please", role_ids=[_role(acme, "technician")])
    assert added.status_code == 201, added.json
    assert [one["name"] for one in added.json["roles"]] == ["Technician"]
    assert "password" not in added.text.replace("has_password", "")
    login = acme.app.test_client().post("/login", data={
        "tenant": acme.tenant.slug, "email": "erin@acme.example", "password": "four candles please"})  # fmt: skip
    assert login.status_code == 303


def test_an_address_belongs_to_one_user_whatever_its_letters(acme: World) -> None:
    _add(acme)
    again = _add(acme, email="ERIN@acme.example")
    assert (again.status_code, list(again.json["errors"])) == (409, ["email"])
    taken = acme.api().patch(f"/api/v1/users/{acme.users['bob']}", json={"email": "erin@acme.example"})
    assert (taken.status_code, list(taken.json["errors"])) == (409, ["email"])


@pytest.mark.parametrize(("method", "path", "body"), [
    ("put", "/password", {"password": "bob was here 123"}),
    ("patch", "", {"email": "bob@evil.example"}),
    ("patch", "", {"name": "Nobody"}),
    ("put", "/roles", {"role_ids": []}),
    ("post", "/deactivate", None),
    ("delete", "/totp", None),
    ("delete", "", None),
])  # fmt: skip
def test_a_manager_cannot_take_over_or_harm_an_administrator(desk: World, method: str, path: str, body: Any) -> None:
    url = f"/api/v1/users/{desk.users['alice']}{path}"
    answer = getattr(desk.api("bob"), method)(url, json=body)
    assert (answer.status_code, answer.json["code"]) == (403, "rank_too_low")
    alice = desk.api().get(f"/api/v1/users/{desk.users['alice']}").json
    assert (alice["name"], alice["active"], [one["name"] for one in alice["roles"]]) == ("Alice", True, ["Admin"])


def test_a_manager_cannot_make_an_administrator_of_anybody(desk: World) -> None:
    admin = _role(desk, "admin")
    assert _add(desk, "bob", role_ids=[admin]).status_code == 403
    mine = desk.api("bob").put(f"/api/v1/users/{desk.users['bob']}/roles", json={"role_ids": [admin]})
    assert (mine.status_code, mine.json["code"]) == (403, "permission_denied")
    assert _add(desk, "bob", role_ids=[_role(desk, "manager")]).status_code == 201


def test_a_narrow_key_of_an_administrator_cannot_set_the_administrators_password(acme: World) -> None:
    made = acme.api().post("/api/v1/api-keys", json={"name": "HR", "scopes": ["user.manage", "user.read"]}).json
    program = acme.app.test_client()
    program.environ_base["HTTP_X_API_KEY"] = made["key"]
    url = f"/api/v1/users/{acme.users['alice']}"
    assert program.patch(url, json={"email": "x@evil.example"}).json["code"] == "rank_too_low"
    assert program.put(f"{url}/password", json={"password": "taken over 123"}).status_code in (403, 422)


def test_the_last_administrator_stays(acme: World) -> None:
    url = f"/api/v1/users/{acme.users['alice']}"
    for answer in (acme.api().post(f"{url}/deactivate"), acme.api().delete(url),
                   acme.api().put(f"{url}/roles", json={"role_ids": []})):  # fmt: skip
        assert (answer.status_code, answer.json["code"]) == (422, "last_admin")


def test_a_new_password_and_deactivation_close_sessions(acme: World) -> None:
    browser = acme.client("bob")
    assert browser.get("/tickets").status_code == 200
    url = f"/api/v1/users/{acme.users['bob']}"
    assert acme.api().put(f"{url}/password", json={"password": "a fresh one 123"}).status_code == 204
    assert browser.get("/tickets").status_code in (302, 303)
    key = acme.api("bob")
    assert acme.api().post(f"{url}/deactivate").json["active"] is False
    assert key.get("/api/v1/tickets").status_code == 401
    with acme.call() as ctx:
        assert ctx.session.query(SessionRow).filter(SessionRow.user_id == acme.users["bob"]).count() == 0


def test_a_user_who_looks_after_clients_is_not_deleted(acme: World) -> None:
    user = _add(acme).json["id"]
    acme.api().post("/api/v1/clients", json={"name": "Contoso", "account_manager_id": user})
    refused = acme.api().delete(f"/api/v1/users/{user}")
    assert (refused.status_code, refused.json["alternatives"]) == (409, ["deactivate"])


def test_a_role_is_made_narrowed_and_deleted(acme: World) -> None:
    role = acme.api().post("/api/v1/roles", json={"name": "Reader", "permissions": ["client.read", "ticket.read"]})
    assert role.status_code == 201, role.json
    url = f"/api/v1/roles/{role.json['id']}"
    etag = {"If-Match": role.headers["ETag"]}
    narrowed = acme.api().patch(url, json={"name": "Client reader", "permissions": ["client.read"]}, headers=etag)
    assert (narrowed.json["name"], narrowed.json["permissions"]) == ("Client reader", ["client.read"])
    assert acme.api().patch(url, json={"name": "Late"}, headers=etag).status_code == 412
    unknown = acme.api().patch(url, json={"permissions": ["cats.feed"]})
    assert (unknown.status_code, list(unknown.json["errors"])) == (422, ["permissions"])
    erin = _add(acme, role_ids=[role.json["id"]]).json["id"]
    assert acme.api().delete(url).json["code"] == "still_in_use"
    acme.api().put(f"/api/v1/users/{erin}/roles", json={"role_ids": []})
    assert acme.api().delete(url).status_code == 204


def test_starting_roles_stay_and_everything_stays_everything(acme: World) -> None:
    admin, technician = _role(acme, "admin"), _role(acme, "technician")
    assert acme.api().delete(f"/api/v1/roles/{technician}").json["code"] == "refused"
    assert acme.api().patch(f"/api/v1/roles/{admin}", json={"permissions": ["client.read"]}).status_code == 422


def test_leads_are_members_and_what_is_not_said_stays(acme: World) -> None:
    bob, carol = str(acme.users["bob"]), str(acme.users["carol"])
    team = acme.api().post("/api/v1/teams", json={"name": "Service desk", "members": [bob], "leads": [carol]}).json
    assert [(one["name"], one["is_lead"]) for one in team["members"]] == [("Bob", False), ("Carol", True)]
    url = f"/api/v1/teams/{team['id']}"
    fewer = acme.api().patch(url, json={"members": [bob]}).json
    assert [one["name"] for one in fewer["members"]] == ["Bob"]
    assert acme.api().post("/api/v1/teams", json={"name": "Service desk"}).status_code == 409
    assert acme.api().patch(url, json={"members": [str(uuid4())]}).json["code"] == "user_not_found"
    assert acme.api().delete(url).status_code == 204


def test_beta_meets_none_of_acmes_people(acme: World, beta: World) -> None:
    answers = [beta.api().get(f"/api/v1/users/{one}") for one in (acme.users["bob"], uuid4())]
    assert {(one.status_code, one.json["code"], one.json["detail"]) for one in answers} == {
        (404, "user_not_found", "There is no user with this id.")
    }
    stolen = beta.api().put(f"/api/v1/users/{beta.users['bob']}/roles", json={"role_ids": [_role(acme, "technician")]})
    assert (stolen.status_code, stolen.json["code"]) == (404, "role_not_found")


def test_every_change_of_a_user_is_in_the_audit_trail(acme: World) -> None:
    erin = _add(acme).json["id"]
    url = f"/api/v1/users/{erin}"
    acme.api().patch(url, json={"billing_role": "engineer"})
    acme.api().put(f"{url}/password", json={"password": "something new 1"})
    acme.api().put(f"{url}/roles", json={"role_ids": [_role(acme, "finance")]})
    entries = acme.api().get(f"/api/v1/audit-entries?kind=user&row_id={erin}").json["items"]
    assert [one["action"] for one in entries] == ["user.roles_set", "user.password_set", "user.changed", "user.added"]
    assert "something new" not in str(entries)


def test_mallory_sees_nobody_and_technicians_change_nobody(acme: World) -> None:
    assert acme.api("mallory").get("/api/v1/users").status_code == 403
    assert acme.api("bob").get("/api/v1/users?q=car").json["items"][0]["name"] == "Carol"
    assert _add(acme, "bob").json["permission"] == "user.manage"
    assert PASSWORD not in acme.api("bob").get("/api/v1/users").text
