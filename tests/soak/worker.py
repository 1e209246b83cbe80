"""A worker process as `deskhand worker` runs it, with small batches, that may be told to die at a named point.

`SOAK_BATCH` clients are billed in one transaction. `SOAK_DIE=point:n` ends the process by SIGKILL when it passes the point
for the n-th time, or with `SOAK_POSTGRES=folder` the database server that works in this folder, which the worker must
survive. The points are those between which a crash could make a difference.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from local.lifeline import processes_in

POINTS = {
    "after select": ("plugins.billing.runs", "plan_billing", True),
    "after insert": ("plugins.billing.unusual", "write_invoices", True),
    "before commit": ("kernel.jobs.runner", "keep_claim", True),
    "after commit": ("kernel.jobs.runner", "show_progress", False),
}
"""Where: module, function, and whether to die after it (else before)."""


def die_at(point: str, passing: int) -> None:
    """Arrange for the victim to be killed at the `passing`-th time (from 1) that this process comes to the point."""
    module_name, name, after = POINTS[point]
    module = __import__(module_name, fromlist=[name])
    setattr(module, name, _deadly(getattr(module, name), passing, after))


def _deadly(function: Callable[..., Any], passing: int, after: bool) -> Callable[..., Any]:
    passed = 0

    def deadly(*args: Any, **kwargs: Any) -> Any:
        nonlocal passed
        passed += 1
        if passed == passing and not after:
            _kill()
        result = function(*args, **kwargs)
        if passed == passing and after:
            _kill()
        return result

    return deadly


def _kill() -> None:
    if folder := os.environ.get("SOAK_POSTGRES"):
        kill_server(Path(folder))
    else:
        os.kill(os.getpid(), signal.SIGKILL)


def kill_server(data: Path) -> None:
    """End every process of the PostgreSQL server that works in this folder by SIGKILL."""
    for pid in processes_in(data, "postgres"):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def main() -> int:
    """Work until stopped or dead."""
    from kernel.app import build_kernel
    from kernel.config import Settings
    from kernel.jobs.broker import run_worker
    from kernel.logs import configure
    from plugins.billing import runs

    settings = Settings.load()
    configure(settings)
    runs.BATCH = int(os.environ["SOAK_BATCH"])
    if fate := os.environ.get("SOAK_DIE"):
        point, _, passing = fate.rpartition(":")
        die_at(point, int(passing))
    return run_worker(build_kernel(settings), threads=2)


if __name__ == "__main__":
    sys.exit(main())
