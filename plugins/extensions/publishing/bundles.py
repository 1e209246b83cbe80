"""A bundle: one zip file with `deskhand.json`, `component.wasm`, the files that the manifest names, and a signature.

What is signed and compared is the digest of the content, not the zip: the same files give the same digest whoever packs
them. Nothing of a bundle is unpacked before all its names and sizes have been looked at.
"""

from __future__ import annotations

import hashlib
import io
import re
import stat
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from plugins.extensions.errors import BundleRefused, BundleTooLarge
from plugins.extensions.guests.limits import MIB

MANIFEST, COMPONENT, SIGNATURE = "deskhand.json", "component.wasm", "signature.json"
MAX_PACKED_BYTES, MAX_UNPACKED_BYTES, MAX_FILES = 32 * MIB, 128 * MIB, 2000
MAX_NAME_CHARS = 200
NO_FILES = hashlib.sha256().digest()
_NAME = re.compile(r"(?!.*(?:^|/)\.{1,2}(?:/|\Z))[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*\Z")
_DIGEST_OF = b"deskhand bundle 1\n"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 0x1
_ENTRY = b"PK\x01\x02"
"""What each entry of a zip file's list begins with."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """`files` are those that browsers and the settings page may ask for; `signature` is the text of `signature.json`."""

    manifest: bytes
    component: bytes
    files: Mapping[str, bytes]
    signature: bytes | None = None

    def digest(self) -> bytes:
        """The SHA-256 of the content. The manifest must be JSON."""
        listed = {name: hashlib.sha256(content).hexdigest() for name, content in self.files.items()}
        return content_digest(orjson.loads(self.manifest), hashlib.sha256(self.component).digest(), files_digest(listed))


def content_digest(manifest: Any, component: bytes, files: bytes) -> bytes:
    """The digest of a bundle from its manifest (whose keys have no order), the component's SHA-256 and `files_digest`."""
    read = hashlib.sha256(orjson.dumps(manifest, option=orjson.OPT_SORT_KEYS)).digest()
    return hashlib.sha256(_DIGEST_OF + read + component + files).digest()


def files_digest(listed: Mapping[str, str]) -> bytes:
    """The digest of the files besides manifest and component, from the SHA-256 of each in hex.

    >>> files_digest({}) == NO_FILES
    True
    """
    return hashlib.sha256("".join(f"{sha256} {name}\n" for name, sha256 in sorted(listed.items())).encode()).digest()


def pack_bundle(bundle: Bundle) -> bytes:
    """The zip file; the same bundle gives the same bytes."""
    inside = {MANIFEST: bundle.manifest, COMPONENT: bundle.component, **dict(sorted(bundle.files.items()))}
    if bundle.signature is not None:
        inside[SIGNATURE] = bundle.signature
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in inside.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def read_bundle(packed: bytes) -> Bundle:
    """Unpack a bundle in memory. Raises BundleTooLarge and BundleRefused."""
    if len(packed) > MAX_PACKED_BYTES:
        raise BundleTooLarge(f"The bundle has {len(packed)} bytes; at most {MAX_PACKED_BYTES} are allowed.")
    if packed.count(_ENTRY) > MAX_FILES:  # before the list is read, which may be all that there is
        raise BundleTooLarge(f"The bundle has more than {MAX_FILES} files.")
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            listed = [one for one in archive.infolist() if not one.is_dir()]
            _check_list(listed, len(archive.infolist()))
            files = {one.filename: _unpacked(archive, one) for one in listed}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as error:
        raise BundleRefused(f"The bundle cannot be unpacked: {error}") from error
    if missing := [name for name in (MANIFEST, COMPONENT) if name not in files]:
        raise BundleRefused(f"The bundle has no {missing[0]}.")
    return Bundle(files.pop(MANIFEST), files.pop(COMPONENT), signature=files.pop(SIGNATURE, None), files=files)


def _check_list(listed: list[zipfile.ZipInfo], entries: int) -> None:
    if entries > MAX_FILES:
        raise BundleTooLarge(f"The bundle has {entries} files; at most {MAX_FILES} are allowed.")
    for one in listed:
        _check_entry(one)
    if (size := sum(one.file_size for one in listed)) > MAX_UNPACKED_BYTES:
        raise BundleTooLarge(f"Unpacked the bundle has {size} bytes; at most {MAX_UNPACKED_BYTES} are allowed.")
    seen: set[str] = set()
    for one in listed:
        if one.filename.lower() in seen:
            raise BundleRefused(f"The bundle has {one.filename} twice.")
        seen.add(one.filename.lower())


def _check_entry(one: zipfile.ZipInfo) -> None:
    name = one.filename
    if len(name) > MAX_NAME_CHARS or not _NAME.match(name) or one.orig_filename != name:
        raise BundleRefused(
            f"A file of the bundle is named {name[:MAX_NAME_CHARS]!r}. Use letters, digits, dots, hyphens and underscores."
        )
    if one.flag_bits & _ENCRYPTED or one.compress_type not in _METHODS:
        raise BundleRefused(f"{name} is packed in a way that is not read here; use zip's deflate, without a password.")
    kind = stat.S_IFMT(one.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise BundleRefused(f"{name} is a link or a device, not a file.")


def _unpacked(archive: zipfile.ZipFile, one: zipfile.ZipInfo) -> bytes:
    """The content, as long as the list said and not a byte longer."""
    with archive.open(one) as file:
        content = file.read(one.file_size)
        if len(content) != one.file_size or file.read(1):
            raise BundleRefused(f"{one.filename} is not as long as the bundle says.")
    return content
