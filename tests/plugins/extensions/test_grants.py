"""Grants with values: an extension may ask the hosts that Alice ticked, and no other."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner

from cli import main
from kernel.config import Settings
from kernel.errors import NotFound
from plugins.extensions.installs import grants
from tests.conftest import World
from tests.extensions.conftest import answering_guest, wat_guest
from tests.extensions.room_stage import API, install, publish
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


def test_consent_is_given_to_what_was_looked_at(acme: World) -> None:
    """Between Alice's look and her click a colleague chooses another version, which opens a door to the outside."""
    installed = acme.api().post(INSTALLS, json={"release_id": publish(acme, polite(), wat_guest("polite"))["id"]}).json
    here, alice = f"{INSTALLS}/{installed['id']}", acme.client()
    seen = publish(acme, fetching("a.example", version="2.0.0"), wat_guest("polite"))
    acme.api().post(f"{here}/upgrade", json={"release_id": seen["id"]})
    form = f"/extensions/{installed['id']}/consent"
    page = alice.get(form).text
    assert f'name="release_id" value="{seen["id"]}"' in page
    assert page.count("New</span>") == 2, "the capability and its host are marked as new"
    assert "Not signed" in page
    other = publish(acme, fetching("a.example", "evil.example", version="3.0.0"), wat_guest("polite"))
    acme.api().post(f"{here}/upgrade", json={"release_id": other["id"]})
    sent = alice.post(form, data={"grants": FETCH, "values": f"{FETCH} hosts a.example", "release_id": seen["id"]})
    for words in ("Meanwhile another version was chosen.", "evil.example", f'name="release_id" value="{other["id"]}"'):
        assert words in sent.text
    body = {"grants": [FETCH], "release_id": seen["id"]}
    assert acme.api().post(f"{here}/consent", json=body).json["code"] == "other_release_waits"
    assert hosts_of(acme, installed["id"]) is None
    served = acme.api().post(f"{here}/consent", json=body | {"release_id": other["id"]})
    assert (served.json["semver"], hosts_of(acme, installed["id"])) == ("3.0.0", ["a.example", "evil.example"])


def test_a_hook_that_fails_in_another_way_awaits_consent(acme: World) -> None:
    def answering(version: str, mode: str) -> dict[str, Any]:
        hooks = [{"name": "collect_charges", "on_failure": mode}]
        return publish(acme, polite(version=version, hooks=hooks), answering_guest())

    installed = acme.api().post(INSTALLS, json={"release_id": answering("1.0.0", "open")["id"]}).json
    upgrade = {"release_id": answering("2.0.0", "closed")["id"]}
    waiting = acme.api().post(f"{INSTALLS}/{installed['id']}/upgrade", json=upgrade).json
    assert waiting["state"] == "awaiting_consent", "one that may hold up all billing is more than one that may not"


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


def test_consenting_on_the_command_line_takes_nothing_away(acme: World, settings: Settings, monkeypatch: Any) -> None:
    monkeypatch.setenv("DESKHAND_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("DESKHAND_DATA_DIR", str(settings.data_dir))

    def ext(*words: str) -> str:
        return CliRunner().invoke(main, ["ext", *words, "--tenant", acme.tenant.slug]).output

    def release(version: str, *more: str) -> None:
        capabilities = [{"name": FETCH, "hosts": ["a.example", "b.example"]}, *more]
        publish(acme, polite(version=version, capabilities=capabilities), wat_guest("polite"))

    release("1.0.0")
    ext("install", NAME, "--grant", f"{FETCH}=a.example")
    release("2.0.0", "cap:ticket.read")
    assert "is active" in ext("install", NAME, "--grant", "cap:ticket.read")
    [installed] = acme.api().get(INSTALLS).json["items"]
    shown = acme.api().get(f"{INSTALLS}/{installed['id']}").json
    assert {FETCH, "cap:ticket.read"} <= {one["capability"] for one in shown["grants"]}
    assert hosts_of(acme, installed["id"]) == ["a.example"]


def test_what_is_asked_with_the_beginning_of_a_transaction_sees_the_tenants_own_rows_only(acme: World, beta: World) -> None:
    counted = "select count(*)::text from extensions_installs"
    install(acme, publish(acme, polite(), wat_guest("polite")))
    for world, rows in ((acme, "1"), (beta, "0"), (acme, "1")):
        with world.kernel.call(world.tenant_id, also=counted) as ctx:
            assert (ctx.session.info["also"], ctx.tenant.id) == (rows, world.tenant_id)
    with acme.call() as ctx:
        assert ctx.session.info["also"] == ""
    with pytest.raises(NotFound), acme.kernel.call(UUID(int=7), also=counted):
        pass


def open_ended(*hosts: str, **changes: Any) -> dict[str, Any]:
    named = {"hosts": list(hosts)} if hosts else {}
    return polite(capabilities=[{"name": FETCH, "more_hosts": True, **named}], **changes)


def test_who_installs_names_hosts_that_the_author_cannot_know(acme: World) -> None:
    release, alice = publish(acme, open_ended("a.example"), wat_guest("polite")), acme.client()
    form = f"/extensions/releases/{release['id']}/install"
    assert "Other hosts that it may reach" in alice.get(form).text
    ticked = {"grants": ["", FETCH], "values": ["", f"{FETCH} hosts a.example"]}
    for odd in ("127.0.0.1", "localhost", "https://files.example", "[::1]", "files.example/x"):
        refused = alice.post(form, data=ticked | {"hosts": odd})
        assert (refused.status_code, "is no host" in refused.text) == (422, True), odd
    assert alice.post(form, data={"grants": "", "values": "", "hosts": "files.example"}).status_code == 422
    sent = alice.post(form, data=ticked | {"hosts": "Files.example, b.example a.example"})
    assert sent.status_code == 303, sent.text
    install_id = sent.location.rsplit("/", 1)[1]
    assert hosts_of(acme, install_id) == ["a.example", "files.example", "b.example"]
    assert "files.example" in alice.get(f"/extensions/{install_id}").text
    here = f"{INSTALLS}/{install_id}"
    refused = acme.api().post(f"{here}/grants", json={"capability": FETCH, "parameters": {"hosts": ["10.0.0.1"]}})
    assert refused.json["code"] == "grant_not_asked"
    many = {"capability": FETCH, "parameters": {"hosts": [f"h{number}.example" for number in range(21)]}}
    assert acme.api().post(f"{here}/grants", json=many).status_code == 422


def test_named_hosts_stay_until_a_version_takes_none_and_asking_for_them_needs_consent(acme: World) -> None:
    narrow = publish(acme, fetching("a.example"), wat_guest("polite"))
    here = f"{INSTALLS}/{acme.api().post(INSTALLS, json={'release_id': narrow['id'], 'grants': [FETCH]}).json['id']}"
    wide = publish(acme, open_ended(version="2.0.0"), wat_guest("polite"))
    waiting = acme.api().post(f"{here}/upgrade", json={"release_id": wide["id"]})
    assert waiting.json["state"] == "awaiting_consent"
    named = {"grants": [FETCH], "parameters": {FETCH: {"hosts": ["files.example"]}}}
    served = acme.api().post(f"{here}/consent", json=named)
    assert (served.status_code, hosts_of(acme, served.json["id"])) == (200, ["files.example"]), served.json
    again = publish(acme, open_ended("b.example", version="2.0.1"), wat_guest("polite"))
    acme.api().post(f"{here}/upgrade", json={"release_id": again["id"]})
    assert hosts_of(acme, served.json["id"]) == ["files.example"]
    acme.api().post(f"{here}/decline")
    offline = publish(acme, polite(version="3.0.0"), wat_guest("polite"))
    assert acme.api().post(f"{here}/upgrade", json={"release_id": offline["id"]}).json["semver"] == "3.0.0"
    assert hosts_of(acme, served.json["id"]) is None
