"""A guest in TypeScript that asks for half of an interface gets that half, and words for the rest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from house.stage import World
from kernel.directory import clients
from tests.extensions.conftest import build
from tests.extensions.room_stage import denials, install, publish

MANIFEST = {
    "name": "org.example.desk", "publisher": "example", "version": "1.0.0", "runtime": "component@1", "title": "Desk",
    "capabilities": ["cap:ticket.read", "cap:storage.kv", "cap:client.read"],
    "endpoints": [{"method": "GET", "path": "/", "auth": "user"}],
}  # fmt: skip
SOURCE = """
import { host, HostRefusal, json, type Response } from "@deskhand/extension-sdk";

function attempt(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error instanceof HostRefusal ? error.message : "?";
  }
}

export function handler(): Response {
  const clientId = host.clients.list().items[0]?.id ?? "";
  const kept = host.storage.put({ namespace: "seen", key: "n", value: "ü" });
  return json({
    tickets: host.tickets.list({ limit: 2, isClosed: false }).items.length,
    many: host.storage.putMany({ items: [{ namespace: "seen", key: "m", value: "1", ttlSeconds: 60 }] })[0]?.key,
    stale: attempt(() => host.storage.put({ namespace: "seen", key: "n", value: "2", ifRevision: kept.revision + 1 })),
    keys: host.storage.list({ namespace: "seen" }).items.map((one) => one.key),
    value: host.storage.get("seen", "n")?.value,
    nothing: host.storage.get("seen", "x"),
    who: host.user.current()?.name,
    refused: attempt(() => host.tickets.create({ clientId, title: "Never" })),
    secret: attempt(() => host.secrets.get("key")),
  });
}
"""


@pytest.fixture(scope="module")
def wasm(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder: Path = tmp_path_factory.mktemp("desk")
    (folder / "src").mkdir()
    (folder / "src" / "index.ts").write_text(SOURCE)
    (folder / "deskhand.json").write_text(json.dumps(MANIFEST))
    (folder / "tsconfig.json").write_text('{"extends": "./dist/tsconfig.json"}')
    return build(folder)


def test_a_guest_uses_the_functions_it_asked_for_and_is_told_what_to_add_for_others(acme: World, wasm: bytes) -> None:
    with acme.call() as ctx:
        clients.add_client(ctx, name="Contoso")
    installed = install(acme, publish(acme, MANIFEST, wasm), "cap:ticket.read", "cap:storage.kv", "cap:client.read")
    answer = acme.api().get(f"/x/{installed['id']}/")
    assert answer.json == {
        "tickets": 0, "many": "m", "keys": ["m", "n"], "value": "ü", "nothing": None, "who": "Alice",
        "stale": "storage_conflict: The key has the revision 1. Read it again and repeat the change.",
        "refused": "capability_denied: add cap:ticket.write to capabilities in deskhand.json",
        "secret": "capability_denied: add cap:secrets.get to capabilities in deskhand.json",
    }  # fmt: skip
    assert denials(acme) == []
