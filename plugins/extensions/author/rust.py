"""An extension in Rust as a small module for extism, by cargo and the author's own compiler."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from plugins.extensions.author.errors import BuildFailed, ToolMissing
from plugins.extensions.author.sdk import run_tool, sdk_folder

TARGET = "wasm32-unknown-unknown"
_CRATE = "deskhand-extension-sdk"
_NO_RUST = (
    "cargo and rustc were not found. Install Rust from https://rustup.rs and say `rustup target add wasm32-unknown-unknown`; "
    "on Debian: apt install cargo rustc libstd-rust-dev-wasm32 lld"
)
_NO_LINKER = "linker `rust-lld` not found"


class Cargo(NamedTuple):
    """A cargo and the compiler beside it."""

    cargo: Path
    rustc: Path


def find_cargo(folder: Path) -> Cargo:
    """The first Rust on the PATH that compiles to WebAssembly in this folder, which may name a tool chain of its own.

    Raises ToolMissing, with the command that mends it.
    """
    found = list(_installed())
    if not found:
        raise ToolMissing(_NO_RUST, tool="cargo")
    for one in found:
        if _has_target(one.rustc, folder):
            return one
    rustup = (found[0].rustc.parent / "rustup").exists()
    mend = f"rustup target add {TARGET}" if rustup else "apt install libstd-rust-dev-wasm32 lld"
    raise ToolMissing(f"{found[0].rustc} does not compile to {TARGET}. Say: {mend}", tool=TARGET)


def _installed() -> Iterator[Cargo]:
    for place in os.environ.get("PATH", "").split(os.pathsep):
        one = Cargo(Path(place) / "cargo", Path(place) / "rustc")
        if all(os.access(tool, os.X_OK) for tool in one):
            yield one


def _has_target(rustc: Path, folder: Path) -> bool:
    """Whether the target's libraries lie where the compiler looks for them."""
    asked = [str(rustc), "--print", "target-libdir", "--target", TARGET]
    told = subprocess.run(asked, cwd=folder, check=False, capture_output=True, text=True)
    return told.returncode == 0 and any(Path(told.stdout.strip()).glob("libcore-*.rlib"))


def build_rust(folder: Path, target: Path) -> None:
    """Write the module of a folder with `Cargo.toml` and `src/lib.rs`. Raises ToolMissing, BuildFailed with cargo's words."""
    tools = find_cargo(folder)
    crate = sdk_folder() / "rust"
    _tell_editors(folder, crate)
    made = folder / "dist" / "target" / TARGET / "release"
    for old in made.glob("*.wasm"):
        old.unlink()
    _compile(tools, folder, crate)
    modules = list(made.glob("*.wasm"))
    if len(modules) != 1:
        raise BuildFailed('Cargo.toml makes no module of its own. Write: [lib] crate-type = ["cdylib"]')
    shutil.copyfile(modules[0], f"{target}.new")
    Path(f"{target}.new").replace(target)


def _compile(tools: Cargo, folder: Path, crate: Path) -> None:
    """Without a network first, which is enough unless crates are needed that cargo has not fetched yet."""
    arguments = (
        "build", "--release", "--quiet", "--target", TARGET, "--target-dir", "dist/target", "--config", _patch(crate),
    )  # fmt: skip
    more = {"RUSTC": str(tools.rustc)}
    try:
        run_tool(str(tools.cargo), *arguments, "--offline", cwd=folder, more=more)
    except BuildFailed as failed:
        if _NO_LINKER in failed.detail:
            raise ToolMissing(f"{tools.rustc} has no linker for {TARGET}. Say: apt install lld", tool="rust-lld") from None
        if "offline" not in failed.detail:
            raise
        run_tool(str(tools.cargo), *arguments, cwd=folder, more=more)


def _patch(crate: Path) -> str:
    """The SDK that came with this Deskhand stands for the one on crates.io."""
    return f'patch.crates-io.{_CRATE}.path="{crate}"'


def _tell_editors(folder: Path, crate: Path) -> None:
    """Lets cargo and rust-analyzer find the SDK as well, unless the author has settings of their own."""
    file = folder / ".cargo" / "config.toml"
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        file.write_text(
            "# Written by `deskhand ext build`: where this machine has the SDK. Not for version control.\n"
            f'[patch.crates-io]\n{_CRATE} = {{ path = "{crate}" }}\n\n[build]\ntarget-dir = "dist/target"\n'
        )
