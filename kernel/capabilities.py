"""The registry of what extensions may be granted, and of the functions that each grant opens.

Plugins declare capabilities in their manifests and give host functions by `register_host_functions`; whoever runs guests
asks here what a name means, and nobody else decides what a grant allows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from kernel.errors import StartupError

if TYPE_CHECKING:
    from kernel.app import Kernel
    from kernel.hookspecs.start import HostFunction
    from kernel.manifest import Capability
    from kernel.plugins import Plugin

_NAME = re.compile(r"cap:[a-z]+(?:\.[a-z]+){1,2}\Z")
_FUNCTION = re.compile(r"[a-z]+(?:_[a-z]+)*\Z")


@dataclass(frozen=True, slots=True)
class GuestCall:
    """The invocation in which a guest calls a host function: the second argument of every `HostFunction.call`.

    `trigger` is `http`, `schedule`, `event`, `hook` or `workflow`; the guest is stopped at `deadline`.
    """

    install_id: UUID
    extension_name: str
    extension_version: str
    trigger: str
    request_id: str
    deadline: datetime


def find_host_function(kernel: Kernel, interface: str, name: str) -> tuple[HostFunction, str] | None:
    """A host function and the plugin that gave it."""
    function = kernel.host_functions.get((interface, name))
    return None if function is None else (function, kernel.host_plugins[interface, name])


def default_capabilities(capabilities: Mapping[str, Capability]) -> frozenset[str]:
    """What every install is granted from the start."""
    return frozenset(name for name, one in capabilities.items() if one.by_default)


def check_registry(plugins: Sequence[Plugin], functions: Sequence[tuple[Plugin, HostFunction]]) -> None:
    """Raise StartupError for a capability or host function that is misnamed, or a gate that no manifest declares."""
    declared = {one.name for plugin in plugins for one in plugin.manifest.capabilities}
    for name in sorted(declared):
        if not _NAME.match(name):
            raise StartupError(f"The capability {name!r} is not named like cap:<noun>[.<qualifier>].<verb>.")
    for plugin, one in functions:
        if not _FUNCTION.match(one.name):
            raise StartupError(f"The host function {one.interface}.{one.name} of {plugin.name} is not in snake_case.")
        if one.capability is not None and one.capability not in declared:
            raise StartupError(f"{one.interface}.{one.name} of {plugin.name} needs {one.capability}, which no manifest declares.")
