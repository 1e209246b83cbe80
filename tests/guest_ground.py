"""Guests on the ground of soaks and benchmarks: published and installed without a browser."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from kernel import jobs
from kernel.app import Kernel
from plugins.extensions import services
from plugins.extensions.author.building import COMPONENT, build_extension
from plugins.extensions.publishing import releases
from plugins.extensions.publishing.bundles import Bundle, pack_bundle


def built(folder: Path) -> bytes:
    """The guest of an author's folder."""
    build_extension(folder)
    return (folder / COMPONENT).read_bytes()


def manifest_in(folder: Path, **changes: Any) -> dict[str, Any]:
    """An author's deskhand.json, with changes."""
    read: dict[str, Any] = json.loads((folder / "deskhand.json").read_text())
    return read | changes


def publish_guest(kernel: Kernel, tenant_id: UUID, manifest: Mapping[str, Any], wasm: bytes) -> UUID:
    """Publish and compile; the release."""
    bundle = pack_bundle(Bundle(json.dumps(manifest).encode(), wasm, {}))
    with kernel.call(tenant_id) as ctx:
        release_id = releases.publish_release(ctx, bundle).id
    jobs.drain(kernel, tenant_id)
    return release_id


def install_guest(
    kernel: Kernel, tenant_id: UUID, manifest: Mapping[str, Any], wasm: bytes, grants: Sequence[str] = (), **config: str
) -> UUID:
    """Publish and install; the install."""
    release_id = publish_guest(kernel, tenant_id, manifest, wasm)
    with kernel.call(tenant_id) as ctx:
        return services.install_extension(ctx, release_id=release_id, grants=grants, config=config).id


def guest_processes(server: int | None = None) -> list[int]:
    """The worker processes of guests that a process (this one unless named) has at present."""
    parent, found = server or os.getpid(), list[int]()
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (entry / "cmdline").read_bytes()
            status = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(status[1]) == parent and b"from guests.worker " in command:
                found.append(int(entry.name))
    return found
