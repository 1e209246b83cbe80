"""What a thousand installs over two hundred tenants cost a web process that starts, and one that has looked each of them up.

`python -m tests.benchmarks.many_installs` is such a process: it says what its start took, and at each line of input, a list of
installs, what it takes once it has found what serves them.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from subprocess import PIPE, Popen
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.engine import make_url

from house.tenant_copy import Pattern, connect_admin
from kernel.app import Kernel
from kernel.config import Settings
from local.postgres import EmbeddedPostgres
from plugins.extensions.calls.invoking import find_target
from plugins.extensions.models import Install
from tests.benchmarks.measuring import Reading
from tests.extensions.conftest import wat_guest
from tests.ground import ROOT, environment, found
from tests.guest_ground import install_guest, manifest_in

GUEST = ROOT / "tests" / "extensions" / "hostile"
MOST_MB, MOST_SLOWER = 10.0, 1.05
"""Processor time of a start differs by some hundredths from one to the next."""


class Started(NamedTuple):
    """Processor seconds of a start, megabytes after it, and megabytes after the installs were looked up."""

    seconds: float
    megabytes: float
    at_work: float


def measure(kernel: Kernel, postgres: EmbeddedPostgres, tenants: int, each: int, times: int) -> list[Reading]:
    """Processor time and memory of a web process before there is an install, and with all of them."""
    before = [_started(kernel.settings, []) for _ in range(times)]
    installs = list(_lay_out(kernel, postgres, tenants, each))
    after = [_started(kernel.settings, installs) for _ in range(times)]
    return list(_readings(before, after, len(installs)))


def _lay_out(kernel: Kernel, postgres: EmbeddedPostgres, tenants: int, each: int) -> Iterator[tuple[UUID, UUID]]:
    """Tenants with installs: one is founded, the others are copies of it."""
    first, wasm = found(kernel, "bench-installs"), wat_guest("polite")
    for number in range(each):
        install_guest(kernel, first, manifest_in(GUEST, name=f"org.example.many{number}", capabilities=[]), wasm)
    with connect_admin(postgres.admin_url_for(make_url(kernel.settings.database_url).database or "")) as admin:
        pattern = Pattern(admin, first)
        there = [first, *(pattern.copy(f"bench-installs-{number}") for number in range(1, tenants))]
    for tenant_id in there:
        with kernel.call(tenant_id) as ctx:
            yield from ((tenant_id, install_id) for install_id in ctx.session.scalars(select(Install.id)))


def _started(settings: Settings, installs: Sequence[tuple[UUID, UUID]]) -> Started:
    command = [sys.executable, "-m", __name__]
    asked = json.dumps([[str(one) for one in pair] for pair in installs]) + "\n"
    with Popen(command, env=environment(settings), cwd=ROOT, text=True, stdin=PIPE, stdout=PIPE) as child:
        told, _ = child.communicate(asked)
    return Started(*map(float, told.split()))


def _readings(before: Sequence[Started], after: Sequence[Started], installs: int) -> Iterator[Reading]:
    slower = [one.seconds / other.seconds for one, other in zip(after, before, strict=True)]
    ratio = 1 / median(slower)
    yield Reading(f"start of a web process with {installs:,} installs, against none (processor time)",
                  median(one.seconds for one in after), "s", median(one.seconds for one in before), ratio,
                  (1 / max(slower), 1 / min(slower)), f"at most {MOST_SLOWER:g} times", 1 / ratio <= MOST_SLOWER)  # fmt: skip
    for words, with_all, without in (
        ("started", [one.megabytes for one in after], [one.megabytes for one in before]),
        ("after each was looked up", [one.at_work for one in after], [one.at_work for one in before]),
    ):
        ours, theirs = median(with_all), median(without)
        yield Reading(f"memory of a web process with {installs:,} installs, {words}, against none", ours, "MB", theirs,
                      theirs / ours, (theirs / ours,) * 2, f"at most {MOST_MB:g} MB more", ours - theirs <= MOST_MB)  # fmt: skip


def _megabytes() -> float:
    """Memory of this process, as Linux tells it; 1 elsewhere."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 1.0)


def main() -> None:
    """Start as a web process does, and look up what it is told."""
    from local.web import load_app

    app = load_app()
    print(time.process_time(), _megabytes(), end=" ")
    kernel: Kernel = app.extensions["deskhand"]
    for tenant_id, install_id in json.loads(sys.stdin.readline()):
        with kernel.call(UUID(tenant_id)) as ctx:
            find_target(ctx, UUID(install_id), "GET", "/")
    print(_megabytes())


if __name__ == "__main__":
    main()
