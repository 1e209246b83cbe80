"""The web pages of extensions, as Alice sees them."""

from __future__ import annotations

import io
import json

from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from kernel.jobs import drain
from plugins.extensions.publishing.bundles import Bundle, pack_bundle
from tests.conftest import World
from tests.extensions.room_stage import DEMO_FOLDER, MANUAL_INVOICE, PICKING, install, manifest_of, publish


def test_publish_consent_install_and_look_at_a_call(acme: World, demo_wasm: bytes) -> None:
    alice = acme.client()
    assert "No extensions installed" in alice.get("/extensions").text
    bundle = pack_bundle(Bundle(json.dumps(manifest_of(DEMO_FOLDER)).encode(), demo_wasm, {}))
    boundary, body = encode_multipart({"bundle": FileStorage(io.BytesIO(bundle), "invoicing-demo.zip")})
    sent = alice.post("/extensions/releases/new", data=body, content_type=f"multipart/form-data; boundary={boundary}")
    assert sent.status_code == 303, sent.text
    assert "Compiling" in alice.get(sent.location).text
    drain(acme.kernel, acme.tenant_id)
    assert "Ready" in alice.get(sent.location).text
    consent = alice.get(f"{sent.location}/install")
    assert "It cannot finalize, change or delete invoices." in consent.text
    done = alice.post(f"{sent.location}/install", data={"grants": ["", MANUAL_INVOICE, *PICKING]})
    assert done.status_code == 303, done.text
    page = alice.get(done.location).text
    assert "Invoicing demo" in page
    assert "Not granted" not in page
    assert alice.get(f"/x/{done.location.rsplit('/', 1)[1]}/").status_code == 200
    calls = alice.get("/extensions/invocations").text
    assert "GET /" in calls
    [call] = acme.api().get("/api/v1/extension-invocations").json["items"]
    detail = alice.get(f"/extensions/invocations/{call['id']}").text
    assert "context.current" in detail
    assert call["id"] in detail


def test_missing_files_come_back_at_their_fields(acme: World) -> None:
    answer = acme.client().post("/extensions/releases/new", data={}, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert answer.text.count("Choose a file.") == 1


def test_grants_settings_and_the_kill_switch(acme: World, demo_wasm: bytes) -> None:
    alice = acme.client()
    installed = install(acme, publish(acme, manifest_of(DEMO_FOLDER), demo_wasm), *PICKING)
    here = f"/extensions/{installed['id']}"
    assert "Not granted" in alice.get(here).text
    assert alice.post(f"{here}/grant", data={"capability": MANUAL_INVOICE}).status_code == 303
    assert "Not granted" not in alice.get(here).text
    assert alice.post(f"{here}/revoke", data={"capability": MANUAL_INVOICE}).status_code == 303
    typed = {"settings-0-key": "defaultDescription", "settings-0-value": "Remote support"}
    assert alice.post(f"{here}/settings", data=typed).status_code == 303
    assert "Remote support" in alice.get(f"{here}/settings").text
    assert "defaultDescription" in alice.get(here).text
    assert alice.post(f"{here}/disable", data={}).status_code == 303
    assert "Switched off" in alice.get(here).text
    refused = alice.get(installed["url"])
    assert (refused.status_code, refused.json["code"]) == (409, "install_disabled")
    assert alice.post(f"{here}/enable", data={}).status_code == 303
    assert alice.get(installed["url"]).status_code == 200
    assert alice.post(f"{here}/uninstall", data={}).status_code == 303
    assert alice.get(here).status_code == 404
