"""A worker process that a benchmark starts warm and lets go at a signal: `python -m tests.benchmarks.run_worker TENANT…`.

It says "ready", waits for a line, does the jobs of the tenants in as many threads as a worker has until no billing run is
under way, and says "done" with the seconds that its processor was busy and the most memory it ever had (MB).
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from cli.jobs import spare_garbage_collector
from kernel import jobs
from kernel.app import Kernel, build_kernel
from kernel.config import Settings
from plugins.billing.models import Run
from tests.ground import ROOT, environment

PAUSE_SECONDS = 0.03


class Worked(NamedTuple):
    """What the workers needed for a run: seconds until its end, seconds of their processors, megabytes of the largest."""

    seconds: float
    busy: float
    megabytes: float


@contextmanager
def workers(settings: Settings, tenant_ids: Sequence[UUID], count: int) -> Iterator[list[Popen[str]]]:
    """Worker processes that are ready; they end with the block."""
    command = [sys.executable, "-m", "tests.benchmarks.run_worker", *map(str, tenant_ids)]
    crew = [Popen(command, env=environment(settings), cwd=ROOT, text=True, stdin=PIPE, stdout=PIPE) for _ in range(count)]
    try:
        for one in crew:
            assert one.stdout is not None
            assert one.stdout.readline() == "ready\n"
        yield crew
    finally:
        for one in crew:
            one.communicate()


def let_go(crew: Sequence[Popen[str]]) -> Worked:
    """Let the workers do what there is, to the end."""
    began = time.perf_counter()
    for one in crew:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    told = [one.stdout.readline().split() for one in crew if one.stdout is not None]
    seconds = time.perf_counter() - began
    return Worked(seconds, sum(float(busy) for _, busy, _ in told), max(float(most) for *_, most in told))


def _work(kernel: Kernel, tenant_ids: Sequence[UUID]) -> None:
    while any(_under_way(kernel, one) for one in tenant_ids):
        if not any(jobs.work(kernel, one, "jobs") for one in tenant_ids):
            time.sleep(PAUSE_SECONDS)


def _under_way(kernel: Kernel, tenant_id: UUID) -> bool:
    with kernel.call(tenant_id) as ctx:
        return ctx.session.scalar(select(Run.id).where(Run.state == "live")) is not None


def _most_megabytes() -> float:
    """As Linux tells it; 0 elsewhere."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def main() -> None:
    """Work at each line until the input ends."""
    kernel = build_kernel(Settings.load())
    spare_garbage_collector()
    tenant_ids = [UUID(one) for one in sys.argv[1:]]
    print("ready", flush=True)
    for _ in sys.stdin:
        began = time.process_time()
        threads = [threading.Thread(target=_work, args=(kernel, tenant_ids)) for _ in range(kernel.settings.job_threads)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print("done", time.process_time() - began, _most_megabytes(), flush=True)
    kernel.db.dispose()


if __name__ == "__main__":
    main()
