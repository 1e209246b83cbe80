"""A publisher's own pages: who they are, what they published in which state, versions taken back, and advisories."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from click.testing import CliRunner

from cli import main
from kernel.config import Settings
from plugins.extensions.publishers import signing
from plugins.extensions.publishing.bundles import Bundle, pack_bundle
from tests.conftest import World
from tests.extensions.conftest import wat_guest
from tests.extensions.room_stage import API, install, publish, send_release
from tests.plugins.extensions.test_installing import INSTALLS, polite
from tests.plugins.extensions.test_trust import KEY, OTHER_KEY, code, ready, send, signed

RELEASES, ADVISORIES, PUBLISHERS = f"{API}/extension-releases", f"{API}/extension-advisories", f"{API}/extension-publishers"
NAME = "org.example.polite"
ADVICE = {"extension": NAME, "severity": "high", "title": "Bills twice", "says": "Go to 1.1.0."}


def polite_release(world: World, **changes: Any) -> dict[str, Any]:
    return publish(world, polite(**changes), wat_guest("polite"))


def yank(world: World, release: dict[str, Any], reason: str = "It bills twice.") -> Any:
    return world.api().post(f"{RELEASES}/{release['id']}/yank", json={"reason": reason})


def test_who_publishes_here_with_keys_and_versions(acme: World, beta: World) -> None:
    assert acme.api().get(PUBLISHERS).json == {"items": []}
    assert "No publishers yet" in acme.client().get("/extensions/publishers").text
    release = ready(acme, signed())
    [row] = acme.api().get(PUBLISHERS).json["items"]
    assert (row["publisher"], row["extensions"], row["versions"], row["trusted_keys"]) == ("example", 1, 1, 0)
    shown = acme.api().get(f"{PUBLISHERS}/example").json
    assert [(one["state"], one["signed"]) for one in shown["keys"]] == [("new", 1)]
    install(acme, release)
    shown = acme.api().get(f"{PUBLISHERS}/example").json
    assert [(one["state"], one["fingerprint"]) for one in shown["keys"]] == [("trusted", release["signer"])]
    [one] = shown["extensions"]
    assert (one["name"], one["latest"], one["state"], one["installs"]) == (NAME, "1.0.0", "published", 1)
    assert beta.api().get(PUBLISHERS).json == {"items": []}, "what Acme's registry holds, nobody else sees"
    assert code(beta.api().get(f"{PUBLISHERS}/example")) == "publisher_not_found"
    assert acme.api("bob").get(PUBLISHERS).status_code == 403


def test_a_key_is_changed_for_another_and_withdrawn(acme: World) -> None:
    installed = install(acme, ready(acme, signed()))
    api, alice = acme.api(), acme.client()
    new_key = base64.b64encode(signing.public_key_of(OTHER_KEY)).decode()
    trusted = alice.post("/extensions/publishers/trust", data={"publisher": "example", "key": new_key})
    assert (trusted.status_code, trusted.location) == (303, "/extensions/publishers/named/example")
    newer = ready(acme, signed(OTHER_KEY, version="1.1.0"))
    assert api.post(f"{INSTALLS}/{installed['id']}/upgrade", json={"release_id": newer["id"]}).json["semver"] == "1.1.0"
    [old, new] = api.get(f"{PUBLISHERS}/example").json["keys"]
    assert (old["state"], new["state"]) == ("trusted", "trusted")
    page = alice.get("/extensions/publishers/named/example").text
    assert old["fingerprint"] in page and new["fingerprint"] in page
    assert alice.post(f"/extensions/publishers/keys/{old['id']}/distrust", data={}).status_code == 303
    [old, new] = api.get(f"{PUBLISHERS}/example").json["keys"]
    assert (old["state"], new["state"], old["withdrawn_at"] is not None) == ("withdrawn", "trusted", True)
    assert acme.client("bob").get(installed["url"]).text == "ok", "the new key signed what serves"
    revoked = {"subject": new["fingerprint"], "reason": "Stolen."}
    assert api.post(f"{API}/extension-revocations", json=revoked).status_code == 201
    shown = api.get(f"{PUBLISHERS}/example").json
    assert [one["state"] for one in shown["keys"]] == ["withdrawn", "revoked"]
    assert code(send(acme, signed(OTHER_KEY, version="1.2.0"))) == "extension_revoked"
    assert "Blocked" in alice.get(f"/extensions/published/{NAME}").text


def test_what_was_taken_back_goes_on_and_nobody_begins_to_serve_it(acme: World, beta: World) -> None:
    first, second = polite_release(acme), polite_release(acme, version="1.1.0")
    installed = install(acme, first)
    assert code(yank(beta, second)) == "release_not_found"
    assert acme.api("bob").post(f"{RELEASES}/{second['id']}/yank", json={"reason": "No."}).status_code == 403
    for _ in range(2):
        taken = yank(acme, second)
        assert (taken.status_code, taken.json["yank_reason"]) == (200, "It bills twice.")
    api, here = acme.api(), f"{INSTALLS}/{installed['id']}"
    assert code(api.post(f"{here}/upgrade", json={"release_id": second["id"]})) == "release_yanked"
    assert yank(acme, first).status_code == 200
    assert acme.client("bob").get(installed["url"]).text == "ok", "where it serves it goes on"
    assert "The publisher took this version back." in acme.client().get(f"/extensions/{installed['id']}").text
    assert api.post(f"{here}/disable").status_code == 200
    assert api.post(f"{here}/enable").json["state"] == "active"
    assert api.post(f"{RELEASES}/{second['id']}/unyank").json["yanked_at"] is None
    assert api.post(f"{here}/upgrade", json={"release_id": second["id"]}).json["semver"] == "1.1.0"
    assert code(api.post(f"{here}/rollback")) == "release_yanked"
    assert api.delete(here).status_code == 204
    assert code(api.post(INSTALLS, json={"release_id": first["id"]})) == "release_yanked"


def test_a_version_taken_back_while_it_waits_is_not_consented_to(acme: World) -> None:
    installed = install(acme, polite_release(acme))
    wider = polite_release(acme, version="1.1.0", capabilities=["cap:storage.kv"], changes="Remembers names.\nMends spelling.")
    here = f"{INSTALLS}/{installed['id']}"
    assert acme.api().post(f"{here}/upgrade", json={"release_id": wider["id"]}).json["state"] == "awaiting_consent"
    assert "Remembers names." in acme.client().get(f"/extensions/{installed['id']}").text
    yank(acme, wider)
    assert code(acme.api().post(f"{here}/consent", json={"grants": []})) == "release_yanked"
    assert acme.api().post(f"{here}/decline").json["state"] == "active"


def test_taking_back_on_the_command_line_and_what_is_installed_without_a_version(
    acme: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKHAND_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("DESKHAND_DATA_DIR", str(settings.data_dir))
    polite_release(acme)
    polite_release(acme, version="1.1.0")

    def ext(*arguments: str) -> Any:
        return CliRunner().invoke(main, ["ext", *arguments, "--tenant", acme.tenant.slug])

    done = ext("yank", NAME, "1.1.0", "--reason", "It bills twice.")
    assert (done.exit_code, done.output) == (0, f"{NAME} 1.1.0 is taken back.\n"), done.output
    assert "1.0.0" in ext("install", NAME).output
    assert ext("unyank", NAME, "1.1.0").exit_code == 0
    assert ext("yank", NAME, "9.9.9", "--reason", "No.").exit_code == 1


def test_an_advisory_stands_where_the_version_is_used(acme: World, beta: World) -> None:
    first = polite_release(acme)
    polite_release(acme, version="1.1.0")
    installed, api, alice = install(acme, first), acme.api(), acme.client()
    made = api.post(ADVISORIES, json=ADVICE | {"versions": ["1.0.0"], "mended_in": "1.1.0"})
    assert made.status_code == 201, made.json
    for page in (f"/extensions/{installed['id']}", f"/extensions/releases/{first['id']}", f"/extensions/published/{NAME}"):
        assert "Bills twice" in alice.get(page).text, page
    assert code(beta.api().post(f"{ADVISORIES}/{made.json['id']}/withdraw")) == "advisory_not_found"
    assert beta.api().get(ADVISORIES).json["items"] == []
    assert code(beta.api().post(ADVISORIES, json=ADVICE)) == "release_not_found"
    assert acme.api("bob").post(ADVISORIES, json=ADVICE).status_code == 403
    for _ in range(2):
        assert api.post(f"{ADVISORIES}/{made.json['id']}/withdraw").json["withdrawn_at"] is not None
    assert "Bills twice" not in alice.get(f"/extensions/{installed['id']}").text
    assert [one["title"] for one in api.get(f"{ADVISORIES}?extension={NAME}").json["items"]] == ["Bills twice"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"versions": ["7.0.0"]}, "versions"),
        ({"versions": ["1.0.0"], "mended_in": "7.0.0"}, "mended_in"),
        ({"versions": ["1.0.0"], "mended_in": "1.0.0"}, "mended_in"),
        ({"mended_in": "1.0.0"}, "mended_in"),
        ({"severity": "terrible"}, "severity"),
        ({"title": ""}, "title"),
    ],
)
def test_an_advisory_is_about_what_was_published(acme: World, changes: dict[str, Any], field: str) -> None:
    polite_release(acme)
    refused = acme.api().post(ADVISORIES, json=ADVICE | changes)
    assert (refused.status_code, list(refused.json["errors"])) == (422, [field]), refused.json


def test_the_pages_of_a_publisher(acme: World) -> None:
    release = polite_release(acme, changes="First of all.", capabilities=["cap:storage.kv"])
    alice = acme.client()
    page = alice.get(f"/extensions/releases/{release['id']}").text
    for words in ("First of all.", "It is not signed", "asks for more than it uses", "Take back", "/extensions/published/"):
        assert words in page, words
    assert NAME in alice.get("/extensions/publishers/named/example").text
    assert alice.get("/extensions/publishers/named/nobody").status_code == 404
    assert alice.get("/extensions/published/org.example.nothing").status_code == 404
    taken = alice.post(f"/extensions/releases/{release['id']}/yank", data={"reason": "It bills twice."})
    assert taken.status_code == 303
    assert "It bills twice." in alice.get(f"/extensions/published/{NAME}").text
    assert alice.post(f"/extensions/releases/{release['id']}/unyank", data={}).status_code == 303
    advised = alice.post(f"/extensions/published/{NAME}/advise", data={
        "title": "Slow", "severity": "low", "says": "Wait.", "versions": ["", "1.0.0"], "mended_in": ""})  # fmt: skip
    assert advised.status_code == 303, advised.text
    assert "Slow" in alice.get(f"/extensions/published/{NAME}").text
    assert acme.client("bob").get("/extensions/publishers/named/example").status_code == 403


def test_a_release_of_another_key_says_so_among_its_checks(acme: World) -> None:
    first = ready(acme, signed())
    alice, here = acme.client(), f"/extensions/releases/{first['id']}"
    assert "first key seen of this publisher" in alice.get(here).text
    install(acme, first)
    assert "a key that is trusted for this publisher" in alice.get(here).text
    [key] = acme.api().get(f"{API}/extension-publisher-keys").json["items"]
    assert acme.api().delete(f"{API}/extension-publisher-keys/{key['id']}").status_code == 204
    assert "it does not run" in alice.get(here).text


def test_one_version_uploaded_twice_at_once_is_one_release(acme: World) -> None:
    """Of two different contents one is published and the other is told; of two alike both are told the same release."""
    key = acme.api()
    key.get(RELEASES)
    contents = [polite(title=title) for title in ("Polite", "Polite", "Rude", "Rude")]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda one: send_release(acme, one, wat_guest("polite")), contents))
    published = {one.json["id"] for one in answers if one.status_code == 201}
    refused = [code(one) for one in answers if one.status_code != 201]
    assert (len(published), refused) == (1, ["release_published"] * 2), [one.json for one in answers]
    assert len(acme.api().get(RELEASES).json["items"]) == 1


def test_lines_of_a_changelog_are_words_only(acme: World) -> None:
    bundle = Bundle(json.dumps(polite(changes="Fine.\u202eevil")).encode(), wat_guest("polite"), {})
    body = {"bundle": base64.b64encode(pack_bundle(signing.sign_bundle(bundle, KEY))).decode()}
    refused = acme.api().post(RELEASES, json=body)
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["changes"]), refused.json
