"""From an author's source to `dist/component.wasm`. The language is known by the file that the source starts in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from plugins.extensions.author.errors import BuildFailed
from plugins.extensions.author.python import build_python
from plugins.extensions.author.rust import build_rust
from plugins.extensions.author.sdk import digest_of, install_node_tools, one_at_a_time, run_tool, sdk_folder, source_files
from plugins.extensions.publishing.manifest import read_manifest
from plugins.extensions.surface.model import camel

COMPONENT = Path("dist") / "component.wasm"


class Language(NamedTuple):
    """`entry` is the file that an extension in this language has, `build` makes the component of a folder."""

    name: str
    title: str
    entry: str
    build: Callable[[Path], None]


def _build_typescript(folder: Path) -> None:
    sdk = sdk_folder() / "typescript"
    install_node_tools(sdk)
    run_tool("node", str(sdk / "build.mjs"), str(folder), cwd=folder)


def _build_assemblyscript(folder: Path) -> None:
    sdk = sdk_folder() / "assemblyscript"
    install_node_tools(sdk)
    link = sdk / "node_modules" / "@deskhand" / "extension-sdk-as"
    if not link.is_symlink():
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(Path("..", ".."), target_is_directory=True)
    modules = sdk / "node_modules"
    entry = folder / "dist" / "entry.ts"
    entry.parent.mkdir(exist_ok=True)
    entry.write_text(_entry(folder / "deskhand.json"), "utf-8")
    run_tool("node", str(modules / "assemblyscript" / "bin" / "asc.js"), "dist/entry.ts", "-o", f"{COMPONENT}.new", "-O3",
             "--runtime", "incremental", "--path", str(modules), "--transform", str(modules / "json-as" / "transform"),
             "--use", "abort=dist/entry/onAbort", cwd=folder)  # fmt: skip
    (folder / f"{COMPONENT}.new").replace(folder / COMPONENT)
    _build_pages(folder)


def _build_python(folder: Path) -> None:
    (folder / COMPONENT).parent.mkdir(exist_ok=True)
    build_python(folder, folder / COMPONENT)
    _build_pages(folder)


def _build_rust(folder: Path) -> None:
    (folder / COMPONENT).parent.mkdir(exist_ok=True)
    build_rust(folder, folder / COMPONENT)
    _build_pages(folder)


def _build_pages(folder: Path) -> None:
    """What browsers load, which is TypeScript whatever the rest is in."""
    if any((folder / "ui").glob("*.ts")):
        browser = sdk_folder() / "typescript"
        install_node_tools(browser)
        run_tool("node", str(browser / "build-pages.mjs"), str(folder), cwd=folder)


_GLUED = {"handler": "serve", "on-event": "listen", "collect-charges": "answer", "render-invoice": "render"}
"""For each export of a guest the function of the SDK's glue that stands before the author's."""


def _entry(file: Path) -> str:
    """The module that is compiled: what the host calls, each between bytes and the author's own function.

    Raises ManifestRefused.
    """
    manifest = read_manifest(file.read_bytes() if file.is_file() else b"")
    served = bool(manifest.endpoints or not manifest.exports)
    wanted = [*(["handler"] if served else []), *manifest.exports]
    glue = ["lastWords", *(_GLUED[name] for name in wanted), *([] if served else ["unserved"])]
    lines = [
        f'import {{ {", ".join(glue)} }} from "@deskhand/extension-sdk-as/assembly/glue";',
        'import * as authored from "../assembly/index";',
        *map(_exported, wanted),
        *([] if served else ["export function handler(): i32 { return unserved(); }"]),
        "export function onAbort(message: string | null, file: string | null, line: u32, column: u32): void {",
        "  lastWords(message, file, line, column);",
        "}",
    ]
    return "\n".join([*lines, ""])


def _exported(name: str) -> str:
    return f"export function {name.replace('-', '_')}(): i32 {{ return {_GLUED[name]}(authored.{camel(name)}); }}"


LANGUAGES = (
    Language("ts", "TypeScript", "src/index.ts", _build_typescript),
    Language("py", "Python", "src/extension.py", _build_python),
    Language("as", "AssemblyScript", "assembly/index.ts", _build_assemblyscript),
    Language("rust", "Rust", "src/lib.rs", _build_rust),
)


def language_of(folder: Path) -> Language:
    """The language that a folder's source is in. Raises BuildFailed where there is none."""
    found = next((one for one in LANGUAGES if (folder / one.entry).is_file()), None)
    if found is None:
        wanted = ", ".join(f"{one.entry} ({one.title})" for one in LANGUAGES)
        raise BuildFailed(f"{folder} has no source of an extension: {wanted}.")
    return found


def build_extension(folder: Path) -> bool:
    """Build into `dist`; what has not changed, source or SDK, is not built again. Returns whether anything had.

    Raises BuildFailed with the compiler's words, ToolMissing.
    """
    folder = folder.resolve()  # tools run in it, and elsewhere
    language = language_of(folder)
    stamp = folder / "dist" / ".inputs"
    with one_at_a_time():
        inputs = digest_of([*source_files(folder), *source_files(sdk_folder())])
        if stamp.is_file() and stamp.read_text() == inputs and (folder / COMPONENT).is_file():
            return False
        language.build(folder)
        stamp.parent.mkdir(exist_ok=True)
        stamp.write_text(inputs)
    return True
