"""`deskhand.json`: every field is checked, and the error says which one and how it should look."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plugins.extensions.errors import ManifestRefused
from plugins.extensions.extension_manifest import ExtensionManifest, read_manifest
from tests.extensions.conftest import ROOT

KNOWN = frozenset({"cap:invoice.manual.create", "cap:config.read"})
GOOD: dict[str, Any] = {
    "name": "org.example.orders",
    "publisher": "example",
    "title": "Orders",
    "version": "1.4.0",
    "runtime": "component@1",
    "capabilities": ["cap:invoice.manual.create"],
    "endpoints": [{"method": "GET", "path": "/orders/:id", "auth": "user"}],
}


def read(**changes: Any) -> ExtensionManifest:
    return read_manifest(json.dumps(GOOD | changes).encode(), KNOWN)


def test_the_demos_manifest_is_good() -> None:
    text = (ROOT / "samples" / "invoicing-demo" / "deskhand.json").read_bytes()
    manifest = read_manifest(text, KNOWN)
    assert manifest.capabilities == ("cap:invoice.manual.create",)
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
        ({"runtime": "extism@1"}, "runtime"),
        ({"title": ""}, "title"),
        ({"telemetry": True}, "telemetry"),
        ({"capabilities": ["cap:everything"]}, "capabilities[0]"),
        ({"capabilities": ["cap:config.read", "cap:config.read"]}, "capabilities"),
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
