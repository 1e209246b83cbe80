"""Plugins, settings, jobs, schedules, the audit trail, the company; and every page of administration."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from kernel.jobs import Job, drain, enqueue
from kernel.jobs.schedules import add_schedule
from tests.conftest import World


def _some_job(world: World) -> str:
    """Any kind of job that an installed plugin registers; it is not run here."""
    return sorted(world.kernel.jobs)[0]


def test_a_plugin_goes_off_with_what_needs_it_and_beta_keeps_it(acme: World, beta: World) -> None:
    off = acme.api().post("/api/v1/plugins/tickets/disable").json
    assert "tickets" in off["changed"]
    assert acme.api().get("/api/v1/tickets").json["code"] == "plugin_not_enabled"
    assert acme.client().get("/tickets").status_code == 404
    assert 'href="/tickets"' not in acme.client().get("/users").text
    assert beta.api().get("/api/v1/tickets").status_code == 200
    shown = next(one for one in acme.api().get("/api/v1/plugins").json["items"] if one["name"] == "tickets")
    assert shown["enabled"] is False
    assert acme.api().post("/api/v1/plugins/tickets/enable").json == {"enabled": True, "changed": ["tickets"]}
    assert acme.api().get("/api/v1/tickets").status_code == 200


def test_what_every_tenant_needs_stays_on(acme: World) -> None:
    refused = acme.api().post("/api/v1/plugins/admin/disable")
    assert (refused.status_code, refused.json["code"]) == (422, "refused")
    assert acme.api().post("/api/v1/plugins/nonsense/enable").status_code == 404
    assert acme.api("carol").post("/api/v1/plugins/tickets/disable").status_code == 403


def test_the_page_names_what_goes_along(acme: World) -> None:
    page = acme.client().get("/plugins").text
    assert "These need it and go off too" in page
    assert acme.client().post("/plugins/timesheets/disable").status_code == 303
    assert "/plugins/timesheets/enable" in acme.client().get("/plugins").text


def test_settings_are_a_form_made_from_the_plugins_schema(acme: World) -> None:
    browser = acme.client()
    assert 'name="self_approval"' in browser.get("/plugins/timesheets/settings").text
    assert browser.post("/plugins/timesheets/settings", data={"self_approval": "true"}).status_code == 303
    assert acme.api().get("/api/v1/plugins/timesheets/settings").json == {"settings": {"self_approval": True}}
    long = browser.post("/plugins/tax/settings", data={"tax_id": "X" * 100, "reverse_charge_note": ""})
    assert long.status_code == 422
    assert "X" * 100 in long.text
    wrong = acme.api().patch("/api/v1/plugins/tax/settings", json={"settings": {"moon": 1}})
    assert (wrong.status_code, list(wrong.json["errors"])) == (422, ["moon"])
    assert browser.get("/plugins/admin/settings").status_code == 404


def test_a_job_is_looked_at_cancelled_and_tried_again(acme: World) -> None:
    with acme.call() as ctx:
        job_id = enqueue(ctx, _some_job(acme), {"note": "for the books"})
    url = f"/api/v1/jobs/{job_id}"
    assert [one["id"] for one in acme.api().get("/api/v1/jobs?state=queued").json["items"]] == [str(job_id)]
    assert acme.api().post(f"{url}/cancel").json["state"] == "cancelled"
    assert acme.api().post(f"{url}/cancel").json["code"] == "job_ended"
    assert acme.api().post(f"{url}/retry").json["state"] == "queued"
    states = [one["state"] for one in acme.api().get(f"{url}/history").json["items"]]
    assert states == ["queued", "cancelled", "queued"]
    assert acme.api("bob").get(url).status_code == 403
    page = acme.client().get(f"/jobs/{job_id}").text
    assert "for the books" in page
    assert acme.api().get(f"/api/v1/jobs/{uuid4()}").json["code"] == "job_not_found"


def test_a_schedule_is_moved_switched_and_run_now(acme: World) -> None:
    with acme.call() as ctx:
        schedule_id = add_schedule(ctx, name="Night watch", job=_some_job(acme), cron="0 3 * * *").id
    url = f"/api/v1/schedules/{schedule_id}"
    moved = acme.api().patch(url, json={"cron": "30 2 * * *", "zone": "Europe/Vienna"}).json
    assert (moved["next_run_at"], moved["zone"]) == ("2026-10-02T00:30:00+00:00", "Europe/Vienna")
    wrong = acme.api().patch(url, json={"cron": "often"})
    assert (wrong.status_code, list(wrong.json["errors"])) == (422, ["cron"])
    assert acme.client().post(f"/schedules/{schedule_id}/switch").status_code == 303
    assert acme.api().get(url).json["next_run_at"] is None
    queued = acme.api().post(f"{url}/run")
    assert queued.status_code == 202
    with acme.call() as ctx:
        job = ctx.session.scalars(select(Job).where(Job.id == queued.json["job_id"])).one()
        assert (job.kind, job.actor_kind) == (_some_job(acme), "system")


def test_the_audit_trail_is_filtered_by_who_what_and_when(acme: World) -> None:
    client = acme.api("alice").post("/api/v1/clients", json={"name": "Contoso"}).json["id"]
    acme.api().patch(f"/api/v1/clients/{client}", json={"phone": "+49 30 1"})
    url = "/api/v1/audit-entries"
    rows = acme.api().get(f"{url}?row_id={client}").json["items"]
    assert [one["action"] for one in rows] == ["client.changed", "client.added"]
    assert rows[0]["changes"] == {"phone": "+49 30 1"}
    assert acme.api().get(f"{url}?action=client.added&kind=client").json["items"][0]["label"] == "Contoso"
    assert acme.api().get(f"{url}?occurred_at__gte=2026-10-02T00:00:00Z").json["items"] == []
    assert acme.api("bob").get(url).status_code == 403
    page = acme.client().get("/audit?kind=client&occurred_at__gte=2026-10-01").text
    assert f'href="/clients/{client}"' in page


def test_the_company_moves_to_vienna(acme: World) -> None:
    changed = acme.api().patch("/api/v1/tenant", json={"name": "Acme Vienna", "zone": "Europe/Vienna", "currency": "CHF"})
    assert (changed.json["name"], changed.json["zone"], changed.json["currency"]) == ("Acme Vienna", "Europe/Vienna", "CHF")
    assert acme.api().patch("/api/v1/tenant", json={"zone": "Mars/Base"}).json["errors"].keys() == {"zone"}
    assert acme.api().patch("/api/v1/tenant", json={"currency": "ZZZ"}).json["errors"].keys() == {"currency"}
    assert acme.api("bob").patch("/api/v1/tenant", json={"name": "Bob's"}).status_code == 403
    form = {"name": "Acme", "zone": "Europe/Berlin", "currency": "EUR", "locale": "en"}
    assert acme.client().post("/company", data=form).status_code == 303


@pytest.mark.parametrize("path", [
    "/users", "/users/new", "/users.csv", "/users?q=bob&active=true&sort=-last_login_at", "/roles", "/roles/new", "/teams",
    "/teams/new", "/me", "/me/edit", "/me/password", "/me/totp/new", "/me/totp/disable", "/plugins", "/api-keys",
    "/api-keys?everyone=true", "/api-keys/new", "/jobs", "/jobs?state=failed", "/schedules", "/audit", "/company",
])  # fmt: skip
def test_every_page_opens_without_inline_styles_or_scripts(acme: World, path: str) -> None:
    answer = acme.client().get(path)
    assert answer.status_code == 200, answer.text
    assert " style=" not in answer.text
    assert "onclick" not in answer.text


def test_users_roles_and_teams_by_page(acme: World) -> None:
    browser = acme.client()
    role = browser.post("/roles/new", data={"name": "Reader", "permissions": ["", "client.read"]})
    assert role.status_code == 303, role.text
    role_page = browser.get(role.location)
    assert "See clients" in role_page.text
    form: dict[str, Any] = {"name": "Erin", "email": "erin@acme.example", "password": "", "billing_role": "", "locale": "",
                            "role_ids": ["", role.location.rsplit("/", 1)[1]]}  # fmt: skip
    erin = browser.post("/users/new", data=form)
    assert erin.status_code == 303, erin.text
    assert "No password yet" in browser.get(erin.location).text
    assert browser.post("/users/new", data=form).status_code == 422
    edited = browser.post(f"{erin.location}/edit", data=form | {"name": "Erin E.", "row_version": "1", "role_ids": ""})
    assert edited.status_code == 303, edited.text
    assert "Without a role" in browser.get(erin.location).text
    assert browser.post(f"{erin.location}/password", data={"password": "four candles please"}).status_code == 303
    team = browser.post("/teams/new", data={"name": "Desk", "members": ["", erin.location.rsplit("/", 1)[1]], "leads": ""})
    assert "Erin E." in browser.get(team.location).text
    for url in (f"{role.location}/edit", f"{team.location}/edit", f"{erin.location}/edit", f"{erin.location}/password"):
        assert browser.get(url).status_code == 200
    made = browser.post("/api-keys/new", data={"name": "Cron", "expires_at": "", "scopes": ["", "client.read"]})
    assert "dhk_" in made.text
    assert "dhk_" not in browser.get("/api-keys").text


def test_the_page_of_a_higher_user_offers_nothing(acme: World) -> None:
    manager = next(one["id"] for one in acme.api().get("/api/v1/roles").json["items"] if one["key"] == "manager")
    acme.api().put(f"/api/v1/users/{acme.users['bob']}/roles", json={"role_ids": [manager]})
    page = acme.client("bob").get(f"/users/{acme.users['alice']}").text
    assert "This user may do more than you" in page
    assert "Set password" not in page


def test_cancelled_work_is_left_alone(acme: World) -> None:
    with acme.call() as ctx:
        job_id = enqueue(ctx, _some_job(acme))
    acme.api().post(f"/api/v1/jobs/{job_id}/cancel")
    drain(acme.kernel, acme.tenant_id)
    assert acme.api().get(f"/api/v1/jobs/{job_id}").json["state"] == "cancelled"
