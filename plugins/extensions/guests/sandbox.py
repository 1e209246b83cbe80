"""What a worker gives up before it meets its first guest."""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from .landlock import read_only_beneath
from .limits import MAX_MODULE_BYTES, WORKER_ADDRESS_SPACE_BYTES, WORKER_MEMORY_BYTES

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_PR_SET_NO_NEW_PRIVS = 38
_OPEN_FILES = 32
_IMAGE_BYTES = 2 * MAX_MODULE_BYTES
_LAST = 12
"""Of nice; the web server has 0, other guests have 5, and a busy machine still lets it end before its time is up."""


def lock_down() -> bool:
    """Give up new privileges, files to write, core dumps and, where the kernel lets us, the network and all files but libraries.

    Returns whether the network is gone. Call it before any thread is started: a user namespace wants one thread.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    offline = any(libc.unshare(spaces) == 0 for spaces in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET))
    for limit, value in (
        (resource.RLIMIT_DATA, WORKER_MEMORY_BYTES),
        (resource.RLIMIT_AS, WORKER_ADDRESS_SPACE_BYTES),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, _IMAGE_BYTES))
    writable_bytes()  # opens what it reads, while that can be done
    see_libraries_only()
    return offline


def see_libraries_only() -> bool:
    """Open nothing any more but what Python and the runtimes may load late: their own code and the system's libraries.

    Returns whether the kernel can do that.
    """
    ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    own = (sys.prefix, sys.base_prefix, str(Path(__file__).parent))
    return read_only_beneath(Path(one) for one in (*own, "/lib", "/lib64", "/usr/lib", "/usr/lib64"))


@contextmanager
def images() -> Iterator[None]:
    """Let a runtime write a module's data into memory of the kernel's, from which it makes instances; no guest runs meanwhile."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (_IMAGE_BYTES, _IMAGE_BYTES))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, _IMAGE_BYTES))


def go_last(thread: int) -> None:
    """Let everybody else have the processor before this thread, from now on: there is no way back."""
    os.setpriority(os.PRIO_PROCESS, thread, _LAST)


def allow_cpu(seconds: float) -> None:
    """Let the kernel end this process `seconds` of CPU time from now, should its own watchdog fail."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


@cache
def _memory_map() -> int:
    """Opened once: that is most of what a look costs."""
    return os.open("/proc/self/statm", os.O_RDONLY)


def writable_bytes() -> int:
    """Private writable memory of this process. A guest's memory counts here as it grows, touched or not."""
    return int(os.pread(_memory_map(), 200, 0).split()[5]) * resource.getpagesize()
