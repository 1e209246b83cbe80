"""What a component may import and must export: our WIT package and the capability behind each function."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .wit import parse_package

PACKAGE = "deskhand:extension"
VERSION = "1.0.0"
WIT_FOLDER = Path(__file__).resolve().parents[3] / "sdk" / "wit"
WIT_FILES = ("types.wit", "host.wit", "http.wit", "invoicing.wit", "charges.wit", "world.wit")

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
    """`functions` maps `interface.function` to its type, `capabilities` to the capability it needs, if any."""

    functions: Mapping[str, str]
    capabilities: Mapping[str, str | None]
    default_capabilities: frozenset[str]
    exports: Mapping[str, str]
    interfaces: frozenset[str]

    def allowed(self, granted: frozenset[str]) -> frozenset[str]:
        """The functions that an install with these capabilities may call."""
        return frozenset(name for name, needed in self.capabilities.items() if needed is None or needed in granted)


@lru_cache(maxsize=1)
def load_contract() -> Contract:
    """The contract of this release, from the WIT files that extension authors build against."""
    package = parse_package(*((WIT_FOLDER / name).read_text("utf-8") for name in WIT_FILES))
    listed = json.loads((WIT_FOLDER / "capabilities.json").read_text("utf-8"))
    functions = {
        f"{interface}.{name}": signature
        for interface, content in package.interfaces.items()
        for name, signature in content.functions.items()
    }
    if functions.keys() != listed["functions"].keys():
        raise ValueError(f"capabilities.json and the WIT differ: {functions.keys() ^ listed['functions'].keys()}")
    return Contract(
        functions=functions,
        capabilities=listed["functions"],
        default_capabilities=frozenset(listed["default"]),
        exports=package.exports,
        interfaces=frozenset(package.interfaces),
    )
