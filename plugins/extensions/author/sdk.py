"""Where the SDK lies, and its tool chains: installed once for each lock file, used without a network from then on."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from plugins.extensions.author.errors import BuildFailed, ToolMissing

SHIPPED = Path(__file__).resolve().parents[3] / "sdk"
_NOT_SOURCE = frozenset({"node_modules", "dist", "__pycache__"})


@cache
def sdk_folder() -> Path:
    """The SDK: in place where it may be written to (a source tree), else a copy in the user's cache."""
    if os.access(SHIPPED, os.W_OK):
        return SHIPPED
    copy = _cache() / f"sdk-{digest_of(source_files(SHIPPED))[:16]}"
    if not copy.is_dir():
        scratch = copy.with_name(f"{copy.name}.{os.getpid()}")
        shutil.copytree(SHIPPED, scratch, ignore=shutil.ignore_patterns(*_NOT_SOURCE))
        try:
            scratch.rename(copy)
        except OSError:  # somebody else was faster
            shutil.rmtree(scratch)
    return copy


def install_node_tools(folder: Path) -> bool:
    """`npm ci` for a folder of the SDK, once for each lock file; returns whether it had to. Raises ToolMissing, BuildFailed."""
    lock = digest_of([folder / "package-lock.json"])
    stamp = folder / "node_modules" / ".deskhand-lock"
    if stamp.is_file() and stamp.read_text() == lock:
        return False
    run_tool("npm", "ci", "--ignore-scripts", "--prefer-offline", cwd=folder)
    stamp.write_text(lock)
    return True


def run_tool(name: str, *arguments: str, cwd: Path, more: Mapping[str, str] | None = None) -> str:
    """What a tool of the Python environment, or of the PATH, prints; `more` goes into its environment.

    Raises ToolMissing, and BuildFailed with its words.
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    found = shutil.which(name, path=path)
    if found is None:
        raise ToolMissing(f"{name} was not found. Install the authors' tools: pip install 'deskhand[author]'", tool=name)
    done = subprocess.run(
        [found, *arguments],
        cwd=cwd,
        env=os.environ | {"PATH": path} | dict(more or {}),
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise BuildFailed((done.stdout + done.stderr).strip() or f"{name} ended with {done.returncode}.")
    return done.stdout


def source_files(folder: Path) -> list[Path]:
    """The files that an author or we wrote, in a steady order; what tools put there is left out."""
    left_out = _NOT_SOURCE | {one.parent.name for one in folder.glob("*/CACHEDIR.TAG")}  # as cargo marks what it made
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(part in left_out or part.startswith(".") for part in path.relative_to(folder).parts)
    )


def digest_of(files: Iterable[Path]) -> str:
    """A hash over names and contents."""
    digest = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        digest.update(f"{file.name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Builds share tool chains and the SDK's folder; a second one waits."""
    with (_cache() / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _cache() -> Path:
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "deskhand"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
