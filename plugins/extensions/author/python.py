"""An extension in Python as a component: CPython, the SDK and the author's source, by componentize-py."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Collection, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from plugins.extensions.author.sdk import run_tool, sdk_folder
from plugins.extensions.guests.contract import PACKAGE, VERSION
from plugins.extensions.publishing.manifest import read_manifest

_WORLDS = {"on-event": "listening", "collect-charges": "charging", "render-invoice": "printing"}
_FUNCTION = re.compile(r"^ {2}%?([a-z0-9-]+): func\(", re.MULTILINE)


def build_python(folder: Path, target: Path) -> None:
    """Write the component of a folder with `src/extension.py`. Raises ManifestRefused, ToolMissing, BuildFailed."""
    manifest = read_manifest((folder / "deskhand.json").read_bytes() if (folder / "deskhand.json").is_file() else b"")
    with TemporaryDirectory(prefix="deskhand-build-") as made:
        scratch = Path(made)
        (scratch / "site" / "lib" / "python3" / "site-packages").mkdir(parents=True)
        write_world(scratch / "wit", manifest.asked, manifest.exports)
        # The name of a module without a dot: the tool takes no other.
        (scratch / "deskhand_entry.py").write_text("from deskhand_extension.entry import WitWorld as WitWorld\n")
        run_tool(
            "componentize-py", "-q", "-d", str(scratch / "wit"), "-w", "guest", "componentize", "deskhand_entry", "--stub-wasi",
            "-p", str(scratch), "-p", str(folder / "src"), "-p", str(sdk_folder() / "python" / "src"), "-o", f"{target}.new",
            # An environment with nothing in it, lest the packages of this one be found while building and missing later.
            cwd=folder, more={"VIRTUAL_ENV": str(scratch / "site"), "RUST_BACKTRACE": "0"},
        )  # fmt: skip
    Path(f"{target}.new").replace(target)


def write_world(folder: Path, asked: Iterable[str], exports: Collection[str]) -> None:
    """The WIT of a guest that imports only those functions whose capabilities it asks for."""
    shutil.copytree(sdk_folder() / "wit", folder, ignore=shutil.ignore_patterns("world.wit", "*.json"))
    listed = json.loads((sdk_folder() / "wit" / "capabilities.json").read_text())
    held = {*listed["default"], *asked, None}
    kept = {name for name, capability in listed["functions"].items() if capability in held}
    faces = sorted({name.partition(".")[0] for name in kept})
    for face in faces:
        file = folder / f"{face}.wit"
        file.write_text(_narrowed(file.read_text(), face, kept))
    lines = [
        f"package {PACKAGE}@{VERSION};", "world guest {", "  use types.{request, response};",
        *(f"  import {face};" for face in faces), *(f"  include {_WORLDS[one]};" for one in exports),
        "  export handler: func(request: request) -> response;", "}",
    ]  # fmt: skip
    (folder / "guest.wit").write_text("\n".join([*lines, ""]))


def _narrowed(text: str, face: str, kept: Collection[str]) -> str:
    """An interface without the functions that are not asked for; each stands in a paragraph of its own, below its comments."""
    paragraphs = text.removesuffix("\n}\n").split("\n\n")
    wanted = [one for one in paragraphs if (found := _FUNCTION.search(one)) is None or f"{face}.{found[1]}" in kept]
    return "\n\n".join(wanted) + "\n}\n"
