"""Every file that is made from the host's functions, by its path in this tree."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import PurePosixPath

from kernel.capabilities import default_capabilities
from kernel.plugins import Plugins
from plugins.extensions.surface import assemblyscript, python, rust
from plugins.extensions.surface.model import Interface, kebab
from plugins.extensions.surface.reading import read_surface
from plugins.extensions.surface.typescript import author_face, declarations
from plugins.extensions.surface.wit_text import interface_text, world_text

WIT, TYPESCRIPT = PurePosixPath("sdk/wit"), PurePosixPath("sdk/typescript/src/generated")
ASSEMBLYSCRIPT = PurePosixPath("sdk/assemblyscript/assembly/generated")
RUST = PurePosixPath("sdk/rust/src/host")
PYTHON = PurePosixPath("sdk/python/src/deskhand_extension/host")
FROZEN = "frozen.json"
"""What extensions in the field rely on; see `deskhand sdk --freeze`."""
BY_HAND = frozenset({"types.wit", "triggers.wit", FROZEN})
"""Files of `sdk/wit` that are not made anew each time."""


def sdk_files(plugins: Plugins) -> Iterator[tuple[PurePosixPath, str]]:
    """Path and text of each file."""
    interfaces = read_surface(plugins)
    for one in interfaces:
        yield WIT / f"{one.name}.wit", interface_text(one)
    yield WIT / "world.wit", world_text(interfaces)
    yield WIT / "capabilities.json", _capabilities(plugins, interfaces)
    yield TYPESCRIPT / "wit.d.ts", declarations(interfaces)
    yield TYPESCRIPT / "host.ts", author_face(interfaces)
    yield ASSEMBLYSCRIPT / "host.ts", assemblyscript.host(interfaces)
    yield PYTHON / "__init__.py", python.package(interfaces)
    yield RUST / "mod.rs", rust.package(interfaces)
    for one in interfaces:
        yield PYTHON / f"{one.name.replace('-', '_')}.py", python.module(one)
        yield RUST / f"{one.name.replace('-', '_')}.rs", rust.module(one)


def _capabilities(plugins: Plugins, interfaces: tuple[Interface, ...]) -> str:
    listed = {
        "default": sorted(default_capabilities(plugins.capabilities)),
        "functions": {f"{one.name}.{kebab(each.name)}": each.capability for one in interfaces for each in one.functions},
    }
    return json.dumps(listed, indent=2) + "\n"
