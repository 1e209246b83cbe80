"""Whom Acme trusts: signatures, keys, revocations, going back, and the breaker."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text, update

from cli import main
from kernel.clock import FixedClock
from kernel.config import Settings
from kernel.errors import InvalidInput
from kernel.founding import found_tenant
from kernel.jobs import drain
from kernel.tenancy import change_settings
from plugins.extensions import services
from plugins.extensions.calls import breaker
from plugins.extensions.models import Install, InvocationRecord, Release
from plugins.extensions.publishers import signing, trust
from plugins.extensions.publishing import releases
from plugins.extensions.publishing.bundles import Bundle, pack_bundle
from tests.conftest import World
from tests.extensions.conftest import wat_guest
from tests.extensions.room_stage import API, DEMO_FOLDER, MANUAL_INVOICE, calls_of, install, manifest_of
from tests.plugins.extensions.test_installing import INSTALLS, granted, polite
from tests.post_office import PostOffice, opened

KEY, OTHER_KEY = signing.new_private_key(), signing.new_private_key()


def signed(key: bytes | None = KEY, **changes: Any) -> Bundle:
    bundle = Bundle(json.dumps(polite(**changes)).encode(), wat_guest("polite"), {})
    return bundle if key is None else signing.sign_bundle(bundle, key)


def send(world: World, bundle: Bundle) -> Any:
    body = {"bundle": base64.b64encode(pack_bundle(bundle)).decode()}
    return world.api().post(f"{API}/extension-releases", json=body)


def ready(world: World, bundle: Bundle) -> dict[str, Any]:
    answer = send(world, bundle)
    assert answer.status_code == 201, answer.json
    drain(world.kernel, world.tenant_id)
    return world.api().get(f"{API}/extension-releases/{answer.json['id']}").json


def code(answer: Any) -> str:
    return str(answer.json["code"])


def test_the_first_signed_release_pins_the_publishers_key(acme: World, beta: World) -> None:
    first = ready(acme, signed())
    assert first["signer"] == signing.fingerprint(signing.public_key_of(KEY))
    installed = install(acme, first)
    assert acme.client("bob").get(installed["url"]).text == "ok"
    [pinned] = acme.api().get(f"{API}/extension-publisher-keys").json["items"]
    assert (pinned["publisher"], pinned["fingerprint"]) == ("example", first["signer"])
    assert code(send(acme, signed(OTHER_KEY, version="1.1.0"))) == "publisher_key_unknown"
    assert code(send(acme, signed(None, version="1.1.0"))) == "signature_missing"
    assert send(beta, signed(OTHER_KEY)).status_code == 201, "Beta trusts whom Beta wants"
    new_key = base64.b64encode(signing.public_key_of(OTHER_KEY)).decode()
    added = acme.api().post(f"{API}/extension-publisher-keys", json={"publisher": "example", "key": new_key})
    assert added.status_code == 201, added.json
    newer = ready(acme, signed(OTHER_KEY, version="1.1.0"))
    upgraded = acme.api().post(f"{INSTALLS}/{installed['id']}/upgrade", json={"release_id": newer["id"]})
    assert upgraded.json["semver"] == "1.1.0"
    assert acme.api().delete(f"{API}/extension-publisher-keys/{added.json['id']}").status_code == 204
    assert code(acme.client("bob").get(installed["url"])) == "publisher_key_unknown"
    back = acme.api().post(f"{INSTALLS}/{installed['id']}/rollback")
    assert (back.status_code, back.json["semver"]) == (200, "1.0.0")


def test_a_bundle_changed_after_signing_is_refused(acme: World) -> None:
    for bundle in (
        replace(signed(), component=wat_guest("odd_status")),
        replace(signed(), manifest=json.dumps(polite(title="Rude")).encode()),
        replace(signed(), signature=signed(version="9.0.0").signature),
    ):
        assert code(send(acme, bundle)) == "signature_invalid"
    assert code(send(acme, replace(signed(), signature=b"{}"))) == "signature_invalid"


@pytest.mark.parametrize(
    "change",
    [
        "manifest = jsonb_set(manifest, '{title}', '\"Rude\"')",
        "digest = sha256('other')",
        "component_key = tenant_id || '/' || encode(sha256('other'), 'hex')",
        "signature = sha512('other')",
        "files_digest = sha256('other')",
    ],
)
def test_what_was_changed_in_the_database_is_not_run(acme: World, change: str) -> None:
    installed = install(acme, ready(acme, signed()))
    with acme.call() as ctx:
        ctx.session.execute(text(f"update extensions_releases set {change}"))
    assert code(acme.client("bob").get(installed["url"])) == "release_tampered"
    acme.api().post(f"{INSTALLS}/{installed['id']}/disable")
    assert code(acme.api().post(f"{INSTALLS}/{installed['id']}/enable")) == "release_tampered"


def test_a_company_may_require_signatures(acme: World) -> None:
    unsigned = ready(acme, signed(None))
    installed = install(acme, unsigned)
    with acme.call() as ctx:
        change_settings(ctx, "extensions", {"signatures": "require"})
    assert code(acme.client("bob").get(installed["url"])) == "signature_missing"
    assert code(send(acme, signed(None, version="2.0.0"))) == "signature_missing"
    newer = ready(acme, signed(version="2.0.0"))
    acme.api().post(f"{INSTALLS}/{installed['id']}/upgrade", json={"release_id": newer["id"]})
    assert acme.client("bob").get(installed["url"]).text == "ok"


@pytest.mark.parametrize("kind", ["extension", "version", "key"])
def test_revoking_stops_what_runs_and_lets_nothing_of_it_in(acme: World, beta: World, kind: str) -> None:
    release = ready(acme, signed())
    installed = install(acme, release)
    elsewhere = install(beta, ready(beta, signed()))
    subject = {"extension": release["name"], "version": f"{release['name']}@1.0.0", "key": release["signer"]}[kind]
    for _ in range(2):
        revoked = acme.api().post(f"{API}/extension-revocations", json={"subject": subject, "reason": "It leaks."})
        assert revoked.status_code == 201, revoked.json
    shown = acme.api().get(f"{INSTALLS}/{installed['id']}").json
    assert (shown["state"], shown["halted"]) == ("disabled", "revoked")
    assert code(acme.client("bob").get(installed["url"])) == "install_disabled"
    assert code(acme.api().post(f"{INSTALLS}/{installed['id']}/enable")) == "extension_revoked"
    assert acme.api().delete(f"{INSTALLS}/{installed['id']}").status_code == 204
    assert code(acme.api().post(INSTALLS, json={"release_id": release["id"]})) == "extension_revoked"
    if kind != "version":
        assert code(send(acme, signed(version="1.0.1"))) == "extension_revoked"
    assert beta.client("alice").get(elsewhere["url"]).text == "ok"
    assert acme.api().delete(f"{API}/extension-revocations/{revoked.json['id']}").status_code == 204
    assert acme.api().post(INSTALLS, json={"release_id": release["id"]}).status_code == 201


def test_keys_and_revocations_of_another_company_are_out_of_reach(acme: World, beta: World) -> None:
    install(acme, ready(acme, signed()))
    [key] = acme.api().get(f"{API}/extension-publisher-keys").json["items"]
    made = acme.api().post(f"{API}/extension-revocations", json={"subject": "org.example.other", "reason": "No."}).json
    assert beta.api().get(f"{API}/extension-publisher-keys").json["items"] == []
    assert code(beta.api().delete(f"{API}/extension-publisher-keys/{key['id']}")) == "publisher_key_not_found"
    assert code(beta.api().delete(f"{API}/extension-revocations/{made['id']}")) == "revocation_not_found"


def test_two_keys_at_once_do_not_both_become_the_first(acme: World) -> None:
    rival = signed(OTHER_KEY, name="org.example.rival")
    releases = [ready(acme, signed()), ready(acme, rival)]
    answers: list[Any] = []

    def install_one(release: dict[str, Any]) -> None:
        answers.append(acme.api().post(INSTALLS, json={"release_id": release["id"]}))

    threads = [threading.Thread(target=install_one, args=(one,)) for one in releases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.status_code for one in answers) == [201, 422]
    assert len(acme.api().get(f"{API}/extension-publisher-keys").json["items"]) == 1


def test_rolling_back_is_one_call_and_grants_nothing(acme: World) -> None:
    old = ready(acme, signed(None, capabilities=[MANUAL_INVOICE]))
    installed = install(acme, old, MANUAL_INVOICE)
    here = f"{INSTALLS}/{installed['id']}"
    assert code(acme.api().post(f"{here}/rollback")) == "nothing_to_roll_back"
    new = ready(acme, signed(None, version="2.0.0"))
    assert acme.api().post(f"{here}/upgrade", json={"release_id": new["id"]}).json["semver"] == "2.0.0"
    back = acme.api().post(f"{here}/rollback").json
    assert (back["semver"], back["state"], back["not_granted"]) == ("1.0.0", "active", [MANUAL_INVOICE])
    assert MANUAL_INVOICE not in granted(back)
    assert acme.client("bob").get(installed["url"]).text == "ok"
    assert acme.api().post(f"{here}/rollback").json["semver"] == "2.0.0"


def at_once(*deeds: Callable[[], Any]) -> list[str]:
    """What each of some requests answers that are sent at the same time: codes, or the status."""
    answers: list[str] = []
    threads = [threading.Thread(target=lambda deed=deed: answers.append(told(deed()))) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(answers)


def told(answer: Any) -> str:
    return code(answer) if answer.status_code >= 400 else str(answer.status_code)


def test_what_is_sent_twice_at_once_happens_once(acme: World) -> None:
    rude = signed(None, title="Rude")
    assert at_once(lambda: send(acme, signed(None)), lambda: send(acme, rude)) == ["201", "release_published"]
    drain(acme.kernel, acme.tenant_id)
    [release] = acme.api().get(f"{API}/extension-releases").json["items"]
    make = partial(acme.api().post, INSTALLS, json={"release_id": release["id"]})
    assert at_once(make, partial(acme.api().post, INSTALLS, json={"release_id": release["id"]})) == ["201", "extension_installed"]
    [installed] = acme.api().get(INSTALLS).json["items"]
    revocation = {"subject": release["name"], "reason": "It leaks."}
    revoke = [partial(acme.api().post, f"{API}/extension-revocations", json=revocation) for _ in range(2)]
    assert at_once(*revoke) == ["201", "201"]
    assert len(acme.api().get(f"{API}/extension-revocations").json["items"]) == 1
    assert acme.api().get(f"{INSTALLS}/{installed['id']}").json["halted"] == "revoked"


def test_a_revocation_reaches_a_guest_that_runs(acme: World, demo_wasm: bytes) -> None:
    from plugins.extensions.calls import invoking
    from plugins.extensions.guests.invocation import GuestRequest

    bundle = Bundle(json.dumps(manifest_of(DEMO_FOLDER)).encode(), demo_wasm, {})
    release = ready(acme, signing.sign_bundle(bundle, KEY))
    installed = install(acme, release)
    with acme.call("bob") as ctx:
        target = invoking.find_target(ctx, UUID(installed["id"]), "GET", "/")
    with acme.call() as called:
        trust.revoke(called, release["signer"].upper(), "The key was stolen.")
    answer = invoking.invoke(acme.kernel, target, GuestRequest("GET", "/"), caller=ctx.actor, request_id="r-1")
    assert (answer.status, "now" in answer.body) == (422, False), "the handler tells the refusal it heard"
    [call] = calls_of(acme, installed)
    assert {one["outcome"] for one in call["host_calls"]} <= {"denied", "refused"}
    assert call["host_calls"]


def test_a_key_is_trusted_when_its_release_serves_not_before(acme: World) -> None:
    installed = install(acme, ready(acme, signed(None)))
    wider = ready(acme, signed(version="2.0.0", capabilities=[MANUAL_INVOICE]))
    here = f"{INSTALLS}/{installed['id']}"
    assert acme.api().post(f"{here}/upgrade", json={"release_id": wider["id"]}).json["state"] == "awaiting_consent"
    assert acme.api().get(f"{API}/extension-publisher-keys").json["items"] == []
    acme.api().post(f"{here}/decline")
    other = ready(acme, signed(OTHER_KEY, version="3.0.0"))
    assert acme.api().post(f"{here}/upgrade", json={"release_id": other["id"]}).json["semver"] == "3.0.0"
    [pinned] = acme.api().get(f"{API}/extension-publisher-keys").json["items"]
    assert pinned["fingerprint"] == other["signer"]
    assert code(acme.api().post(f"{here}/rollback")) == "signature_missing", "no way back to what nobody signed"


def test_what_is_revoked_everywhere_runs_in_no_company_that_is_there_or_comes(
    acme: World, beta: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKHAND_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("DESKHAND_DATA_DIR", str(settings.data_dir))

    def ext(*words: str) -> str:
        return CliRunner().invoke(main, ["ext", *words]).output

    release = ready(acme, signed())
    installed, name = install(acme, release), release["name"]
    try:
        assert "Revoked" in ext("revoke-release", name, "--reason", "It leaks.", "--everywhere")
        assert acme.api().get(f"{INSTALLS}/{installed['id']}").json["halted"] == "revoked"
        assert code(acme.api().post(f"{INSTALLS}/{installed['id']}/enable")) == "extension_revoked"
        assert "It leaks." in acme.client().get("/extensions/publishers").text
        [listed] = beta.api().get(f"{API}/extension-revocations/everywhere").json["items"]
        assert (listed["subject"], listed["reason"]) == (name, "It leaks.")
        later = found_tenant(acme.kernel, slug="later", name="Later MSP", admin_email="a@later.example", admin_name="Ada",
                             admin_password="a long enough password")  # fmt: skip
        with acme.kernel.call(later) as ctx, pytest.raises(trust.ExtensionRevoked, match="who runs this installation"):
            releases.publish_release(ctx, pack_bundle(signed()))
        with acme.call() as ctx:  # as if it had been installed at the very moment
            ctx.session.execute(update(Install).values(state="active", halted=None))
        assert code(acme.client("bob").get(installed["url"])) == "extension_revoked"
        assert "--everywhere is the owner" in ext("revoke-release", name, "--reason", "x", "--everywhere", "--tenant", "acme")
        assert "Lifted" in ext("lift-revocation", name, "--everywhere")
        assert "not on the list" in ext("lift-revocation", name, "--everywhere")
        assert acme.client("bob").get(installed["url"]).text == "ok"
    finally:
        with acme.kernel.db.transaction() as session:
            session.execute(text("delete from extensions_revoked_everywhere"))


def test_a_revocation_says_which_field_is_wanting(acme: World) -> None:
    with acme.call() as ctx, pytest.raises(InvalidInput) as refused:
        trust.revoke(ctx, "  ", "")
    assert set(refused.value.errors) == {"subject", "reason"}


def trapped(world: World, installed: dict[str, Any], times: int) -> None:
    """Records of so many traps, and the breaker told of each, as after calls."""
    for _ in range(times):
        with world.call() as ctx:
            ctx.session.add(InvocationRecord(
                install_id=UUID(installed["id"]), extension=installed["name"], semver="1.0.0", trigger="http", endpoint="GET /",
                actor_kind="user", actor_name="Bob", request_id="r", started_at=ctx.now(), trap="guest_trapped", duration=1,
                cpu=1, host_time=0, memory=0, request_bytes=0, response_bytes=0,
            ))  # fmt: skip
        breaker.note_end(world.kernel, world.tenant_id, UUID(installed["id"]), 0, "guest_trapped")


def test_each_rest_is_twice_as_long_until_a_call_goes_well(acme: World, clock: FixedClock) -> None:
    installed = install(acme, ready(acme, signed()))
    bob = acme.client("bob")
    trapped(acme, installed, 4)
    assert bob.get(installed["url"]).text == "ok"
    for seconds in (30, 60, 120):
        trapped(acme, installed, 1)
        resting = bob.get(installed["url"])
        assert (code(resting), resting.headers["Retry-After"]) == ("extension_resting", str(seconds))
        clock.advance(timedelta(seconds=seconds))
    assert bob.get(installed["url"]).text == "ok"
    trapped(acme, installed, 4)
    assert bob.get(installed["url"]).text == "ok", "the count began anew"


def test_fifty_traps_in_an_hour_switch_it_off_and_tell_the_administrators(acme: World, clock: FixedClock) -> None:
    installed = install(acme, ready(acme, signed()))
    here = f"{INSTALLS}/{installed['id']}"
    for _ in range(10):
        trapped(acme, installed, 5)
        clock.advance(minutes=2)
    shown = acme.api().get(here).json
    assert (shown["state"], shown["halted"]) == ("disabled", "breaker")
    refused = acme.client("bob").get(installed["url"])
    assert (code(refused), "failed too often" in refused.json["detail"]) == ("install_disabled", True)
    assert acme.api().post(f"{here}/enable").json["halted"] is None
    trapped(acme, installed, 1)
    assert acme.client("bob").get(installed["url"]).text == "ok", "what was forgiven does not count"


def test_administrators_get_one_mail_when_the_breaker_switches_off(acme: World, clock: FixedClock) -> None:
    office = PostOffice()
    with opened(office) as settings:
        posting = replace(acme, kernel=replace(acme.kernel, mail=settings))
        installed = install(acme, ready(acme, signed()))
        for _ in range(11):
            trapped(posting, installed, 5)
            clock.advance(minutes=2)
        drain(posting.kernel, posting.tenant_id)
    [letter], [envelope] = office.letters(), office.envelopes
    assert (envelope.rcpt_tos, letter["Subject"]) == (
        [f"alice@{acme.tenant.slug}.example"],
        f"{installed['name']} was switched off",
    )
    body = letter.get_body()
    assert body is not None
    words = body.get_content()
    assert "failed 50 times within an hour" in words
    assert f"{acme.kernel.settings.url}/extensions/{installed['id']}" in words


def test_the_platforms_own_failures_do_not_count(acme: World) -> None:
    installed = install(acme, ready(acme, signed()))
    with acme.call() as ctx:
        services.get_install(ctx, UUID(installed["id"]))
    for _ in range(6):
        breaker.note_end(acme.kernel, acme.tenant_id, UUID(installed["id"]), 0, "host_error")
    assert acme.client("bob").get(installed["url"]).text == "ok"


def test_a_release_file_is_read_as_it_was_published(acme: World) -> None:
    bundle = Bundle(json.dumps(polite(assets=["ui/**"])).encode(), wat_guest("polite"), {"ui/a.js": b"let a"})
    made = ready(acme, signing.sign_bundle(bundle, KEY))
    with acme.call() as ctx:
        release = releases.get_release(ctx, UUID(made["id"]))
        assert releases.read_file(ctx, release, "ui/a.js") == b"let a"
        release.files = {"ui/a.js": {"size": 5, "sha256": release.digest.hex()}}
        ctx.session.flush()
        with pytest.raises(trust.ReleaseTampered):
            releases.read_file(ctx, release, "ui/a.js")


def test_files_that_the_manifest_does_not_name_are_refused(acme: World) -> None:
    stray = replace(signed(None), files={"ui/a.js": b"1"})
    assert code(send(acme, stray)) == "bundle_refused"
    missing = signed(None, assets=["ui/**"], ui=[{"slot": "app", "title": "Orders", "entry": "ui/index.html"}])
    assert code(send(acme, missing)) == "bundle_refused"


def test_pages_of_publishers(acme: World) -> None:
    alice = acme.client()
    install(acme, ready(acme, signed()))
    assert "/extensions/publishers/named/example" in alice.get("/extensions/publishers").text
    page = alice.get("/extensions/publishers/named/example").text
    assert signing.fingerprint(signing.public_key_of(KEY)) in page
    bad = alice.post("/extensions/publishers/trust", data={"publisher": "example", "key": "nonsense"})
    assert (bad.status_code, "must have 32" in bad.text or "no base64" in bad.text) == (422, True)
    typed = {"subject": "org.example.polite", "reason": "It leaks."}
    assert alice.post("/extensions/publishers/revoke", data=typed).status_code == 303
    assert "It leaks." in alice.get("/extensions/publishers").text
    with acme.call() as ctx:
        install_id = ctx.session.scalars(select(Install.id)).one()
        ctx.session.execute(update(Release).values(title="Polite"))
    assert "It was revoked." in alice.get(f"/extensions/{install_id}").text
