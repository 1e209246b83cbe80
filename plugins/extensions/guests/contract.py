"""What a component may import and must export: our WIT package and the capability behind each function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kernel.capabilities import default_capabilities
from kernel.plugins import Plugins

from ..surface.model import kebab
from ..surface.reading import read_surface
from ..surface.wit_text import PACKAGE, VERSION, interface_text, world_text
from .wit import parse_package

__all__ = ["PACKAGE", "SHARED", "TRIGGERS", "VERSION", "WASI_INTERFACES", "WIT_FOLDER", "Contract", "load_contract"]

WIT_FOLDER = Path(__file__).resolve().parents[3] / "sdk" / "wit"
SHARED, TRIGGERS = "types.wit", "triggers.wit"
"""The files that are written by hand: the shapes that interfaces share, and the exports of extensions besides `handler`."""
WORLD = "extension"

# What the tool chains of other languages bring along. A worker answers clocks and randomness from the host and lets
# every other function trap. Networks are on no list: wasi:http and wasi:sockets are refused by name.
WASI_INTERFACES = frozenset(
    {
        "wasi:cli/environment",
        "wasi:cli/exit",
        "wasi:cli/stderr",
        "wasi:cli/stdin",
        "wasi:cli/stdout",
        "wasi:cli/terminal-input",
        "wasi:cli/terminal-output",
        "wasi:cli/terminal-stderr",
        "wasi:cli/terminal-stdin",
        "wasi:cli/terminal-stdout",
        "wasi:clocks/monotonic-clock",
        "wasi:clocks/wall-clock",
        "wasi:filesystem/preopens",
        "wasi:filesystem/types",
        "wasi:io/error",
        "wasi:io/poll",
        "wasi:io/streams",
        "wasi:random/insecure",
        "wasi:random/insecure-seed",
        "wasi:random/random",
    }
)


@dataclass(frozen=True)
class Contract:
    """`functions` maps `interface.function` to its type, `capabilities` to the capability it needs, if any.

    `exports` are the types of all functions that a component may give; those of `required` every component must give.
    """

    functions: Mapping[str, str]
    capabilities: Mapping[str, str | None]
    default_capabilities: frozenset[str]
    exports: Mapping[str, str]
    required: frozenset[str]
    interfaces: frozenset[str]

    def allowed(self, granted: frozenset[str]) -> frozenset[str]:
        """The functions that an install with these capabilities may call."""
        return frozenset(name for name, needed in self.capabilities.items() if needed is None or needed in granted)


@lru_cache(maxsize=1)
def load_contract() -> Contract:
    """The contract of this process: our WIT package with every host function that an installed plugin gives."""
    plugins = Plugins.discover()
    interfaces = read_surface(plugins)
    shared, triggers = ((WIT_FOLDER / name).read_text("utf-8") for name in (SHARED, TRIGGERS))
    package = parse_package(shared, *map(interface_text, interfaces), world_text(interfaces), triggers)
    gates = {f"{one.name}.{kebab(function.name)}": function.capability for one in interfaces for function in one.functions}
    return Contract(
        functions={f"{name}.{one}": kind for name, found in package.interfaces.items() for one, kind in found.functions.items()},
        capabilities=gates,
        default_capabilities=default_capabilities(plugins.capabilities),
        exports={name: kind for exports in package.exports.values() for name, kind in exports.items()},
        required=frozenset(package.exports[WORLD]),
        interfaces=frozenset(package.interfaces),
    )
