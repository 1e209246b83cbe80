"""Publishing: a manifest and a component become a release, compiled once, and never changed after that."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from kernel import audit, jobs
from kernel.context import CallContext
from kernel.files import FileDamaged, FileMissing
from kernel.ids import uuid7
from plugins.extensions.errors import ComponentRefused, ReleaseNotFound, ReleasePublished
from plugins.extensions.extension_manifest import read_manifest
from plugins.extensions.guests.compiling import compile_component
from plugins.extensions.guests.inspection import Inspection, check_bytes
from plugins.extensions.manifest_parts import ExtensionManifest
from plugins.extensions.models import Release
from plugins.extensions.runtime import artefact_store

if TYPE_CHECKING:
    from kernel.app import Kernel

_compiling = threading.Lock()
WASM = "application/wasm"
COMPILE_JOB = "extensions.compile"
OpenCall = Callable[[], AbstractContextManager[CallContext]]


def publish_release(ctx: CallContext, *, manifest: bytes, component: bytes) -> Release:
    """Take in a release and queue its compiling; its `state` says what became of that.

    The same version with the same content is the release that is there. Raises ManifestRefused, ComponentRefused, or
    ReleasePublished for other content.
    """
    read = read_manifest(manifest, ctx.kernel.plugins.capabilities)
    check_bytes(component)
    stored = ctx.kernel.files.put_bytes(ctx.tenant_id, component, content_type=WASM)
    values = _values(ctx, read, orjson.loads(manifest), component, stored.key)
    added = insert(Release).values(tenant_id=ctx.tenant_id, id=uuid7(), **values)
    fresh = ctx.session.scalar(added.on_conflict_do_nothing(index_elements=["tenant_id", "name", "semver"]).returning(Release.id))
    release = get_release(ctx, fresh) if fresh else _again(ctx, read, values)
    if release.state == "compiling" and release.job_id is None:
        release.job_id = jobs.enqueue(ctx, COMPILE_JOB, {"release_id": release.id}, key=str(release.id))
        audit.record(ctx, "extension_release.published", kind="extension.release", row_id=release.id, label=_label(release),
                     changes={"sha256": values["digest"].hex(), "capabilities": list(read.asked)})  # fmt: skip
        ctx.session.flush()
    return release


def compile_release(open_call: OpenCall, release_id: UUID) -> str:
    """Compile a release and write down whether it is `ready` or `refused`; no transaction is open meanwhile.

    Takes up to a minute. Doing it twice is harmless. Returns the state.
    """
    with open_call() as ctx:
        release = get_release(ctx, release_id)
        kernel, tenant_id = ctx.kernel, ctx.tenant_id
    if release.state != "compiling":
        return release.state
    try:
        found = _compile(kernel, kernel.files.get_bytes(tenant_id, release.component_key), manifest_of(release))
    except (ComponentRefused, FileDamaged, FileMissing) as error:
        return _settle(open_call, release_id, "refused", problem=error.problem())
    return _settle(open_call, release_id, "ready", inspection=_listed(found))


def ensure_compiled(kernel: Kernel, tenant_id: UUID, component_key: str, manifest: ExtensionManifest) -> None:
    """Compile a ready release on this machine, which has not got it, not any more, or has another runtime by now.

    Calls that come meanwhile wait for the one compilation.
    """
    with _compiling:
        _compile(kernel, kernel.files.get_bytes(tenant_id, component_key), manifest)


def get_release(ctx: CallContext, release_id: UUID) -> Release:
    """Raises ReleaseNotFound."""
    release = ctx.session.scalar(select(Release).where(Release.id == release_id))
    if release is None:
        raise ReleaseNotFound("There is no release with this id.")
    return release


def find_release(ctx: CallContext, name: str, semver: str | None = None) -> Release:
    """A release by the extension's name and version; without a version, the one published last. Raises ReleaseNotFound."""
    wanted = select(Release).where(Release.name == name).order_by(Release.published_at.desc(), Release.id.desc())
    release = ctx.session.scalar((wanted.where(Release.semver == semver) if semver else wanted).limit(1))
    if release is None:
        raise ReleaseNotFound(f"No release of {name}{' ' + semver if semver else ''} is published here.")
    return release


def list_versions(ctx: CallContext, name: str) -> list[Release]:
    """All releases of an extension, the one published last first."""
    wanted = select(Release).where(Release.name == name).order_by(Release.published_at.desc(), Release.id.desc())
    return list(ctx.session.scalars(wanted))


def manifest_of(release: Release) -> ExtensionManifest:
    """A release's manifest, read again."""
    return read_manifest(orjson.dumps(release.manifest))


def _values(ctx: CallContext, read: ExtensionManifest, manifest: Mapping[str, Any], component: bytes, key: str) -> dict[str, Any]:
    return {
        "name": read.name, "semver": read.version, "title": read.title, "publisher": read.publisher, "manifest": manifest,
        "component_key": key, "digest": hashlib.sha256(component).digest(), "size": len(component), "state": "compiling",
        "inspection": {}, "problem": None, "job_id": None, "published_by": ctx.actor.name, "published_at": ctx.now(),
    }  # fmt: skip


def _again(ctx: CallContext, read: ExtensionManifest, values: Mapping[str, Any]) -> Release:
    """The release of this version that is there already; one that was refused takes the new content."""
    found = select(Release).where(Release.name == read.name, Release.semver == read.version).with_for_update()
    release = ctx.session.scalars(found, execution_options={"populate_existing": True}).one()
    if release.state == "refused":
        for name, value in values.items():
            setattr(release, name, value)
        ctx.session.flush()
    elif (release.digest, release.manifest) != (values["digest"], values["manifest"]):
        raise ReleasePublished(f"{_label(release)} was published with other content. Raise `version` in deskhand.json.")
    return release


def _compile(kernel: Kernel, component: bytes, manifest: ExtensionManifest) -> Inspection:
    return compile_component(artefact_store(kernel), component, manifest.asked, manifest.exports).inspection


def _settle(open_call: OpenCall, release_id: UUID, state: str, **facts: Any) -> str:
    with open_call() as ctx:
        release = get_release(ctx, release_id)
        if release.state == "compiling":
            release.state = state
            for name, value in facts.items():
                setattr(release, name, value)
            audit.record(ctx, f"extension_release.{state}", kind="extension.release", row_id=release.id, label=_label(release),
                         changes=facts.get("problem") or {})  # fmt: skip
        return release.state


def _listed(found: Inspection) -> dict[str, Any]:
    return {"functions": list(found.functions), "capabilities": list(found.capabilities), "wasi": list(found.wasi)}


def _label(release: Release) -> str:
    return f"{release.name}@{release.semver}"
