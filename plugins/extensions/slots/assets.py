"""Files of a bundle that browsers load: the pages of an extension and what they need.

A page runs in a sandboxed frame at an opaque origin, from where no cookie is sent. So the address itself says what may be
read: tenant, install and the digest of the files, under a code that only this installation can make. It holds for no other
tenant, install or content, and what it leads to never changes, so that browsers may keep it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from uuid import UUID

from kernel.context import CallContext
from kernel.files import FileDamaged, FileMissing
from plugins.extensions.errors import BundleFileNotFound, InstallNotFound
from plugins.extensions.models import SERVING, Install, Release
from plugins.extensions.publishing.releases import get_release, manifest_of, read_file
from plugins.extensions.services import get_install

if TYPE_CHECKING:
    from kernel.app import Kernel

PREFIX = "/x-ui"
TYPES = {
    "css": "text/css; charset=utf-8",
    "gif": "image/gif",
    "html": "text/html; charset=utf-8",
    "ico": "image/x-icon",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "mjs": "text/javascript; charset=utf-8",
    "png": "image/png",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
    "webp": "image/webp",
    "woff2": "font/woff2",
}
"""What is served, by the name's extension; a bundle may hold other files, which no browser gets."""
_CODE_BYTES = 16
_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Place:
    """Whose files an address leads to, and which."""

    tenant_id: UUID
    install_id: UUID
    digest: bytes

    def packed(self) -> bytes:
        return self.tenant_id.bytes + self.install_id.bytes + self.digest[:_DIGEST_BYTES]


@dataclass(frozen=True, slots=True)
class Asset:
    """One file and its type."""

    content: bytes
    kind: str


def folder_of(kernel: Kernel, place: Place) -> str:
    """The address below which an install's files lie, with a slash at its end."""
    packed = place.packed()
    return f"{PREFIX}/{_written(packed + _code(kernel, packed))}/"


def place_of(kernel: Kernel, token: str) -> Place:
    """What an address leads to. Raises BundleFileNotFound for one that was not made here."""
    try:
        raw = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except (binascii.Error, ValueError):
        raise BundleFileNotFound(_NOTHING) from None
    packed, code = raw[:-_CODE_BYTES], raw[-_CODE_BYTES:]
    if _written(raw) != token or len(packed) != 32 + _DIGEST_BYTES or not hmac.compare_digest(code, _code(kernel, packed)):
        raise BundleFileNotFound(_NOTHING)
    return Place(UUID(bytes=packed[:16]), UUID(bytes=packed[16:32]), packed[32:])


def read_asset(ctx: CallContext, place: Place, name: str) -> Asset:
    """A file of the release that the install serves now. Raises BundleFileNotFound, and ReleaseTampered where it was changed."""
    kind = TYPES.get(PurePosixPath(name).suffix.removeprefix(".").lower())
    try:
        install = get_install(ctx, place.install_id)
    except InstallNotFound:
        raise BundleFileNotFound(_NOTHING) from None
    release = get_release(ctx, install.release_id)
    known = install.state in SERVING and hmac.compare_digest(release.files_digest[:_DIGEST_BYTES], place.digest)
    if kind is None or not known or not manifest_of(release).is_asset(name):
        raise BundleFileNotFound(_NOTHING)
    try:
        return Asset(read_file(ctx, release, name), kind)
    except (FileMissing, FileDamaged) as error:
        raise BundleFileNotFound(_NOTHING) from error


def folder_for(ctx: CallContext, install: Install, release: Release) -> str:
    """`folder_of` for what an install serves now."""
    return folder_of(ctx.kernel, Place(ctx.tenant_id, install.id, release.files_digest))


_NOTHING = "There is no such file."


def _written(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").lower()


def _code(kernel: Kernel, packed: bytes) -> bytes:
    return hmac.new(kernel.vault.derive("extension files"), packed, hashlib.sha256).digest()[:_CODE_BYTES]
