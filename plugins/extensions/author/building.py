"""From an author's source to `dist/component.wasm`. The language is known by the file that the source starts in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from plugins.extensions.author.errors import BuildFailed
from plugins.extensions.author.sdk import digest_of, install_node_tools, one_at_a_time, run_tool, sdk_folder, source_files

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


LANGUAGES = (Language("ts", "TypeScript", "src/index.ts", _build_typescript),)


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
