"""Publishing: a manifest and a component become a release, compiled once, and never changed after that."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from kernel import audit, jobs
from kernel.context import CallContext
from kernel.files import FileDamaged, FileMissing
from kernel.ids import uuid7
from plugins.extensions.errors import ComponentRefused, ReleaseNotFound, ReleasePublished, SignatureInvalid
from plugins.extensions.guests.compiling import compile_component
from plugins.extensions.guests.inspection import Inspection, check_bytes
from plugins.extensions.models import Release
from plugins.extensions.publishers.signing import fingerprint, is_signed_by, read_signature
from plugins.extensions.publishers.trust import check_trust
from plugins.extensions.publishing.bundles import Bundle, files_digest, read_bundle
from plugins.extensions.publishing.manifest import check_files, read_manifest
from plugins.extensions.publishing.manifest_parts import ExtensionManifest
from plugins.extensions.runtime import artefact_store

if TYPE_CHECKING:
    from kernel.app import Kernel

_compiling = threading.Lock()
_MOST_VERSIONS = 50
WASM = "application/wasm"
COMPILE_JOB = "extensions.compile"
OpenCall = Callable[[], AbstractContextManager[CallContext]]


def publish_release(ctx: CallContext, packed: bytes) -> Release:
    """Take in a bundle and queue its compiling; the release's `state` says what became of that.

    The same version with the same content is the release that is there. Raises BundleRefused, ManifestRefused,
    ComponentRefused, SignatureInvalid and what `trust.check_trust` raises, or ReleasePublished for other content.
    """
    bundle = read_bundle(packed)
    read = read_manifest(bundle.manifest, ctx.kernel.plugins.capabilities)
    check_bytes(bundle.component, read.runtime)
    check_files(read, bundle.files)
    values = _values(ctx, read, bundle)
    check_trust(ctx, Release(**values))
    _keep_files(ctx, bundle)
    added = insert(Release).values(tenant_id=ctx.tenant_id, id=uuid7(), **values)
    fresh = ctx.session.scalar(added.on_conflict_do_nothing(index_elements=["tenant_id", "name", "semver"]).returning(Release.id))
    release = get_release(ctx, fresh) if fresh else _again(ctx, read, values)
    if release.state == "compiling" and release.job_id is None:
        release.job_id = jobs.enqueue(ctx, COMPILE_JOB, {"release_id": release.id}, key=str(release.id))
        audit.record(ctx, "extension_release.published", kind="extension.release", row_id=release.id, label=_label(release),
                     changes={"sha256": values["digest"].hex(), "capabilities": list(read.asked),
                              "signer": fingerprint(release.signer) if release.signer else None})  # fmt: skip
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
    settle = partial(_settle, open_call, release_id, _content(release))
    try:
        found = _compile(kernel, kernel.files.get_bytes(tenant_id, release.component_key), manifest_of(release))
    except (ComponentRefused, FileDamaged, FileMissing) as error:
        state = settle("refused", problem=error.problem())
    else:
        state = settle("ready", inspection=_listed(found))
    return compile_release(open_call, release_id) if state == "compiling" else state


def ensure_compiled(kernel: Kernel, tenant_id: UUID, component_key: str, manifest: ExtensionManifest) -> None:
    """Compile a ready release on this machine, which has not got it, not any more, or has another runtime by now.

    Calls that come meanwhile wait for the one compilation.
    """
    with _compiling:
        _compile(kernel, kernel.files.get_bytes(tenant_id, component_key), manifest)


def get_release(ctx: CallContext, release_id: UUID, *, lock: bool = False) -> Release:
    """Raises ReleaseNotFound."""
    wanted = select(Release).where(Release.id == release_id)
    if lock:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    release = ctx.session.scalar(wanted)
    if release is None:
        raise ReleaseNotFound("There is no release with this id.")
    return release


def find_release(ctx: CallContext, name: str, semver: str | None = None) -> Release:
    """A release by the extension's name and version; without a version, the one published last of those that were not taken
    back. Raises ReleaseNotFound.
    """
    wanted = select(Release).where(Release.name == name).order_by(Release.published_at.desc(), Release.id.desc())
    one = Release.semver == semver if semver else Release.yanked_at.is_(None)
    release = ctx.session.scalar(wanted.where(one).limit(1))
    if release is None:
        raise ReleaseNotFound(f"No release of {name}{' ' + semver if semver else ''} is published here.")
    return release


def list_versions(ctx: CallContext, name: str) -> list[Release]:
    """The latest releases of an extension, the one published last first; `ext dev` publishes one at each save."""
    wanted = select(Release).where(Release.name == name).order_by(Release.published_at.desc(), Release.id.desc())
    return list(ctx.session.scalars(wanted.limit(_MOST_VERSIONS)))


def manifest_of(release: Release) -> ExtensionManifest:
    """A release's manifest, read again."""
    return read_manifest(orjson.dumps(release.manifest))


def read_file(ctx: CallContext, release: Release, name: str) -> bytes:
    """A file of the release's bundle, as it was published. Raises FileMissing, FileDamaged, ReleaseTampered."""
    check_trust(ctx, release)
    if name not in release.files:
        raise FileMissing(f"{_label(release)} has no file {name!r}.")
    return ctx.kernel.files.get_bytes(ctx.tenant_id, f"{ctx.tenant_id}/{release.files[name]['sha256']}")


def _values(ctx: CallContext, read: ExtensionManifest, bundle: Bundle) -> dict[str, Any]:
    signed = None if bundle.signature is None else read_signature(bundle.signature)
    digest = hashlib.sha256(bundle.component).digest()
    if signed and not is_signed_by(bundle.digest(), signed.key, signed.value):
        raise SignatureInvalid("signature.json does not fit what is in the bundle. Sign it again after the last change.")
    files = {
        name: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()} for name, content in bundle.files.items()
    }
    return {
        "name": read.name, "semver": read.version, "title": read.title, "publisher": read.publisher,
        "manifest": orjson.loads(bundle.manifest), "component_key": f"{ctx.tenant_id}/{digest.hex()}", "digest": digest,
        "files": files, "files_digest": files_digest({name: one["sha256"] for name, one in files.items()}),
        "signature": signed.value if signed else None, "signer": signed.key if signed else None,
        "size": len(bundle.component), "state": "compiling", "inspection": {}, "problem": None, "job_id": None,
        "published_by": ctx.actor.name, "published_at": ctx.now(),
    }  # fmt: skip


def _keep_files(ctx: CallContext, bundle: Bundle) -> None:
    put = partial(ctx.kernel.files.put_bytes, ctx.tenant_id)
    put(bundle.component, content_type=WASM)
    for content in bundle.files.values():
        put(content, content_type="application/octet-stream")


def _again(ctx: CallContext, read: ExtensionManifest, values: Mapping[str, Any]) -> Release:
    """The release of this version that is there already; one that was refused takes the new content."""
    found = select(Release).where(Release.name == read.name, Release.semver == read.version).with_for_update()
    release = ctx.session.scalars(found, execution_options={"populate_existing": True}).one()
    if release.state == "refused":
        for name, value in values.items():
            setattr(release, name, value)
        ctx.session.flush()
    elif any(getattr(release, part) != values[part] for part in ("digest", "manifest", "files", "signature")):
        raise ReleasePublished(f"{_label(release)} was published with other content. Raise `version` in deskhand.json.")
    return release


def _compile(kernel: Kernel, component: bytes, manifest: ExtensionManifest) -> Inspection:
    return compile_component(artefact_store(kernel), component, manifest.asked, manifest.exports, manifest.runtime).inspection


def _content(release: Release) -> tuple[bytes, Mapping[str, Any]]:
    return release.digest, release.manifest


def _settle(open_call: OpenCall, release_id: UUID, compiled: tuple[bytes, Mapping[str, Any]], state: str, **facts: Any) -> str:
    """Write down what became of what was `compiled`, unless somebody else did, or the version was refused meanwhile and published
    with other content, which is not known yet.
    """
    with open_call() as ctx:
        release = ctx.session.scalars(select(Release).where(Release.id == release_id).with_for_update()).one()
        if release.state == "compiling" and _content(release) == compiled:
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
