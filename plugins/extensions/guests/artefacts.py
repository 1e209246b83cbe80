"""Compiled guests on disk. They are machine code, so each is sealed by HMAC and checked before it is loaded."""

from __future__ import annotations

import hashlib
import hmac
import os
import tempfile
from pathlib import Path

import orjson

from ..errors import ArtefactMissing, ArtefactTampered
from .engine import engine_fingerprint
from .wit import Shape

_SEAL_BYTES = hashlib.sha256().digest_size


class ArtefactStore:
    """A folder of `<key>.cwasm` and `<key>.json` (the component's imports and exports).

    `secret` is at least 32 bytes that no guest process ever sees.
    """

    def __init__(self, folder: Path, secret: bytes) -> None:
        if len(secret) < 32:
            raise ValueError("an artefact store wants a secret of at least 32 bytes")
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder = folder
        self._secret = secret

    def key(self, wasm: bytes) -> str:
        """The name of a component's compiled form: its content and everything that compiling depends on."""
        return self.key_of(hashlib.sha256(wasm).digest())

    def key_of(self, digest: bytes) -> str:
        """The same name, from the component's SHA-256."""
        return hashlib.sha256(digest + engine_fingerprint().encode()).hexdigest()

    def intact(self, key: str) -> bool:
        """Whether both files of a key are there and are what was written here."""
        try:
            self.shape(key)
            self.code(key)
        except (ArtefactMissing, ArtefactTampered):
            return False
        return True

    def put(self, key: str, code: bytes, imports: Shape, exports: Shape) -> None:
        """Seal and keep a compiled guest. Writing the same key twice is harmless."""
        self._write(f"{key}.json", orjson.dumps({"imports": imports, "exports": exports}))
        self._write(f"{key}.cwasm", code)

    def code(self, key: str) -> bytes:
        """The machine code; raises `ArtefactMissing` or `ArtefactTampered`."""
        return self._read(f"{key}.cwasm")

    def shape(self, key: str) -> tuple[Shape, Shape]:
        """The imports and exports; raises `ArtefactMissing` or `ArtefactTampered`."""
        shape = orjson.loads(self._read(f"{key}.json"))
        return shape["imports"], shape["exports"]

    def _seal(self, name: str, content: bytes) -> bytes:
        seal = hmac.new(self._secret, name.encode() + b"\0", hashlib.sha256)
        seal.update(content)
        return seal.digest()

    def _write(self, name: str, content: bytes) -> None:
        descriptor, draft = tempfile.mkstemp(dir=self.folder)
        with os.fdopen(descriptor, "wb") as file:
            file.write(self._seal(name, content) + content)
        os.replace(draft, self.folder / name)

    def _read(self, name: str) -> bytes:
        try:
            sealed = (self.folder / name).read_bytes()
        except FileNotFoundError:
            raise ArtefactMissing(f"There is no compiled guest {name}.") from None
        seal, content = sealed[:_SEAL_BYTES], sealed[_SEAL_BYTES:]
        if not hmac.compare_digest(seal, self._seal(name, content)):
            raise ArtefactTampered(f"{name} is not what was compiled here.")
        return content
