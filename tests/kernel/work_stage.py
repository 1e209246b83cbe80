"""The stage of the tests of background work: the kernel with bells and ears, here or in a worker process of its own."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kernel.app import Kernel, build_kernel
from kernel.audit import AuditEntry
from kernel.clock import Clock, FixedClock
from kernel.config import Settings
from kernel.founding import found_tenant
from kernel.jobs import Job, enqueue, get_job, list_history, run_due
from kernel.plugins import Plugins
from kernel.tenancy import switch_plugin
from tests.kernel.work_rooms import bells, ears

START = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
_numbers = itertools.count(1)


def work_kernel(settings: Settings, clock: Clock | None = None) -> Kernel:
    """A kernel whose only plugins are bells and ears."""
    plugins = Plugins([bells, ears])
    plugins.register_hooks()
    return build_kernel(settings, clock=clock, plugins=plugins)


@dataclass(frozen=True)
class Tower:
    """Two tenants with bells and ears."""

    kernel: Kernel
    acme: UUID
    beta: UUID

    @property
    def clock(self) -> FixedClock:
        assert isinstance(self.kernel.clock, FixedClock)
        return self.kernel.clock

    def job(self, job_id: UUID) -> Job:
        """A job of Acme as it stands."""
        with self.kernel.call(self.acme) as ctx:
            return get_job(ctx, job_id)

    def states(self, job_id: UUID) -> list[str]:
        """The history of a job of Acme."""
        with self.kernel.call(self.acme) as ctx:
            return [one.state for one in list_history(ctx, job_id)]

    def enqueue(self, kind: str, **args: Any) -> UUID:
        """Put a job into Acme's ledger."""
        with self.kernel.call(self.acme) as ctx:
            return enqueue(ctx, kind, args)

    def run_due(self) -> None:
        """Do all that is due of Acme."""
        run_due(self.kernel, self.acme)

    def switch(self, plugin: str, *, enabled: bool) -> None:
        """Switch a plugin on or off for Acme."""
        with self.kernel.call(self.acme) as ctx:
            switch_plugin(ctx, plugin, enabled=enabled)

    def trail(self, action: str, tenant_id: UUID | None = None) -> list[str]:
        """The labels of the audit entries of one action, of Acme or the named tenant, oldest first."""
        with self.kernel.call(tenant_id or self.acme) as ctx:
            wanted = select(AuditEntry.label).where(AuditEntry.action == action).order_by(AuditEntry.id)
            return list(ctx.session.scalars(wanted))


def build_tower(settings: Settings, clock: Clock | None = None) -> Tower:
    """Found Acme and Beta, each with names of their own."""
    kernel = work_kernel(settings, clock or FixedClock(START))
    return Tower(kernel, *(_found(kernel, name) for name in ("Acme MSP", "Beta MSP")))


def _found(kernel: Kernel, name: str) -> UUID:
    slug = f"{name[:4].lower()}-tower-{next(_numbers)}-{os.getpid()}"
    return found_tenant(kernel, slug=slug, name=name, admin_email=f"alice@{slug}.example", admin_name="Alice",
                        admin_password="correct horse battery", zone="Europe/Berlin")  # fmt: skip


@contextmanager
def process(role: str, settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A `worker` or `scheduler` process on these settings; killed at the end if it still runs."""
    values = {f"DESKHAND_{one.name.upper()}": str(getattr(settings, one.name)) for one in fields(settings)}
    child = subprocess.Popen([sys.executable, "-m", "tests.kernel.work_stage", role], env={**os.environ, **values})
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def main(role: str) -> int:
    from kernel.jobs.broker import Nudge, run_worker
    from kernel.jobs.scheduler import run_scheduler

    kernel = work_kernel(Settings.load())
    if role == "worker":
        return run_worker(kernel, threads=2)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    run_scheduler(kernel, Nudge(kernel.settings).send, stop)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
