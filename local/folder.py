"""A data folder: one process at a time, room on its disk, files for its owner only."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
import sys
import time
from pathlib import Path

from kernel.errors import StartupError
from local.lifeline import is_alive

MEGABYTE = 1024 * 1024
SOCKET_FILE = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 103 if sys.platform == "darwin" else 107
_FAREWELL_SECONDS = 3.0


class FolderLock:
    """Held by the one process that runs the database of a folder; the system lets go of it when that process ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def take(self) -> None:
        """Raises StartupError naming the process that holds the folder. Taking it twice is no harm."""
        if self._descriptor is not None:
            return
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + _FAREWELL_SECONDS
        while not _try_lock(descriptor):
            holder = _holder(descriptor)
            # Children of a killed holder keep the lock for the moment that they need to die.
            if time.monotonic() > deadline or is_alive(holder):
                os.close(descriptor)
                raise StartupError(
                    f"The data folder {self.path.parent} is in use by another Deskhand (process {holder})."
                    " Stop that one, or name another folder in DESKHAND_DATA_DIR."
                )
            time.sleep(0.05)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        """Let go; in a forked child this closes the copy only, and the parent goes on holding the folder."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(descriptor: int) -> int:
    return int(os.pread(descriptor, 20, 0).strip() or b"0") or os.getpid()


def make_private(folder: Path) -> None:
    """Create the folder and its parents if missing, and let only its owner in. Raises StartupError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise StartupError(f"The folder {folder} cannot be made: {error.strerror}.") from error


def check_space(folder: Path, megabytes: int) -> None:
    """Raises StartupError if the disk of the folder has less room."""
    free = shutil.disk_usage(folder).free // MEGABYTE
    if free < megabytes:
        raise StartupError(disk_full(folder, f"{free} MB are free, {megabytes} MB are needed"))


def disk_full(folder: Path, facts: str) -> str:
    """The sentence for a full disk."""
    return f"The disk that holds {folder} is too full ({facts}). Make room there and start again; nothing was lost."


def socket_folder(folder: Path) -> Path:
    """Where the sockets of a data folder are: inside it, or in a short private place when the path gets too long."""
    inside = folder / "socket"
    if len(os.fsencode(inside / SOCKET_FILE)) <= SOCKET_PATH_LIMIT:
        return inside
    key = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path("/tmp") / f"deskhand-{os.geteuid()}" / key  # noqa: S108 - checked by make_socket_folder


def make_socket_folder(place: Path, folder: Path) -> None:
    """Create the socket folder. Raises StartupError if somebody else got hold of the place under /tmp."""
    if place.parent != folder:
        place.parent.mkdir(mode=0o700, exist_ok=True)
        found = place.parent.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise StartupError(
                f"The path of {folder} is too long for a socket, and {place.parent} is not a private folder of yours."
                " Remove it, or choose a shorter DESKHAND_DATA_DIR."
            )
    make_private(place)
