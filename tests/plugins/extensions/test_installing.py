"""Alice publishes releases, installs them with what she consents to, and keeps hold of it."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from kernel.jobs import drain
from plugins.extensions.publishing import releases
from plugins.extensions.publishing.bundles import Bundle, pack_bundle
from tests.conftest import World
from tests.extensions.conftest import wat_guest
from tests.extensions.room_stage import (
    API,
    DEMO_FOLDER,
    MANUAL_INVOICE,
    PICKING,
    calls_of,
    install,
    manifest_of,
    publish,
    send_release,
)

INSTALLS = f"{API}/extension-installs"
POLITE = {
    "name": "org.example.polite", "publisher": "example", "title": "Polite", "version": "1.0.0", "runtime": "component@1",
    "endpoints": [{"method": "GET", "path": "/", "auth": "user"}],
}  # fmt: skip


def polite(**changes: Any) -> dict[str, Any]:
    return {**POLITE, **changes}


def granted(installed: dict[str, Any]) -> set[str]:
    return {one["capability"] for one in installed["grants"]}


def test_a_release_is_inspected_compiled_and_ready(acme: World, demo_wasm: bytes) -> None:
    release = publish(acme, manifest_of(DEMO_FOLDER), demo_wasm)
    assert (release["state"], release["problem"]) == ("ready", None)
    assert release["inspection"]["capabilities"] == [
        "cap:client.read", "cap:config.read", "cap:context.read", MANUAL_INVOICE, "cap:log.emit", "cap:service.read",
        "cap:storage.kv", "cap:user.read",
    ]  # fmt: skip


def test_calling_through_the_gateway(acme: World, demo_wasm: bytes) -> None:
    installed = install(acme, publish(acme, manifest_of(DEMO_FOLDER), demo_wasm), MANUAL_INVOICE, defaultDescription="Hi")
    answer = acme.client("bob").get(installed["url"])
    assert answer.status_code == 200, answer.text
    assert (answer.json["install"], answer.json["defaultDescription"]) == (installed["id"], "Hi")
    [call] = calls_of(acme, installed)
    assert (call["status"], call["trap"], call["actor_name"], call["endpoint"]) == (200, None, "Bob", "GET /")
    assert [one["name"] for one in call["host_calls"]] == ["context.current", "config.get"]


def test_an_import_that_the_manifest_does_not_ask_for_is_refused_by_name(acme: World, demo_wasm: bytes) -> None:
    release = publish(acme, manifest_of(DEMO_FOLDER, capabilities=list(PICKING)), demo_wasm)
    assert (release["state"], release["problem"]["code"]) == ("refused", "undeclared_import")
    assert MANUAL_INVOICE in release["problem"]["detail"]
    refused = acme.api().post(INSTALLS, json={"release_id": release["id"]})
    assert (refused.status_code, refused.json["code"]) == (409, "release_not_ready")
    mended = publish(acme, manifest_of(DEMO_FOLDER), demo_wasm)
    assert (mended["id"], mended["state"], mended["problem"]) == (release["id"], "ready", None)


def test_what_is_no_component_or_no_manifest_is_refused_at_once(acme: World) -> None:
    assert send_release(acme, polite(), b"\0asm\1\0\0\0").json["code"] == "not_a_component"
    answer = send_release(acme, polite(capabilities=["cap:bank.rob"], version="1"), wat_guest("polite"))
    assert (answer.status_code, answer.json["code"], list(answer.json["errors"])) == (422, "manifest_refused", ["version"])
    for noise in ("not base64!", "é"):
        answer = acme.api().post(f"{API}/extension-releases", json={"bundle": noise})
        assert list(answer.json["errors"]) == ["bundle"]
    assert acme.api().post(f"{API}/extension-releases", json={"bundle": "eA=="}).json["code"] == "bundle_refused"


def test_a_published_version_never_changes(acme: World) -> None:
    wasm = wat_guest("polite")
    first = publish(acme, polite(), wasm)
    assert send_release(acme, polite(), wasm).json["id"] == first["id"]
    for manifest, other in ((polite(title="Rude"), wasm), (polite(), wat_guest("odd_status"))):
        answer = send_release(acme, manifest, other)
        assert (answer.status_code, answer.json["code"]) == (409, "release_published")


def test_what_was_compiled_says_nothing_of_what_was_published_meanwhile(acme: World, demo_wasm: bytes) -> None:
    """A command and a worker compile the same version; it is refused and published anew before the second one is done."""
    release_id = UUID(send_release(acme, polite(), wat_guest("polite")).json["id"])
    moments = iter(("look", "write down"))

    def open_call() -> Any:
        if next(moments, None) == "write down":
            with acme.call() as ctx:
                release = releases.get_release(ctx, release_id)
                release.state, release.problem = "refused", {"code": "compile_limit_exceeded"}
            with acme.call() as ctx:
                releases.publish_release(ctx, pack_bundle(Bundle(json.dumps(polite()).encode(), demo_wasm, {})))
        return acme.kernel.call(acme.tenant_id)

    assert releases.compile_release(open_call, release_id) == "refused"
    known = acme.api().get(f"{API}/extension-releases/{release_id}").json
    assert known["problem"]["code"] == "undeclared_import"


def test_releases_and_installs_of_another_tenant_are_like_random_ones(acme: World, beta: World) -> None:
    release = publish(acme, polite(), wat_guest("polite"))
    installed = install(acme, release)
    beta_api = beta.api()
    assert beta_api.get(f"{API}/extension-releases/{release['id']}").json["code"] == "release_not_found"
    assert beta_api.post(INSTALLS, json={"release_id": release["id"]}).json["code"] == "release_not_found"
    for verb in ("disable", "enable", "decline"):
        assert beta_api.post(f"{INSTALLS}/{installed['id']}/{verb}").json["code"] == "install_not_found"
    assert beta_api.get(f"{API}/extension-invocations").json["items"] == []
    assert publish(beta, polite(title="Beta's own"), wat_guest("polite"))["state"] == "ready"


def test_an_extension_is_installed_once_and_gets_what_it_asks_for_at_most(acme: World) -> None:
    release = publish(acme, polite(), wat_guest("polite"))
    greedy = acme.api().post(INSTALLS, json={"release_id": release["id"], "grants": [MANUAL_INVOICE]})
    assert (greedy.status_code, greedy.json["code"]) == (422, "grant_not_asked")
    installed = install(acme, release)
    assert granted(installed) == {"cap:context.read", "cap:log.emit", "cap:config.read", "cap:user.read"}
    again = acme.api().post(INSTALLS, json={"release_id": release["id"]})
    assert (again.status_code, again.json["code"]) == (409, "extension_installed")
    assert acme.api().post(f"{INSTALLS}/{installed['id']}/grants", json={"capability": MANUAL_INVOICE}).status_code == 422


def test_a_version_that_asks_for_more_waits_while_the_old_one_serves(acme: World) -> None:
    installed = install(acme, publish(acme, polite(), wat_guest("polite")))
    wider = publish(acme, polite(version="1.1.0", capabilities=[MANUAL_INVOICE]), wat_guest("polite"))
    api, here = acme.api(), f"{INSTALLS}/{installed['id']}"
    waiting = api.post(f"{here}/upgrade", json={"release_id": wider["id"]}).json
    assert (waiting["state"], waiting["semver"], waiting["pending_release_id"]) == ("awaiting_consent", "1.0.0", wider["id"])
    assert api.get(installed["url"]).text == "ok"
    assert calls_of(acme, installed)[0]["semver"] == "1.0.0"
    assert api.post(f"{here}/decline").json["state"] == "active"
    api.post(f"{here}/upgrade", json={"release_id": wider["id"]})
    serving = api.post(f"{here}/consent", json={"grants": [MANUAL_INVOICE]}).json
    assert (serving["state"], serving["semver"], serving["not_granted"]) == ("active", "1.1.0", [])
    assert MANUAL_INVOICE in granted(serving)
    assert api.post(f"{here}/consent", json={"grants": []}).json["code"] == "nothing_to_consent"


def test_going_back_to_a_version_that_asks_for_less_takes_its_grants_away(acme: World) -> None:
    old = publish(acme, polite(), wat_guest("polite"))
    new = publish(acme, polite(version="2.0.0", capabilities=[MANUAL_INVOICE]), wat_guest("polite"))
    installed = install(acme, new, MANUAL_INVOICE)
    back = acme.api().post(f"{INSTALLS}/{installed['id']}/upgrade", json={"release_id": old["id"]}).json
    assert (back["semver"], back["state"], MANUAL_INVOICE in granted(back)) == ("1.0.0", "active", False)


def test_settings_are_sealed_in_the_database(acme: World) -> None:
    from sqlalchemy import select

    from plugins.extensions.models import Install

    installed = install(acme, publish(acme, polite(), wat_guest("polite")), token="s3cr3t-token")
    assert installed["config_keys"] == ["token"]
    with acme.call() as ctx:
        sealed = ctx.session.scalars(select(Install.config)).one()
    assert b"s3cr3t-token" not in sealed
    changed = acme.api().patch(f"{INSTALLS}/{installed['id']}", json={"config": {"color": "green"}})
    assert changed.json["config_keys"] == ["color"]
    long = acme.api().patch(f"{INSTALLS}/{installed['id']}", json={"config": {"color": "x" * 4097}})
    assert list(long.json["errors"]) == ["config.color"]


@pytest.mark.parametrize("user", ["bob", "carol"])
def test_only_administrators_manage_extensions(acme: World, user: str) -> None:
    release = publish(acme, polite(), wat_guest("polite"))
    api = acme.api(user)
    assert api.post(INSTALLS, json={"release_id": release["id"]}).status_code == 403
    assert api.get(f"{API}/extension-releases").status_code == 403
    assert api.post(f"{API}/extension-releases", json={}).status_code == 403


def test_old_calls_are_forgotten(acme: World, clock: Any) -> None:
    from kernel import jobs

    installed = install(acme, publish(acme, polite(), wat_guest("polite")))
    assert acme.api().get(installed["url"]).text == "ok"
    clock.advance(days=31)
    with acme.call() as ctx:
        jobs.enqueue(ctx, "extensions.tidy")
    drain(acme.kernel, acme.tenant_id)
    assert calls_of(acme, installed) == []
