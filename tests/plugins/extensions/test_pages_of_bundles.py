"""What browsers get of a bundle: its own files, to frames, of this tenant and release, and nothing else."""

from __future__ import annotations

import base64
import json
import re
from typing import Any
from uuid import UUID, uuid4

import pytest

from kernel.directory.clients import add_client
from kernel.tenancy import switch_plugin
from plugins.extensions import services
from plugins.extensions.slots import assets
from plugins.extensions.slots import frames as slots
from tests.conftest import World
from tests.extensions.conftest import wat_guest
from tests.extensions.room_stage import API, install, publish
from tests.plugins.extensions.test_installing import POLITE

NAME = "org.example.pages"
FILES = {
    "ui/index.html": b"<!doctype html><script type=module src=app.js></script>",
    "ui/app.js": b"export {};",
    "ui/evil.php": b"<?php",
    "ui/picture.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "hidden.html": b"an entry that is an asset as well",
    "settings.schema.json": b'{"type": "object", "properties": {"color": {"type": "string", "maxLength": 5}}}',
}
SLOTS = [
    {"slot": "app", "title": "Orders", "entry": "ui/index.html"},
    {"slot": "client_tab", "title": "Orders of the client", "entry": "ui/index.html"},
    {"slot": "invoice_action", "title": "Send it on", "entry": "ui/index.html"},
    {"slot": "dashboard_widget", "title": "Open orders", "entry": "ui/index.html"},
    {"slot": "settings", "title": "Connection", "entry": "hidden.html"},
    {"slot": "ticket_panel", "title": "Device", "entry": "ui/index.html"},
]
FRAME = re.compile(r'<iframe class="[^"]*" src="([^"]+)"[^>]*sandbox="([^"]+)"[^>]*data-calls="([^"]+)" data-welcome="([^"]+)"')


@pytest.fixture(scope="session")
def polite() -> bytes:
    return wat_guest("polite")


def manifest(**changes: Any) -> dict[str, Any]:
    return {
        "name": NAME, "publisher": "example", "title": "Pages", "version": "1.0.0", "runtime": "component@1",
        "ui": SLOTS, "assets": ["ui/**", "hidden.html", "settings.schema.json"], **changes,
    }  # fmt: skip


def installed(world: World, wasm: bytes, **changes: Any) -> dict[str, Any]:
    return install(world, publish(world, manifest(**changes), wasm, FILES))


def frame_in(page: str) -> tuple[str, str, str, dict[str, Any]]:
    """Address, sandbox, address of calls and first words of the frame on a page."""
    found = FRAME.search(page)
    assert found, page
    source, sandbox, calls, welcome = found.groups()
    return source, sandbox, calls, json.loads(welcome.replace("&#34;", '"'))


def source_of(world: World, there: dict[str, Any]) -> str:
    return frame_in(world.client("bob").get(f"/apps/{there['id']}/0").text)[0]


def test_a_page_stands_in_a_frame_that_holds_no_origin_of_ours(acme: World, polite: bytes) -> None:
    there = installed(acme, polite)
    source, sandbox, calls, welcome = frame_in(acme.client("bob").get(f"/apps/{there['id']}/0").text)
    assert (sandbox, calls) == ("allow-scripts allow-forms", f"/x/{there['id']}/")
    assert welcome == {"slot": "app", "installId": there["id"], "locale": "en", "on": None}
    page = acme.app.test_client().get(source)  # the frame's browser sends no cookie
    policy = page.headers["Content-Security-Policy"]
    assert (page.status_code, page.data) == (200, FILES["ui/index.html"])
    assert f"script-src http://localhost{source.removesuffix('ui/index.html')};" in policy
    for rule in (
        "default-src 'none'",
        "connect-src 'none'",
        "frame-ancestors http://localhost;",
        "sandbox allow-scripts allow-forms",
    ):
        assert rule in policy
    assert page.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in page.headers
    script = acme.app.test_client().get(source.replace("index.html", "app.js"))
    assert (script.content_type, script.headers["Access-Control-Allow-Origin"]) == ("text/javascript; charset=utf-8", "*")


def test_only_files_that_are_assets_of_a_served_type_are_given(acme: World, polite: bytes) -> None:
    folder = source_of(acme, installed(acme, polite)).removesuffix("ui/index.html")
    browser = acme.app.test_client()
    assert browser.get(f"{folder}ui/picture.svg").content_type == "image/svg+xml"
    for name in (
        "ui/evil.php",
        "deskhand.json",
        "component.wasm",
        "ui/",
        "ui",
        "ui/../deskhand.json",
        "ui/%2e%2e/deskhand.json",
        "no.js",
    ):
        answer = browser.get(folder + name)
        assert (answer.status_code, answer.json["code"]) == (404, "bundle_file_not_found"), name


def test_an_address_of_files_cannot_be_made_up_or_bent(acme: World, beta: World, polite: bytes) -> None:
    here, there = installed(acme, polite), installed(beta, polite)
    ours, theirs = source_of(acme, here), source_of(beta, there)
    code, other = (one.split("/")[2] for one in (ours, theirs))
    raw, foreign = (bytearray(base64.b32decode(one.upper() + "=" * (-len(one) % 8))) for one in (code, other))
    bent = [
        foreign[:16] + raw[16:], raw[:16] + foreign[16:32] + raw[32:], raw[:32] + bytes(16) + raw[48:],
        raw[:48] + bytes(16), raw[:-1], raw + b"x", b"x", bytes(64), raw[:48] + foreign[48:],
    ]  # fmt: skip
    browser = acme.app.test_client()
    for one in bent:
        made = base64.b32encode(bytes(one)).decode().rstrip("=").lower()
        assert browser.get(f"/x-ui/{made}/ui/index.html").status_code == 404, bytes(one)
    for word in ("x", "../..", "%00", "é", code.upper() + "="):
        assert browser.get(f"/x-ui/{word}/ui/index.html").status_code in (308, 404), word
    assert browser.get(ours).status_code == 200


def test_files_go_when_the_install_is_switched_off_upgraded_or_the_room_closed(acme: World, polite: bytes) -> None:
    there = installed(acme, polite)
    source, browser, alice = source_of(acme, there), acme.app.test_client(), acme.api()
    assert alice.post(f"{API}/extension-installs/{there['id']}/disable").status_code == 200
    assert browser.get(source).status_code == 404
    assert acme.client("bob").get(f"/apps/{there['id']}/0").status_code == 410
    alice.post(f"{API}/extension-installs/{there['id']}/enable")
    assert browser.get(source).status_code == 200
    newer = publish(acme, manifest(version="1.1.0"), polite, FILES | {"ui/app.js": b"export const newer = 1;"})
    alice.post(f"{API}/extension-installs/{there['id']}/upgrade", json={"release_id": newer["id"]})
    assert browser.get(source).status_code == 404
    fresh = source_of(acme, there)
    assert browser.get(fresh).status_code == 200
    with acme.call() as ctx:
        switch_plugin(ctx, "extensions", enabled=False)
    assert browser.get(fresh).status_code == 404


def test_a_page_by_itself_is_no_page_of_ours(acme: World, polite: bytes) -> None:
    source, browser = source_of(acme, installed(acme, polite)), acme.app.test_client()
    alone = browser.get(source, headers={"Sec-Fetch-Dest": "document"})
    assert (alone.status_code, alone.location) == (303, "/")
    assert browser.get(source, headers={"Sec-Fetch-Dest": "iframe"}).status_code == 200
    assert browser.get(source, headers={"Host": "x;script-src *"}).status_code in (400, 404)


def test_tabs_buttons_and_cards_are_where_they_belong(acme: World, polite: bytes) -> None:
    there, bob = installed(acme, polite), acme.client("bob")
    with acme.call() as ctx:
        client_id = add_client(ctx, name="Contoso").id
    base = f"/apps/{there['id']}"
    assert f"{base}/1/panel/client/{client_id}" in acme.client().get(f"/clients/{client_id}").text
    _, _, _, welcome = frame_in(bob.get(f"{base}/1/panel/client/{client_id}").text)
    assert welcome["on"] == {"kind": "client", "id": str(client_id)}
    assert f"{base}/3/card" in bob.get("/").text
    assert frame_in(bob.get(f"{base}/3/card").text)[3]["slot"] == "dashboard_widget"
    assert f'href="{base}/0"' in bob.get("/apps").text
    with acme.call() as ctx:
        assert [one.url for one in slots.palette(ctx, "orders")] == [f"{base}/0"]
        ref = slots.Ref("invoice", uuid4())
        assert [(one.title, one.url) for one in slots.links(ctx, ref)] == [("Send it on", f"{base}/2/on/invoice/{ref.id}")]


def test_a_slot_that_is_made_up_shows_nothing(acme: World, beta: World, polite: bytes) -> None:
    there, bob = installed(acme, polite), acme.client("bob")
    with acme.call() as ctx:
        client_id = add_client(ctx, name="Contoso").id
    with beta.call() as ctx:
        foreign = add_client(ctx, name="Fabrikam").id
    base = f"/apps/{there['id']}"
    for address in (
        f"{base}/6", f"{base}/1", f"{base}/99999999999999", f"/apps/{uuid4()}/0", f"{base}/0/panel/client/{client_id}",
        f"{base}/1/panel/ticket/{client_id}", f"{base}/1/panel/user/{acme.users['bob']}", f"{base}/1/panel/client/{foreign}",
        f"{base}/1/panel/client/{uuid4()}", f"{base}/2/on/invoice/{uuid4()}", f"{base}/5/panel/ticket/{uuid4()}",
    ):  # fmt: skip
        assert bob.get(address).status_code == (404 if there["id"] not in address else 410), address
    assert beta.client("bob").get(f"{base}/0").status_code == 404
    assert acme.client("mallory").get(f"{base}/0").status_code == 403
    assert bob.get(f"{base}/4").status_code == 403, "settings are for who manages extensions"
    assert acme.client().get(f"{base}/4").status_code == 200


def test_the_address_of_files_is_of_one_install(acme: World, polite: bytes) -> None:
    there = installed(acme, polite)
    with acme.call() as ctx:
        place = assets.place_of(acme.kernel, source_of(acme, there).split("/")[2])
        assert (place.tenant_id, place.install_id) == (ctx.tenant_id, UUID(there["id"]))


def test_settings_by_a_schema_are_checked_wherever_they_come_from(acme: World, polite: bytes) -> None:
    with_schema = [{"slot": "settings", "schema": "settings.schema.json"}]
    there, alice = installed(acme, polite, ui=with_schema), acme.client()
    page = alice.get(f"/extensions/{there['id']}/options").text
    assert 'name="option0"' in page
    long = alice.post(f"/extensions/{there['id']}/options", data={"option0": "turquoise", "csrf_token": alice.csrf})  # type: ignore[attr-defined]
    assert (long.status_code, "turquoise" in long.text) == (422, True)
    url = f"{API}/extension-installs/{there['id']}"
    for config, field in (({"color": "turquoise"}, "config.color"), ({"size": "3"}, "config.size")):
        refused = acme.api().patch(url, json={"config": config})
        assert (refused.status_code, list(refused.json["errors"])) == (422, [field])
    assert alice.post(f"/extensions/{there['id']}/options", data={"option0": "red", "csrf_token": alice.csrf}).status_code == 303  # type: ignore[attr-defined]
    assert 'value="red"' in alice.get(f"/extensions/{there['id']}/options").text


def test_a_setting_that_is_a_secret_is_on_no_page(acme: World, polite: bytes) -> None:
    schema = b'{"type": "object", "properties": {"token": {"type": "string", "writeOnly": true}}}'
    manifest = POLITE | {"ui": [{"slot": "settings", "schema": "secret.json"}]}
    there = install(acme, publish(acme, manifest, polite, {"secret.json": schema}), token="hush-hush")
    alice = acme.client()
    for page in ("", "/options", "/settings"):
        assert "hush-hush" not in alice.get(f"/extensions/{there['id']}{page}").text
    typed = {"settings-0-key": "token", "settings-0-value": "", "csrf_token": alice.csrf}  # type: ignore[attr-defined]
    assert alice.post(f"/extensions/{there['id']}/settings", data=typed).status_code == 422
    with acme.call() as ctx:
        assert services.get_config(ctx, UUID(there["id"])) == {"token": "hush-hush"}


def test_settings_are_kept_as_the_handler_reads_them(acme: World, polite: bytes) -> None:
    schema = b"""{"type": "object", "properties": {"on": {"type": "boolean"}, "most": {"type": "integer"},
      "rate": {"type": "number"}}}"""
    manifest = POLITE | {"ui": [{"slot": "settings", "schema": "typed.json"}]}
    there = install(acme, publish(acme, manifest, polite, {"typed.json": schema}), on="yes", most="007", rate="1e2")
    with acme.call() as ctx:
        assert services.get_config(ctx, UUID(there["id"])) == {"on": "true", "most": "7", "rate": "100"}
    url = f"{API}/extension-installs/{there['id']}"
    for bomb in ("1e3000000", "1e-3000000"):
        refused = acme.api().patch(url, json={"config": {"rate": bomb}})
        assert (refused.status_code, list(refused.json["errors"])) == (422, ["config.rate"])
