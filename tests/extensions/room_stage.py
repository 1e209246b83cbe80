"""Publishes, installs and calls extensions as people do, through REST and the gateway."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from kernel.jobs import drain
from plugins.extensions.publishing.bundles import Bundle, pack_bundle
from plugins.extensions.publishing.packing import bundle_of_folder
from tests.conftest import World

ROOT = Path(__file__).parents[2]
DEMO_FOLDER = ROOT / "samples" / "invoicing-demo"
MANUAL_INVOICE = "cap:invoice.manual.create"
PICKING = ("cap:client.read", "cap:service.read", "cap:storage.kv")
"""What the demo asks for besides, for its pickers and its standing orders."""
API = "/api/v1"


def manifest_of(folder: Path, **changes: Any) -> dict[str, Any]:
    """An extension's deskhand.json without its pages and files, with changes."""
    read = json.loads((folder / "deskhand.json").read_text())
    return {key: value for key, value in read.items() if key not in ("ui", "assets")} | changes


def send_release(world: World, manifest: dict[str, Any], wasm: bytes, files: dict[str, bytes] | None = None) -> Any:
    """Publish through REST; the answer."""
    bundle = pack_bundle(Bundle(json.dumps(manifest).encode(), wasm, files or {}))
    body = {"bundle": base64.b64encode(bundle).decode()}
    return world.api().post(f"{API}/extension-releases", json=body)


def publish(world: World, manifest: dict[str, Any], wasm: bytes, files: dict[str, bytes] | None = None) -> dict[str, Any]:
    """Publish and compile; the release as it then is."""
    answer = send_release(world, manifest, wasm, files)
    assert answer.status_code == 201, answer.json
    drain(world.kernel, world.tenant_id)
    return world.api().get(f"{API}/extension-releases/{answer.json['id']}").json


def publish_folder(world: World, folder: Path) -> dict[str, Any]:
    """Publish a built folder with all its files."""
    bundle = bundle_of_folder(folder)
    return publish(world, json.loads(bundle.manifest), bundle.component, dict(bundle.files))


def install(world: World, release: dict[str, Any], *grants: str, **config: str) -> dict[str, Any]:
    """Install with these grants."""
    body = {"release_id": release["id"], "grants": list(grants), "config": config}
    answer = world.api().post(f"{API}/extension-installs", json=body)
    assert answer.status_code == 201, answer.json
    return answer.json


def calls_of(world: World, installed: dict[str, Any]) -> list[dict[str, Any]]:
    """The recorded calls of an install, the newest first, in full."""
    api = world.api()
    rows = api.get(f"{API}/extension-invocations?install_id={installed['id']}").json["items"]
    return [api.get(f"{API}/extension-invocations/{row['id']}").json for row in rows]


def denials(world: World) -> list[dict[str, Any]]:
    """What the audit trail says about denied host calls."""
    from sqlalchemy import select

    from kernel.audit import AuditEntry

    with world.call() as ctx:
        entries = ctx.session.scalars(select(AuditEntry).where(AuditEntry.action == "host_call.denied")).all()
        return [one.changes | {"author": one.author, "on_behalf_of": one.on_behalf_of} for one in entries]
