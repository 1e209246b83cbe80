"""No orphans: children that end with their parent, and a look at who else is alive."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(parent: int | None = None, with_signal: int = signal.SIGKILL) -> None:
    """Let the system signal this process when the thread that started it ends. Linux only; elsewhere nothing happens.

    With `parent` given, a parent that ended before this call is noticed too, and this process ends at once.
    """
    if _libc is None:
        return
    _libc.prctl(_PR_SET_PDEATHSIG, with_signal)
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), with_signal)


def dying_with_parent(with_signal: int = signal.SIGKILL) -> Callable[[], None]:
    """A `preexec_fn` for subprocesses that cannot call `die_with_parent` themselves; the parent is this process."""
    parent = os.getpid()
    return lambda: die_with_parent(parent, with_signal)


def is_alive(pid: int) -> bool:
    """True if a process of this number runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def processes_in(folder: Path, name: str) -> list[int]:
    """Processes called `name` that work in `folder`; none where the system has no /proc."""
    numbers = (int(entry.name) for entry in Path("/proc").glob("[0-9]*"))
    return [pid for pid in numbers if works_in(pid, folder, name)]


def works_in(pid: int, folder: Path, name: str) -> bool:
    """True if the process is called `name` and works in `folder`; without /proc, if it is alive at all."""
    if _libc is None:
        return is_alive(pid)
    entry = Path("/proc") / str(pid)
    try:
        return (entry / "comm").read_text().strip() == name and os.readlink(entry / "cwd") == str(folder.resolve())
    except OSError:
        return False  # it ended meanwhile, or belongs to somebody else
