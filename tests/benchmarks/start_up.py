"""From the start of a Python process to a wired application, held against one that only imports what we stand on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from statistics import median

from kernel.config import Settings
from tests.benchmarks.measuring import Reading, compare, in_turns
from tests.ground import ROOT, environment

MOST_SECONDS = 1.5
_START = "from local.web import load_app; load_app()"
_COUNT = "import sys; print(len(sys.modules))"
_BARE = "import flask, sqlalchemy.orm, psycopg, marshmallow, pluggy"


def measure(settings: Settings, times: int) -> list[Reading]:
    """Seconds until the process could serve its first request, all files read before."""
    start, bare = _runner(settings, _START), _runner(settings, _BARE)
    modules, bare_modules = _modules(settings, _START), _modules(settings, _BARE)  # after which all files were read
    ours, theirs = in_turns(start, bare, times)
    ratio, spread = compare([[one] for one in ours], [[one] for one in theirs])
    value, bare_value = median(ours), median(theirs)
    limit = f"{modules:,} modules to import, against {bare_modules:,}; then tables, routes, hooks"
    return [Reading("start of a web process, against importing its libraries", value, "s", bare_value, ratio, spread,
                    f"at most {MOST_SECONDS:g} s", value <= MOST_SECONDS, limit)]  # fmt: skip


def _modules(settings: Settings, program: str) -> int:
    """How many modules a process has imported after the program."""
    command = [sys.executable, "-c", f"{program}\n{_COUNT}"]
    said = subprocess.run(command, env=environment(settings), cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return int(said.stdout.split()[-1])


def _runner(settings: Settings, program: str) -> Callable[[], None]:
    """Start the program, and return when it says that it is done; how long it takes to end does not count."""
    command = [sys.executable, "-c", f"{program}\nimport os; os.write(1, b'!'); os._exit(0)"]

    def run() -> None:
        with subprocess.Popen(command, env=environment(settings), cwd=ROOT, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            assert child.stdout.read(1) == b"!"

    return run
