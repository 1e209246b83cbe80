"""Eight processes start one billing run at the same moment, and eight workers bring it to its end, round after round."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import UUID

from kernel.app import Kernel, build_kernel
from kernel.config import Settings
from kernel.errors import DeskhandError
from plugins.billing import runs
from tests.audit.auditor import audit, connect
from tests.ground import ROOT, environment, found, ground, process, sign_contracts, window
from tests.soak.billing_kills import finalize_all, until

EIGHT, CLIENTS = 8, 100
LOOK_SECONDS = 0.2
_WAITS = """
select pid, state, wait_event_type, wait_event, age(clock_timestamp(), xact_start), pg_blocking_pids(pid), left(query, 100)
from pg_stat_activity where usename = current_user and pid <> pg_backend_pid()
"""


def eight(notes: dict[str, Any], keep: Callable[[], None]) -> str:
    """`SOAK_ROUNDS` (10) rounds; returns the figures in words."""
    wanted = int(os.environ.get("SOAK_ROUNDS", "10"))
    with ground(durable=True) as (kernel, _), _eight_workers(kernel):
        while notes.setdefault("rounds", 0) < wanted:
            tenant_id = found(kernel, f"eight-{notes['rounds']}")
            with kernel.call(tenant_id) as ctx:
                sign_contracts(ctx, CLIENTS, months=1, seed=notes["seed"] + notes["rounds"])
            said = start_at_once(kernel, tenant_id)
            if said != {"started": 1, "billing_run_live": EIGHT - 1}:
                raise SystemExit(f"Eight starts came to {dict(said)}.")
            _wait_for_the_end(kernel, tenant_id)
            finalize_all(kernel, tenant_id)
            with connect(kernel.settings.database_url) as database:
                if findings := audit(database, tenant_id):
                    raise SystemExit("\n".join(findings))
            notes["rounds"] += 1
            keep()
            print(f"  round {notes['rounds']}: one run, {CLIENTS} invoices", flush=True)
    return f"{wanted} rounds: eight processes started one run, eight workers ended it, {CLIENTS} invoices each, auditor green"


@contextmanager
def _eight_workers(kernel: Kernel) -> Iterator[None]:
    """A scheduler and eight workers, for all rounds."""
    with ExitStack() as running:
        running.enter_context(process(kernel.settings, "-c", "from cli import main; main()", "scheduler"))
        for _ in range(EIGHT):
            running.enter_context(process(kernel.settings, "-m", "tests.soak.worker", SOAK_BATCH="5"))
        yield


def start_at_once(kernel: Kernel, tenant_id: UUID) -> Counter[str]:
    """What eight processes say that were let go together."""
    command = [sys.executable, "-m", "tests.soak.eight", str(tenant_id)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    children = [subprocess.Popen(command, env=environment(kernel.settings), **pipes) for _ in range(EIGHT)]
    for child in children:
        child.stdout.readline()
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    return Counter(child.communicate()[0].strip() for child in children)


def _wait_for_the_end(kernel: Kernel, tenant_id: UUID) -> None:
    """Until the workers ended the run. Raises SystemExit, with what the database waits for, when nobody gets on with it."""

    def run() -> dict[str, Any]:
        with kernel.call(tenant_id) as ctx:
            [found] = runs.list_runs(ctx, {}).items
            return {name: found[name] for name in ("state", "pending", "invoices")}

    try:
        until(lambda: run()["state"] == "done", progress=run, look=LOOK_SECONDS)
    except TimeoutError as error:
        with connect(kernel.settings.database_url) as database:
            waiting = "\n".join(map(str, database.execute(_WAITS)))
        raise SystemExit(f"{error} {run()}\n{waiting}") from error


def main(tenant_id: UUID) -> None:
    """One of the eight: get ready, wait for the word, start."""
    kernel = build_kernel(Settings.load())
    with kernel.call(tenant_id):
        print("ready", flush=True)
    sys.stdin.readline()
    try:
        with kernel.call(tenant_id) as ctx:
            runs.start_run(ctx, **window(1))
    except DeskhandError as error:
        print(error.code)
    else:
        print("started")


if __name__ == "__main__":
    main(UUID(sys.argv[1]))
