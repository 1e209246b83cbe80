"""Grants with values: an extension may ask the hosts that Alice ticked, and no other."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from click.testing import CliRunner

from cli import main
from kernel.config import Settings
from plugins.extensions.installs import grants
from tests.conftest import World
from tests.extensions.conftest import wat_guest
from tests.extensions.room_stage import API, publish
from tests.plugins.extensions.test_installing import INSTALLS, polite

FETCH = "cap:http.fetch"
NAME = "org.example.polite"


def fetching(*hosts: str, **changes: Any) -> dict[str, Any]:
    return polite(capabilities=[{"name": FETCH, "hosts": list(hosts)}], **changes)


def hosts_of(world: World, install_id: str) -> list[str] | None:
    with world.call() as ctx:
        held = {one.capability: one.parameters for one in grants.list_grants(ctx, UUID(install_id))}
    return held[FETCH]["hosts"] if FETCH in held else None


def test_hosts_are_granted_one_by_one_and_never_more_than_asked(acme: World) -> None:
    release = publish(acme, fetching("a.example", "b.example"), wat_guest("polite"))
    body: dict[str, Any] = {"release_id": release["id"], "grants": [FETCH], "parameters": {FETCH: {"hosts": ["evil.example"]}}}
    refused = acme.api().post(INSTALLS, json=body)
    assert (refused.status_code, refused.json["code"]) == (422, "grant_not_asked")
    unknown = acme.api().post(INSTALLS, json=body | {"parameters": {FETCH: {"ports": ["1"]}}})
    assert unknown.json["code"] == "grant_not_asked"
    installed = acme.api().post(INSTALLS, json=body | {"parameters": {FETCH: {"hosts": ["a.example"]}}}).json
    here = f"{INSTALLS}/{installed['id']}"
    assert hosts_of(acme, installed["id"]) == ["a.example"]
    more = acme.api().post(f"{here}/grants", json={"capability": FETCH, "parameters": {"hosts": ["b.example"]}})
    assert [one["parameters"] for one in more.json["grants"] if one["capability"] == FETCH] == [{"hosts": ["b.example"]}]
    acme.api().post(f"{here}/grants", json={"capability": FETCH})
    assert hosts_of(acme, installed["id"]) == ["a.example", "b.example"]
    assert acme.api().delete(f"{here}/grants/{FETCH}").status_code == 204
    assert hosts_of(acme, installed["id"]) is None


def test_a_new_host_event_hook_or_public_door_awaits_consent_and_a_lost_host_is_lost(acme: World) -> None:
    first = publish(acme, fetching("a.example", "b.example"), wat_guest("polite"))
    body = {"release_id": first["id"], "grants": [FETCH]}
    here = f"{INSTALLS}/{acme.api().post(INSTALLS, json=body).json['id']}"
    door = {"method": "POST", "path": "/hook", "auth": "public-signed"}
    wider: tuple[dict[str, Any], ...] = (
        fetching("a.example", "c.example", version="2.0.0"),
        fetching("a.example", version="2.0.1", endpoints=[*polite()["endpoints"], door]),
    )
    for manifest in wider:
        release = publish(acme, manifest, wat_guest("polite"))
        waiting = acme.api().post(f"{here}/upgrade", json={"release_id": release["id"]}).json
        assert (waiting["state"], waiting["semver"]) == ("awaiting_consent", "1.0.0")
    narrower = publish(acme, fetching("a.example", version="3.0.0"), wat_guest("polite"))
    served = acme.api().post(f"{here}/upgrade", json={"release_id": narrower["id"]}).json
    assert (served["state"], served["semver"]) == ("active", "3.0.0")
    assert hosts_of(acme, served["id"]) == ["a.example"]


def test_the_consent_screen_ticks_hosts_and_says_what_else_it_does(acme: World) -> None:
    nightly = {"name": "nightly", "cron": "0 3 * * *", "endpoint": "GET /"}
    manifest = fetching("a.example", "b.example", schedules=[nightly], endpoints=[
        *polite()["endpoints"], {"method": "POST", "path": "/hook", "auth": "public-signed"}])  # fmt: skip
    release = publish(acme, manifest, wat_guest("polite"))
    alice, form = acme.client(), f"/extensions/releases/{release['id']}/install"
    page = alice.get(form).text
    for words in ("a.example", "b.example", "It runs by itself.", "It is called by programs outside that have its secret."):
        assert words in page
    sent = alice.post(form, data={"grants": ["", FETCH], "values": ["", f"{FETCH} hosts b.example"]})
    assert sent.status_code == 303, sent.text
    assert hosts_of(acme, sent.location.rsplit("/", 1)[1]) == ["b.example"]
    assert "b.example" in alice.get(sent.location).text


def test_hosts_on_the_command_line(acme: World, settings: Settings, monkeypatch: Any) -> None:
    monkeypatch.setenv("DESKHAND_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("DESKHAND_DATA_DIR", str(settings.data_dir))
    publish(acme, fetching("a.example", "b.example"), wat_guest("polite"))

    def ext(*words: str) -> str:
        return CliRunner().invoke(main, ["ext", *words, "--tenant", acme.tenant.slug]).output

    assert "is active" in ext("install", NAME, "--grant", f"{FETCH}=a.example")
    [installed] = acme.api().get(f"{API}/extension-installs").json["items"]
    assert hosts_of(acme, installed["id"]) == ["a.example"]
    ext("grant", NAME, f"{FETCH}=b.example")
    assert hosts_of(acme, installed["id"]) == ["b.example"]
    assert "without values" in ext("grant", NAME, "cap:log.emit=x")
