"""How a process for guests is started: this package alone, no inherited environment, no files but the ones named."""

from __future__ import annotations

import sys
from pathlib import Path

_BOOT = "import sys; sys.path.append(sys.argv.pop(1)); from guests.{module} import main; main()"


def python_command(module: str, *arguments: str) -> list[str]:
    """The command line that runs `main` of one of this package's modules in an isolated Python.

    The package is imported as `guests`, not through the plugin's own package, whose imports a worker has no use for.
    """
    return [sys.executable, "-I", "-c", _BOOT.format(module=module), str(Path(__file__).parents[1]), *arguments]
