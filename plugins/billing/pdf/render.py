"""Laid-out invoices as PDF and as pictures, rendered by typst in a child process that cannot outgrow its limits."""

from __future__ import annotations

import atexit
import json
import logging
import os
import re
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from kernel.errors import DeskhandError

WORKER = Path(__file__).with_name("worker.py")
FONTS = ("fontpkg_inter", "fontpkg_noto_sans", "fontpkg_noto_sans_arabic")
MAX_DOCUMENT = 8 * 1024 * 1024
RENDERS_PER_CHILD = 200  # then a fresh one: typst keeps what it has laid out
# Control characters, halves of surrogate pairs, and the marks that turn the direction of what follows them: a
# description could make the amounts behind it read backwards.
_UNPRINTABLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")
_log = logging.getLogger(__name__)


class PdfFailed(DeskhandError):
    """The document could not be rendered: it is not complete, too large, or ran into a limit of time or memory."""

    code = "pdf_failed"
    title = "The PDF could not be made"


class Renderer:
    """One child process, started when first needed and replaced when it dies. Safe to use from many threads.

    `seconds` bounds the CPU time and, with as much again for a busy machine, the wall time of one document;
    `memory` is the child's address space in bytes.
    """

    def __init__(self, *, seconds: float = 10, memory: int = 1024 * 1024 * 1024) -> None:
        self._seconds = seconds
        self._memory = memory
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._renders = 0

    def render(self, document: Mapping[str, Any], *, created: datetime | None = None) -> bytes:
        """The PDF of one sheet (see `layouts.sheet.Sheet`), PDF/A-3b. The same sheet created at the same time gives the same
        bytes. Raises PdfFailed."""
        at = created or datetime.now(UTC)
        [pdf] = self._request({"document": _printable(document), "created": int(at.timestamp()), "pages": 0})
        return pdf

    def picture(self, document: Mapping[str, Any], *, pages: int = 1) -> list[bytes]:
        """The first pages of one sheet as PNG files. Raises PdfFailed."""
        return self._request({"document": _printable(document), "created": 0, "pages": pages})

    def _request(self, asked: Mapping[str, Any]) -> list[bytes]:
        request = json.dumps(asked).encode()
        if len(request) > MAX_DOCUMENT:
            raise PdfFailed(f"The document has {len(request)} bytes; at most {MAX_DOCUMENT} can be rendered.")
        with self._lock:
            return self._ask(self._ready_child(), request)

    def close(self) -> None:
        """End the child process."""
        child, self._child = self._child, None
        if child is not None and self._owner == os.getpid():
            child.kill()
            child.communicate()

    def _ready_child(self) -> subprocess.Popen[bytes]:
        forked = self._owner != os.getpid()
        if self._child is None or forked or self._child.poll() is not None or self._renders >= RENDERS_PER_CHILD:
            self.close()
            self._child, self._owner, self._renders = self._start(), os.getpid(), 0
        self._renders += 1
        return self._child

    def _start(self) -> subprocess.Popen[bytes]:
        """Without our environment, so without our secrets, and out of reach of the terminal's Ctrl-C."""
        fonts = [str(files(package) / "files") for package in FONTS]
        command = [sys.executable, "-I", str(WORKER), str(self._memory), str(max(1, round(self._seconds))), *fonts]
        environment = {"RAYON_NUM_THREADS": "1", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                env=environment, cwd=WORKER.parent, start_new_session=True)  # fmt: skip

    def _ask(self, child: subprocess.Popen[bytes], request: bytes) -> list[bytes]:
        """Killing the child ends the blocking read, so the timer is all the wall clock needs."""
        patience = threading.Timer(self._seconds * 2, child.kill)
        patience.start()
        try:
            _send(child, request)
            parts = list(_answer(child))
        except (OSError, EOFError) as error:
            self.close()
            raise PdfFailed("Rendering ran into its limit of time or memory and was stopped.") from error
        finally:
            patience.cancel()
        return [part for kind, part in parts if _good(kind, part)]


def render_invoice(document: Mapping[str, Any], *, created: datetime | None = None) -> bytes:
    """The PDF of one sheet, by this process's renderer. Raises PdfFailed."""
    return _renderer.render(document, created=created)


def picture_invoice(document: Mapping[str, Any], *, pages: int = 1) -> list[bytes]:
    """The first pages of one sheet as PNG files, by this process's renderer. Raises PdfFailed."""
    return _renderer.picture(document, pages=pages)


def _answer(child: subprocess.Popen[bytes]) -> Iterator[tuple[bytes, bytes]]:
    while True:
        kind, part = _receive(child)
        if kind == b"Z":
            return
        yield kind, part


def _good(kind: bytes, part: bytes) -> bool:
    """True for what was asked for; a warning is logged. Raises PdfFailed for an error."""
    if kind == b"W":
        _log.warning("Invoice PDF is not PDF/A: %s", part.decode("utf-8", "replace"))
    if kind == b"E":
        raise PdfFailed(f"The invoice template refused the document: {part.decode('utf-8', 'replace')}")
    return kind == b"P"


def _send(child: subprocess.Popen[bytes], request: bytes) -> None:
    assert child.stdin is not None  # noqa: S101 - both are pipes, see _start
    child.stdin.write(struct.pack(">I", len(request)) + request)
    child.stdin.flush()


def _receive(child: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    assert child.stdout is not None  # noqa: S101
    head = child.stdout.read(5)
    if len(head) < 5:
        raise EOFError
    size = struct.unpack(">I", head[1:])[0]
    part = child.stdout.read(size)
    if len(part) < size:
        raise EOFError
    return head[:1], part


def _printable(value: Any) -> Any:
    """The document as JSON can carry it: pictures (bytes) as numbers, strings without what cannot be printed."""
    if isinstance(value, str):
        return _UNPRINTABLE.sub("", value)
    if isinstance(value, bytes):
        return list(value)
    if isinstance(value, Mapping):
        return {key: _printable(one) for key, one in value.items() if one is not None}
    if isinstance(value, (list, tuple)):
        return [_printable(one) for one in value]
    return value


_renderer = Renderer()
atexit.register(_renderer.close)
