"""How a process for guests is started: this package alone, no inherited environment, no files but the ones named."""

from __future__ import annotations

import sys
from pathlib import Path

_BOOT = "import os, sys; os.nice({niceness}); sys.path.append(sys.argv.pop(1)); from guests.{module} import main; main()"

_NICENESS = {"worker": 5, "compiler": 10}
"""Whoever waits for an answer goes first, before the process has imported anything: a guest that traps costs a new one."""


def python_command(module: str, *arguments: str) -> list[str]:
    """The command line that runs `main` of one of this package's modules in an isolated Python.

    The package is imported as `guests`, not through the plugin's own package, whose imports a worker has no use for.
    """
    boot = _BOOT.format(module=module, niceness=_NICENESS[module])
    return [sys.executable, "-I", "-c", boot, str(Path(__file__).parents[1]), *arguments]
