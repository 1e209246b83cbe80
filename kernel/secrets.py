"""Secrets at rest: envelope encryption, and keys derived for one purpose each.

Each tenant has a data key; it is stored only wrapped by a key-encryption key (KEK) that the database never sees. A
sealed value is bound to its place (tenant, purpose, row, column), so a copy in another place does not open.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import tempfile
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kernel.config import Settings
from kernel.errors import DeskhandError, StartupError

KEY_BYTES = 32
NONCE_BYTES = 12
KEY_ID_BYTES = 8
FORMAT = b"\x01"
KEY_FILE = "secret.key"
_WRAP = b"deskhand data key"


class SecretUnreadable(DeskhandError):
    """The stored secret was changed, moved to another place, or sealed with another data key."""

    code = "secret_unreadable"
    title = "A stored secret cannot be read"


class KeyUnknown(DeskhandError):
    """The data key was wrapped by a key-encryption key that this process does not have."""

    code = "secret_key_unknown"
    title = "The key that protects this tenant's secrets is missing"


class Vault:
    """Seals and opens secrets. `keks` are 32-byte keys, the current one first, older ones for reading only."""

    def __init__(self, keks: Sequence[bytes]) -> None:
        if not keks or any(len(kek) != KEY_BYTES for kek in keks):
            raise StartupError(f"A secret key of exactly {KEY_BYTES} bytes is needed.")
        self._keks = {_derive(kek, "key id")[:KEY_ID_BYTES]: kek for kek in keks}
        self._current = next(iter(self._keks))

    def new_data_key(self) -> bytes:
        """A fresh random data key, wrapped by the current KEK; store it as it is."""
        return self._wrap(secrets.token_bytes(KEY_BYTES))

    def rewrap(self, wrapped: bytes) -> bytes:
        """The same data key under the current KEK; what it sealed stays readable. Raises KeyUnknown."""
        return self._wrap(self._unwrap(wrapped))

    def is_current(self, wrapped: bytes) -> bool:
        """True if the data key needs no `rewrap`."""
        return wrapped[1 : 1 + KEY_ID_BYTES] == self._current

    def seal(self, wrapped: bytes, plaintext: bytes, aad: bytes) -> bytes:
        """Encrypt with AES-256-GCM (NIST SP 800-38D) under the tenant's data key, bound to `aad` (see `place`)."""
        nonce = os.urandom(NONCE_BYTES)
        return FORMAT + nonce + AESGCM(self._unwrap(wrapped)).encrypt(nonce, plaintext, aad)

    def open(self, wrapped: bytes, sealed: bytes, aad: bytes) -> bytes:
        """Decrypt what `seal` made for the same place. Raises SecretUnreadable, KeyUnknown."""
        if sealed[:1] != FORMAT:
            raise SecretUnreadable("The stored secret has an unknown format.")
        return _decrypt(self._unwrap(wrapped), sealed[1:], aad)

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose, from the current KEK by HKDF-SHA256 (RFC 5869)."""
        return self.derive_all(purpose)[0]

    def derive_all(self, purpose: str) -> list[bytes]:
        """The purpose's key from every KEK, current first: sign with the first, verify with each."""
        return [_derive(kek, f"purpose {purpose}") for kek in self._keks.values()]

    def _wrap(self, data_key: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return FORMAT + self._current + nonce + AESGCM(self._keks[self._current]).encrypt(nonce, data_key, _WRAP)

    def _unwrap(self, wrapped: bytes) -> bytes:
        kek = self._keks.get(wrapped[1 : 1 + KEY_ID_BYTES])
        if wrapped[:1] != FORMAT or kek is None:
            raise KeyUnknown("Add the earlier secret key behind the current one in DESKHAND_SECRET_KEY.")
        return _decrypt(kek, wrapped[1 + KEY_ID_BYTES :], _WRAP)


def place(tenant_id: UUID, table: str, row: object, column: str) -> bytes:
    """The associated data that ties a sealed value to one column of one row of one tenant."""
    return json.dumps([str(tenant_id), table, str(row), column]).encode()


def load_vault(settings: Settings) -> Vault:
    """The vault of this installation; its key file is made at the first start. Raises StartupError."""
    return Vault(load_keks(settings.secret_key, settings.data_dir))


def load_keks(secret_key: str, data_dir: Path) -> list[bytes]:
    """The KEKs, current first: from the setting (base64, several parted by commas), else from the data folder's key
    file (one a line), which is made at the first start. Raises StartupError saying what to mend."""
    if secret_key:
        return [_decode(part, "DESKHAND_SECRET_KEY") for part in secret_key.split(",")]
    path = data_dir / KEY_FILE
    if not path.exists():
        _create_key_file(path)
    if path.stat().st_mode & 0o077:
        raise StartupError(f"{path} can be read by others; run: chmod 600 {path}")
    return [_decode(line, str(path)) for line in path.read_text().split()]


def _create_key_file(path: Path) -> None:
    """Write the file whole or not at all; of two processes starting at once, the first one's key stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    except FileExistsError:
        pass  # another process was first: its key is the one to read
    finally:
        os.unlink(temporary)


def _decode(text: str, source: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise StartupError(f"{source} must hold {KEY_BYTES} bytes in base64; make one with: openssl rand -base64 32")
    return key


def _derive(key: bytes, info: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"deskhand {info}".encode()).derive(key)


def _decrypt(key: bytes, data: bytes, aad: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], aad)
    except (InvalidTag, ValueError) as error:
        raise SecretUnreadable("The stored secret was changed or moved.") from error
