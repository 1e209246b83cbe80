"""Teams and users from files and from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli import main
from kernel.config import Settings
from kernel.hookspecs.transfer import ImportRow
from plugins.admin.importers import load_users
from plugins.imports.refs import StoredRefs
from tests.conftest import World
from tests.files import load_files

TEAMS = "external_id,name\nT-1,Service desk\n"
USERS = """external_id,full_name,email,role,billing_role,team,team_lead,active
U-1,Erin Eder,erin@acme.example,technician,senior engineer,T-1,yes,yes
U-2,Frank Falk,frank@acme.example,finance,,,no,no
"""


def _users(world: World) -> dict[str, Any]:
    return {one["email"]: one for one in world.api().get("/api/v1/users?limit=200").json["items"]}


def test_a_company_brings_its_people_and_brings_them_again(acme: World) -> None:
    for _ in range(2):
        done = load_files(acme, teams=TEAMS, users=USERS)
        assert (done["state"], done["errors"]) == ("done", [])
    erin, frank = _users(acme)["erin@acme.example"], _users(acme)["frank@acme.example"]
    assert (erin["roles"], erin["billing_role"], erin["has_password"]) == (["Technician"], "senior engineer", False)
    assert (frank["active"], frank["roles"]) == (False, ["Finance"])
    (team,) = acme.api().get("/api/v1/teams").json["items"]
    assert [(one["name"], one["is_lead"]) for one in team["members"]] == [("Erin Eder", True)]


def test_people_whom_the_tenant_has_are_met_by_their_address(acme: World) -> None:
    address = f"bob@{acme.tenant.slug}.example"
    done = load_files(acme, users=f"external_id,full_name,email,role\nU-9,Bob Brandt,{address.upper()},technician\n")
    assert done["state"] == "done"
    bob = acme.api().get(f"/api/v1/users/{acme.users['bob']}").json
    assert (bob["name"], bob["has_password"]) == ("Bob Brandt", True)


def test_two_people_with_one_address_are_refused_at_the_column(acme: World) -> None:
    done = load_files(acme, teams=TEAMS, users=USERS.replace("frank@acme.example", "erin@acme.example"))
    assert done["state"] == "refused"
    assert {(one["line"], one["column"]) for one in done["errors"]} >= {(3, "email")}


def test_the_last_administrator_is_not_imported_away(acme: World) -> None:
    address = f"alice@{acme.tenant.slug}.example"
    load_files(acme, users=f"external_id,full_name,email,role,active\nU-1,Alice,{address},admin,no\n")
    assert _users(acme)[address]["active"] is True


def test_a_manager_loads_no_administrator_and_moves_no_administrators_address(acme: World) -> None:
    manager = next(one["id"] for one in acme.api().get("/api/v1/roles").json["items"] if one["key"] == "manager")
    acme.api().put(f"/api/v1/users/{acme.users['bob']}/roles", json={"role_ids": [manager]})
    row = {"full_name": "X", "billing_role": None, "team": None, "team_lead": None, "active": None}
    rows = [
        ImportRow(2, "U-1", row | {"email": "new@acme.example", "role": "admin"}),
        ImportRow(3, "U-2", row | {"email": "mine@acme.example", "role": "technician"}),
    ]
    with acme.call() as ctx:
        StoredRefs(ctx).remember("user", {"U-2": acme.users["alice"]})
    with acme.call("bob") as ctx:
        errors = load_users(ctx, rows, StoredRefs(ctx))
    assert [(one.line, one.column) for one in errors] == [(2, "role"), (3, "email")]
    assert "mine@acme.example" not in _users(acme)


@pytest.fixture
def run(acme: World, settings: Settings) -> Callable[..., Result]:
    """Runs `deskhand user …` for Acme."""
    environment = {f"DESKHAND_{one.name.upper()}": str(getattr(settings, one.name)) for one in fields(settings)}
    return lambda *words: CliRunner().invoke(main, ["user", *words, "--tenant", acme.tenant.slug], env=environment)


def test_a_user_is_added_and_signs_in_with_a_password_from_the_command_line(acme: World, run: Callable[..., Result]) -> None:
    added = run("add", "erin@acme.example", "--name", "Erin", "--role", "technician")
    assert (added.exit_code, "set a password" in added.output) == (0, True), added.output
    assert run("password", "erin@acme.example", "--password", "four candles please").exit_code == 0
    login = {"tenant": acme.tenant.slug, "email": "erin@acme.example", "password": "four candles please"}
    assert acme.app.test_client().post("/login", data=login).status_code == 303
    listed = json.loads(run("list", "--json").output)
    assert {"name": "Erin", "email": "erin@acme.example", "active": True, "roles": ["Technician"]} in listed
    assert "erin@acme.example" in run("list").output


def test_the_command_line_says_no_in_one_sentence(acme: World, run: Callable[..., Result]) -> None:
    for words, said in (
        (("add", "nobody", "--name", "N"), "email"),
        (("add", "n@acme.example", "--name", "N", "--role", "wizard"), "wizard"),
        (("add", "n@acme.example", "--name", "N", "--password", "short"), "password"),
        (("password", "n@acme.example", "--password", "long enough 123"), "No user has the address"),
        (("password", f"alice@{acme.tenant.slug}.example", "--password", "taken over 123",
          "--as", f"bob@{acme.tenant.slug}.example"), "user.manage"),
    ):  # fmt: skip
        refused = run(*words)
        assert (refused.exit_code, said in refused.output) == (1, True), refused.output
