"""Folders of test runs in the system's temporary folder. A run that is killed leaves its own behind; the next one removes it."""

from __future__ import annotations

import shutil
import tempfile
import time
from glob import glob
from pathlib import Path

from kernel.errors import StartupError
from local.folder import FolderLock

YOUNG_SECONDS = 600
"""A folder so young may be of a run that has not locked it yet."""


def make_folder(kind: str) -> Path:
    """A new folder with a database to be in it; removes those of this kind whose run is over."""
    prefix = f"deskhand-{kind}-"
    for old in glob(f"{tempfile.gettempdir()}/{prefix}*/*/lock"):  # which bears that folders go meanwhile
        _remove_unless_held(Path(old))
    return Path(tempfile.mkdtemp(prefix=prefix))


def remove_folder(folder: Path) -> None:
    """Remove a run's folder, and its database where an unprivileged account kept that elsewhere."""
    for data in folder.glob("*/data"):
        if data.is_symlink():
            shutil.rmtree(data.resolve().parent, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def _remove_unless_held(path: Path) -> None:
    lock = FolderLock(path)
    try:
        if time.time() - path.stat().st_mtime < YOUNG_SECONDS:
            return
        lock.take()
    except (OSError, StartupError):  # somebody else's, just removed, or in use
        return
    remove_folder(path.parents[1])
    lock.release()
