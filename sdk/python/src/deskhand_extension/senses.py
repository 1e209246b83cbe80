"""Gives the language's own clock, chance and output what the sandbox takes from them.

Imported before an author's module: what that one imports by name is then the host's already.
"""

from __future__ import annotations

import builtins
import datetime
import errno
import io
import linecache
import os
import random
import sys
import time
import traceback
from types import CodeType
from typing import Any, Self

from deskhand_extension._wire import CALLED
from deskhand_extension.host import clock, log
from deskhand_extension.host import random as chance

_MOST_BYTES = 1024
_whole_position = traceback._get_code_position  # type: ignore[attr-defined]


_here_time_ns, _here_urandom = time.time_ns, os.urandom
"""Of the machine that builds: for what an author's module does while it is imported."""


class _Lines(io.TextIOBase):
    """A file whose lines go to the log."""

    def __init__(self, write: Any) -> None:
        self._write = write
        self._rest = ""

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._write(line)
        return len(text)

    def flush(self) -> None:
        if self._rest:
            self._write(self._rest)
            self._rest = ""


class _Date(datetime.date):
    @classmethod
    def today(cls) -> Self:
        return cls.fromtimestamp(time.time())


class _Moment(datetime.datetime):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Self:
        return cls.fromtimestamp(time.time(), tz)

    @classmethod
    def today(cls) -> Self:
        return cls.now()

    @classmethod
    def utcnow(cls) -> Self:
        return cls.now(datetime.UTC).replace(tzinfo=None)


def _time_ns() -> int:
    return clock.now_ms() * 1_000_000 if CALLED else _here_time_ns()


def _time() -> float:
    return _time_ns() / 1_000_000_000


def _urandom(count: int) -> bytes:
    if not CALLED:
        return _here_urandom(count)
    return b"".join(chance.bytes(min(_MOST_BYTES, count - at)) for at in range(0, count, _MOST_BYTES))


def _no_file(path: Any, *_: Any, **__: Any) -> Any:
    raise FileNotFoundError(errno.ENOENT, "an extension has no files", path)


def _no_sleep(_seconds: float) -> None:
    raise RuntimeError("an extension cannot sleep; ask for a schedule")


def _position(code: CodeType, instruction: int) -> tuple[int | None, ...]:
    """Lines without columns: to draw its marks below a line, traceback compiles what it shows, and that looks for files."""
    return (*_whole_position(code, instruction)[:2], None, None)


def take_over() -> None:
    """Before the author's module is imported, while the component is built."""
    time.time = time.monotonic = time.perf_counter = _time
    time.time_ns = time.monotonic_ns = time.perf_counter_ns = _time_ns
    datetime.date, datetime.datetime = _Date, _Moment  # type: ignore[misc]
    os.urandom = _urandom
    random._urandom = _urandom  # type: ignore[attr-defined]
    time.sleep = _no_sleep


def close_files(*sources: str) -> None:
    """After the author's module is imported: only while a component is built there are files.

    The lines of `sources` stay, for tracebacks to show.
    """
    for source in sources:
        linecache.getlines(source)
    traceback._get_code_position = _position  # type: ignore[attr-defined]
    linecache.checkcache = lambda _filename=None: None
    linecache.updatecache = lambda _filename, _globals=None: []
    linecache.lazycache = lambda _filename, _globals: False
    os.stat = os.lstat = os.open = os.listdir = os.scandir = _no_file  # type: ignore[assignment]
    io.open = builtins.open = _no_file  # type: ignore[assignment]


def wake_up() -> None:
    """At the start of each call: the memory is that of the build, and with it the state of `random`."""
    CALLED.append(True)
    random.seed(chance.bytes(32))
    sys.stdout, sys.stderr = _Lines(log.info), _Lines(log.warn)


def hush(for_good: bool = False) -> None:
    """At the end of each call: what was printed without an end of line is a line. What comes then is lost if `for_good`."""
    sys.stdout.flush()
    sys.stderr.flush()
    if for_good:
        sys.stdout = sys.stderr = io.StringIO()
