"""Object storage: bytes kept below the data folder, or in a bucket, under the hash of what they are.

Keys are `tenant/sha256` or `tenant/room/sha256`, so the same bytes are kept once in a tenant (and room) and never shared
between two. What a file is called and which type it has is said by the row that points at it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from kernel.config import Settings
from kernel.errors import DeskhandError, InvalidInput, NotFound, StartupError, Unavailable

if TYPE_CHECKING:
    from obstore.store import RetryConfig

MAX_BYTES = 100 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024
PATIENCE: RetryConfig = {"max_retries": 2, "retry_timeout": timedelta(seconds=30)}
_NAME = re.compile(r"(?:[a-z_]+/)?[0-9a-f]{64}")


class FileMissing(NotFound):
    """No such file in this tenant; another tenant's key answers the same."""

    code = "file_not_found"
    title = "No such file"


class FileTooLarge(InvalidInput):
    code = "file_too_large"
    status = 413
    title = "The file is too large"


class FileDamaged(DeskhandError):
    """The stored bytes are not those that were put."""

    code = "file_damaged"
    title = "The stored file is damaged"


class FilesUnavailable(Unavailable):
    code = "files_unavailable"
    title = "File storage does not answer"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What a row keeps of a file: `size` in bytes, `sha256` in hex."""

    key: str
    size: int
    sha256: str
    content_type: str


class FileStore:
    """Puts and gets files of one tenant at a time."""

    def __init__(self, store: ObjectStore, *, max_bytes: int = MAX_BYTES) -> None:
        self._store = store
        self._max_bytes = max_bytes

    def put_bytes(self, tenant_id: UUID, data: bytes, *, content_type: str, room: str = "") -> StoredFile:
        """Keep the bytes; putting the same bytes again changes nothing. A room that deletes files names itself, lest it takes
        those of another. Raises FileTooLarge, FilesUnavailable."""
        if len(data) > self._max_bytes:
            raise FileTooLarge(f"The file has {len(data)} bytes; at most {self._max_bytes} are allowed.")
        digest = hashlib.sha256(data).hexdigest()
        key = f"{tenant_id}/{room}/{digest}" if room else f"{tenant_id}/{digest}"
        with _named(key):
            obstore.put(self._store, key, data)
        return StoredFile(key, len(data), digest, content_type)

    def get_bytes(self, tenant_id: UUID, key: str) -> bytes:
        """The whole file. Raises FileMissing, FileDamaged, FilesUnavailable."""
        return b"".join(self.open_stream(tenant_id, key))

    def open_stream(self, tenant_id: UUID, key: str) -> Iterator[bytes]:
        """The file in chunks; that it exists is known on return. Raises as `get_bytes`, FileDamaged after the last
        chunk."""
        key = _own(tenant_id, key)
        with _named(key):
            chunks = obstore.get(self._store, key).stream(min_chunk_size=CHUNK_BYTES)
        return _verified(key, iter(chunks))

    def delete(self, tenant_id: UUID, key: str) -> None:
        """Forget the file; a file already gone is no error. The caller knows that no other row points at it."""
        key = _own(tenant_id, key)
        try:
            with _named(key):
                obstore.delete(self._store, key)
        except FileMissing:
            return


def open_store(settings: Settings, *, max_bytes: int = MAX_BYTES) -> FileStore:
    """Storage at `files_url` (`s3://bucket/prefix`; access as the AWS environment variables say), or in the data
    folder when that is empty. Raises StartupError."""
    try:
        if settings.files_url:
            return FileStore(from_url(settings.files_url, retry_config=PATIENCE), max_bytes=max_bytes)
        return FileStore(LocalStore(settings.data_dir / "files", mkdir=True), max_bytes=max_bytes)
    except (BaseError, ValueError, OSError) as error:
        raise StartupError(f"File storage cannot be opened: {error}") from error


def _own(tenant_id: UUID, key: str) -> str:
    """The key, if it can be this tenant's."""
    owner, _, name = key.partition("/")
    if owner != str(tenant_id) or not _NAME.fullmatch(name):
        raise FileMissing(f"There is no file {key!r}.")
    return key


def _verified(key: str, chunks: Iterator[object]) -> Iterator[bytes]:
    digest = hashlib.sha256()
    with _named(key):
        for chunk in chunks:
            data = bytes(chunk)  # type: ignore[call-overload]  # obstore's buffer, or its type says nothing
            digest.update(data)
            yield data
    if digest.hexdigest() != key.rpartition("/")[2]:
        raise FileDamaged(f"The file {key} does not have the content it was stored with.")


@contextmanager
def _named(key: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise FileMissing(f"There is no file {key!r}.") from error
    except (BaseError, OSError) as error:
        raise FilesUnavailable(f"File storage failed: {str(error).splitlines()[0]}") from error
