"""Lets a tenant of this machine serve what an author is writing: build, publish, install, and again at every save."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import orjson

from plugins.extensions import services
from plugins.extensions.author.building import build_extension
from plugins.extensions.author.errors import ServedAlready
from plugins.extensions.author.sdk import digest_of, source_files
from plugins.extensions.errors import ComponentRefused
from plugins.extensions.publishing import releases
from plugins.extensions.publishing.bundles import Bundle, pack_bundle
from plugins.extensions.publishing.packing import bundle_of_folder

if TYPE_CHECKING:
    from kernel.app import Kernel
    from kernel.context import CallContext
    from plugins.extensions.models import Release

_LOOK_EVERY = 0.3
_FROM_A_DESK = re.compile(r"[-.]dev\.[0-9a-f]{12}\Z")


class Served(NamedTuple):
    """What a tenant serves now, and what it was granted: all that deskhand.json asks for."""

    install_id: UUID
    name: str
    semver: str
    granted: tuple[str, ...]


def dev_version(version: str, digest: str) -> str:
    """A version of its own for each state of the source (https://semver.org, section 9).

    >>> dev_version("1.2.0", "0123456789abcdef"), dev_version("2.0.0-rc.1", "0123456789abcdef")
    ('1.2.0-dev.0123456789ab', '2.0.0-rc.1.dev.0123456789ab')
    """
    return f"{version}{'.' if '-' in version else '-'}dev.{digest[:12]}"


def serve_folder(kernel: Kernel, tenant_id: UUID, folder: Path, *, replace: bool = False) -> Served:
    """Build a folder and let the tenant serve it, with everything granted that it asks for.

    Raises BuildFailed, ToolMissing, BundleRefused, ManifestRefused, ComponentRefused, and ServedAlready where a published
    version would have to make way and may not (`replace`).
    """
    build_extension(folder)
    bundle = bundle_of_folder(folder)
    manifest = orjson.loads(bundle.manifest)
    named = manifest | {"version": dev_version(str(manifest.get("version", "")), bundle.digest().hex())}
    packed = pack_bundle(Bundle(orjson.dumps(named), bundle.component, bundle.files))
    with kernel.call(tenant_id) as ctx:
        if not replace:
            _refuse_replacing(ctx, str(manifest.get("name")))
        release_id = releases.publish_release(ctx, packed).id
    releases.compile_release(lambda: kernel.call(tenant_id), release_id)
    with kernel.call(tenant_id) as ctx:
        release = releases.get_release(ctx, release_id)
        if release.problem:
            raise ComponentRefused(release.problem["detail"], code=release.problem["code"])
        return _serve(ctx, release)


def watch(folder: Path) -> Iterator[None]:
    """Yields each time that a source file was saved, came or went. Never ends."""
    before = digest_of(source_files(folder))
    while True:
        time.sleep(_LOOK_EVERY)
        now = digest_of(source_files(folder))
        if now != before:
            before = now
            yield


def _refuse_replacing(ctx: CallContext, name: str) -> None:
    installed = services.installed_as(ctx, name)
    if installed is None:
        return
    semver = releases.get_release(ctx, installed.release_id).semver
    if not _FROM_A_DESK.search(semver):
        raise ServedAlready(f"{ctx.tenant.name} serves {name} {semver}. Say --replace to let your build serve in its place.")


def _serve(ctx: CallContext, release: Release) -> Served:
    asked = releases.manifest_of(release).asked
    installed = services.installed_as(ctx, release.name)
    if installed is None:
        installed = services.install_extension(ctx, release_id=release.id, grants=asked)
    else:
        installed = services.upgrade_install(ctx, installed.id, release_id=release.id)
        if installed.pending_release_id:
            services.consent(ctx, installed.id, grants=asked)
        for one in asked:
            services.grant_capability(ctx, installed.id, one)
    return Served(installed.id, release.name, release.semver, tuple(asked))
