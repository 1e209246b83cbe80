"""`deskhand.json`: every field is checked, and the error says which one and how it should look."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plugins.extensions.errors import ManifestRefused
from plugins.extensions.publishing.manifest import read_manifest
from plugins.extensions.publishing.manifest_parts import ExtensionManifest, matches
from tests.extensions.conftest import DEMO_ASKS, ROOT

KNOWN = frozenset({"cap:invoice.manual.create", "cap:config.read", "cap:http.fetch"})
GOOD: dict[str, Any] = {
    "name": "org.example.orders",
    "publisher": "example",
    "title": "Orders",
    "version": "1.4.0",
    "runtime": "component@1",
    "capabilities": ["cap:invoice.manual.create"],
    "endpoints": [{"method": "GET", "path": "/orders/:id", "auth": "user"}],
}
NIGHTLY = {"name": "nightly", "cron": "0 3 * * *", "zone": "Europe/Vienna", "endpoint": "GET /orders/7"}
PAGE = {"slot": "app", "title": "Orders", "entry": "ui/index.html"}


def read(**changes: Any) -> ExtensionManifest:
    return read_manifest(json.dumps(GOOD | changes).encode(), KNOWN)


def test_the_demos_manifest_is_good() -> None:
    text = (ROOT / "samples" / "invoicing-demo" / "deskhand.json").read_bytes()
    manifest = read_manifest(text, KNOWN | DEMO_ASKS)
    assert set(manifest.asked) == DEMO_ASKS
    assert manifest.endpoint("POST", "/create-invoice") is not None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "orders"}, "name"),
        ({"name": "org.example.Orders"}, "name"),
        ({"publisher": "Exa mple"}, "publisher"),
        ({"version": "1.4"}, "version"),
        ({"version": "01.4.0"}, "version"),
        ({"version": "1.4.0\n"}, "version"),
        ({"runtime": "component@2"}, "runtime"),
        ({"title": ""}, "title"),
        ({"telemetry": True}, "telemetry"),
        ({"capabilities": ["cap:everything"]}, "capabilities[0]"),
        ({"capabilities": ["cap:config.read", "cap:config.read"]}, "capabilities"),
        ({"capabilities": [7]}, "capabilities[0]"),
        ({"capabilities": ["cap:http.fetch"]}, "capabilities[0].hosts"),
        ({"capabilities": [{"name": "cap:http.fetch", "hosts": []}]}, "capabilities[0].hosts"),
        ({"capabilities": [{"name": "cap:http.fetch", "hosts": ["127.0.0.1"]}]}, "capabilities[0].hosts[0]"),
        ({"capabilities": [{"name": "cap:http.fetch", "hosts": ["https://a.example"]}]}, "capabilities[0].hosts[0]"),
        ({"capabilities": [{"name": "cap:config.read", "hosts": ["a.example"]}]}, "capabilities[0].hosts"),
        ({"events": ["opened"]}, "events[0]"),
        ({"events": ["ticket.opened", "ticket.opened"]}, "events"),
        ({"schedules": [NIGHTLY | {"cron": "0 3 * *"}]}, "schedules[0].cron"),
        ({"schedules": [NIGHTLY | {"cron": "0 3 31 2 *"}]}, "schedules[0].cron"),
        ({"schedules": [NIGHTLY | {"zone": "Mars/Olympus"}]}, "schedules[0].zone"),
        ({"schedules": [NIGHTLY | {"endpoint": "POST /orders"}]}, "schedules[0].endpoint"),
        ({"schedules": [NIGHTLY, NIGHTLY]}, "schedules"),
        ({"hooks": [{"name": "collect_charges", "on_failure": "maybe"}]}, "hooks[0].on_failure"),
        ({"hooks": [{"name": "delete_everything", "on_failure": "open"}]}, "hooks[0].name"),
        ({"hooks": [{"name": "render_invoice", "on_failure": mode} for mode in ("open", "skip")]}, "hooks"),
        ({"ui": [PAGE], "assets": []}, "ui[0].entry"),
        ({"ui": [PAGE | {"entry": "ui/../deskhand.json"}]}, "ui[0].entry"),
        ({"ui": [PAGE | {"slot": "portal"}]}, "ui[0].slot"),
        ({"ui": [PAGE | {"title": ""}]}, "ui[0].title"),
        ({"ui": [{"slot": "app", "schema": "settings.json"}]}, "ui[0].schema"),
        ({"ui": [{"slot": "settings"}]}, "ui[0].entry"),
        ({"assets": ["/etc/*"]}, "assets[0]"),
        ({"assets": ["ui/../**"]}, "assets[0]"),
        ({"endpoints": [{"method": "GET", "path": "/", "auth": "portal"}]}, "endpoints[0].auth"),
        ({"endpoints": [{"method": "BREW", "path": "/", "auth": "user"}]}, "endpoints[0].method"),
        ({"endpoints": [{"method": "GET", "path": "orders", "auth": "user"}]}, "endpoints[0].path"),
        ({"endpoints": [{"method": "GET", "path": "/a/../b", "auth": "user"}]}, "endpoints[0].path"),
        ({"endpoints": [{"method": "GET", "path": "/", "auth": "nobody"}]}, "endpoints[0].auth"),
        ({"endpoints": [{"method": "GET", "path": "/", "auth": "user", "cache": 1}]}, "endpoints[0].cache"),
        (
            {"endpoints": [{"method": "GET", "path": f"/a/:{name}", "auth": "user"} for name in ("x", "y")]},
            "endpoints",
        ),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ManifestRefused) as refused:
        read(**changes)
    assert list(refused.value.errors) == [field]


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b" " * 300_000])
def test_what_is_no_manifest_is_refused(text: bytes) -> None:
    with pytest.raises(ManifestRefused):
        read_manifest(text, KNOWN)


def test_an_endpoint_matches_whole_segments() -> None:
    manifest = read()
    found = manifest.endpoint("GET", "/orders/a%20b")
    assert found is not None
    assert found[1] == {"id": "a%20b"}
    for method, path in (("POST", "/orders/7"), ("GET", "/orders"), ("GET", "/orders/"), ("GET", "/orders/7/x")):
        assert manifest.endpoint(method, path) is None


def test_every_key_of_a_full_manifest_is_read() -> None:
    full = read(
        description="Orders of the shop.",
        runtime="extism@1",
        capabilities=["cap:config.read", {"name": "cap:http.fetch", "hosts": ["api.example.com"]}],
        events=["ticket.opened"],
        schedules=[NIGHTLY],
        hooks=[{"name": "collect_charges", "on_failure": "closed"}],
        ui=[PAGE, {"slot": "settings", "schema": "settings.schema.json"}],
        assets=["ui/**"],
    )
    assert full.asked == ("cap:config.read", "cap:http.fetch")
    assert full.asking("cap:http.fetch") == {"hosts": ("api.example.com",)}
    assert full.asking("cap:config.read") == full.asking("cap:client.read") == {}
    assert (full.events, full.schedules[0].cron, full.hooks[0].on_failure) == (("ticket.opened",), "0 3 * * *", "closed")
    assert full.is_asset("ui/js/app.js")
    assert not full.is_asset("settings.schema.json")


def test_the_portal_is_refused_by_name() -> None:
    with pytest.raises(ManifestRefused) as refused:
        read(endpoints=[{"method": "GET", "path": "/", "auth": "portal"}])
    assert "portal" in refused.value.errors["endpoints[0].auth"]


def test_a_star_stays_within_a_name() -> None:
    assert matches("ui/*.js", "ui/app.js")
    assert not matches("ui/*.js", "ui/appxjs")
    assert not matches("ui/*.js", "ui/js/app.js")


def test_other_times_and_other_pages_are_more_than_was_consented_to() -> None:
    def read_with(**changes: Any) -> ExtensionManifest:
        return read(**changes, assets=["ui/**"])

    before = read_with(schedules=[NIGHTLY], ui=[PAGE]).reach()
    assert read_with(schedules=[NIGHTLY | {"name": "renamed"}], ui=[PAGE | {"entry": "ui/app.html"}]).reach() == before
    often, tab = NIGHTLY | {"cron": "*/5 * * * *"}, PAGE | {"slot": "ticket_panel"}
    assert read_with(schedules=[often], ui=[PAGE]).reach() - before == {"schedule */5 * * * * Europe/Vienna GET /orders/7"}
    assert read_with(schedules=[NIGHTLY], ui=[PAGE, tab]).reach() - before == {"page ticket_panel Orders"}
    assert read_with(schedules=[], ui=[{"slot": "settings", "schema": "s.json"}]).reach() < before
