"""Kills workers and PostgreSQL in the middle of billing runs; what is billed is that of a twin that nobody disturbed."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from kernel import jobs
from kernel.app import Kernel
from local.postgres import EmbeddedPostgres
from plugins.billing import finalizing, runs
from plugins.billing.listing import draft_ids
from tests.ground import process, sign_contracts, window
from tests.soak.worker import POINTS, kill_server

PATIENCE_SECONDS = 400.0
LOOK_SECONDS = 0.01
LONGEST_WAIT_SECONDS = 0.6
"""A random kill comes so long, at most, after the worker took the job: about three batches."""
_IDS = "'[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}', 'id', 'g'"
"""What two tenants cannot have in common."""
_CLIENT = """join billing_invoices i on i.tenant_id = x.tenant_id and i.id = x.invoice_id
  join clients c on c.tenant_id = i.tenant_id and c.id = i.client_id"""
"""Several workers may share a run, so who gets which number is open; that there is no gap and no double the auditor sees."""
_INVOICES = f"""
select c.name, i.status, i.origin, i.currency, i.invoice_date, i.due_date, i.net, i.discount,
  i.subtotal, i.tax, i.total, regexp_replace(i.tax_trace::text, {_IDS})
from billing_invoices i join clients c on c.tenant_id = i.tenant_id and c.id = i.client_id order by 1
"""
_LINES = f"""
select c.name, x.position, x.kind, x.description, x.quantity, x.unit, x.unit_price, x.net, x.discount, x.tax, x.total,
  x.tax_category, x.tax_parts::text, x.tax_point, x.period_start, x.period_end, regexp_replace(x.trace::text, {_IDS})
from billing_invoice_lines x {_CLIENT} order by 1, 2
"""
_TAXES = f"""
select c.name, x.position, x.name, x.percent, x.base, x.tax, x.tax_date from billing_invoice_taxes x {_CLIENT} order by 1, 2
"""
_SOURCES = f"""
select c.name, l.position, x.source_kind, x.period_key, x.amount, u.used_on, u.quantity
from billing_sources x {_CLIENT} join billing_invoice_lines l on l.tenant_id = x.tenant_id and l.id = x.line_id
  left join billing_usage u on u.tenant_id = x.tenant_id and u.id = x.source_id order by 1, 2, 3, 4, 6
"""
_LEDGER = """
select c.name, e.kind, e.booked_on, e.currency, p.account, p.amount
from billing_ledger_entries e join billing_postings p on p.tenant_id = e.tenant_id and p.entry_id = e.id
  join clients c on c.tenant_id = e.tenant_id and c.id = e.client_id order by 1, 2, 5
"""
_USAGE = """
select c.name, u.used_on, u.quantity, l.position
from billing_usage u join clients c on c.tenant_id = u.tenant_id and c.id = u.client_id
  left join billing_invoice_lines l on l.tenant_id = u.tenant_id and l.id = u.invoice_line_id order by 1, 2, 3
"""
_EVENTS = """
select c.name, x.name, x.payload ->> 'currency', (x.payload ->> 'total')::bigint
from events x join clients c on c.tenant_id = x.tenant_id and c.id = (x.payload ->> 'client_id')::uuid
where x.name like 'invoice.%' order by 1, 2
"""
PARTS = {
    "invoices": _INVOICES, "lines": _LINES, "taxes": _TAXES, "sources": _SOURCES, "usage": _USAGE, "ledger": _LEDGER,
    "events": _EVENTS,
}  # fmt: skip


def books(kernel: Kernel, tenant_id: UUID) -> dict[str, list[tuple[Any, ...]]]:
    """All that billing wrote for a tenant, by names and numbers instead of ids."""
    with kernel.call(tenant_id) as ctx:
        return {name: [tuple(row) for row in ctx.session.execute(text(query))] for name, query in PARTS.items()}


def finalize_all(kernel: Kernel, tenant_id: UUID) -> None:
    """Book every draft, some hundreds at a time."""
    with kernel.call(tenant_id) as ctx:
        ids = draft_ids(ctx)
        for start in range(0, len(ids), 500):
            finalizing.finalize_invoices(ctx, ids[start : start + 500])


def prepare(kernel: Kernel, tenants: Sequence[UUID], clients: int, seed: int) -> None:
    """Give each of these tenants the same clients and contracts, and usage of January."""
    for tenant_id in tenants:
        with kernel.call(tenant_id) as ctx:
            sign_contracts(ctx, clients, months=1, seed=seed)


@dataclass
class Killer:
    """Disturbs the runs of one tenant: workers are killed, or PostgreSQL if it is given, and each time the run goes on.

    `kills` counts those that were killed while the run was under way, by whom and where it happened.
    """

    kernel: Kernel
    tenant_id: UUID
    random: Random
    batch: int
    postgres: EmbeddedPostgres | None = None
    kills: dict[str, int] = field(default_factory=dict)

    def disturb(self, month: int, wanted: int) -> None:
        """Begin a month's run and kill up to `wanted` times in it; then let one worker end it."""
        with self.kernel.call(self.tenant_id) as ctx:
            job_id = runs.start_run(ctx, **window(month)).job_id
        assert job_id is not None
        with process(self.kernel.settings, "-c", "from cli import main; main()", "scheduler", quiet=bool(self.postgres)):
            for _ in range(wanted):
                if self._live(job_id):
                    self._kill_one(job_id)
            with self._worker(""):
                until(lambda: not self._live(job_id))

    def total(self) -> int:
        """Those killed in the middle of a run."""
        return sum(self.kills.values())

    def _kill_one(self, job_id: UUID) -> None:
        place = self.random.choice(["at random"] * len(POINTS) + [*POINTS])
        victim = self.random.choice(["worker", "postgres"]) if self.postgres else "worker"
        fate = "" if place == "at random" else f"{place}:{self.random.randint(1, 3)}"
        with self._worker(fate, victim) as worker:
            if self._came_to_it(job_id, worker, fate, victim):
                self.kills[f"{victim} {place}"] = self.kills.get(f"{victim} {place}", 0) + 1

    def _came_to_it(self, job_id: UUID, worker: subprocess.Popen[bytes], fate: str, victim: str) -> bool:
        """Wait for the death, or bring it; True if the run was still under way afterwards."""
        holder = self._holder(job_id)
        until(lambda: self._down(worker, victim) or self._holder(job_id) != holder or not self._live(job_id))
        if fate:
            until(lambda: self._down(worker, victim) or not self._live(job_id))
        else:
            time.sleep(self.random.uniform(0, LONGEST_WAIT_SECONDS))
        if victim == "postgres":
            self._kill_postgres()
        else:
            worker.kill()
            worker.wait()
        return self._live(job_id)

    def _down(self, worker: subprocess.Popen[bytes], victim: str) -> bool:
        if victim == "worker" or self.postgres is None:
            return worker.poll() is not None
        return not self.postgres.is_kept_up()

    def _kill_postgres(self) -> None:
        """End every process of the server by SIGKILL, unless the worker did so, and start it again as after a crash."""
        assert self.postgres is not None
        kill_server(self.postgres.folder / "data")
        self.postgres.stop()
        self.postgres.start()
        self.kernel.db.dispose()

    def _worker(self, fate: str, victim: str = "worker") -> AbstractContextManager[subprocess.Popen[bytes]]:
        more = {"SOAK_BATCH": str(self.batch), "SOAK_DIE": fate}
        if victim == "postgres" and self.postgres is not None:
            more["SOAK_POSTGRES"] = str(self.postgres.folder / "data")
        return process(self.kernel.settings, "-m", "tests.soak.worker", quiet=bool(self.postgres), **more)

    def _live(self, job_id: UUID) -> bool:
        with suppress(OperationalError), self.kernel.call(self.tenant_id) as ctx:
            return jobs.get_job(ctx, job_id).live
        return True

    def _holder(self, job_id: UUID) -> str | None:
        with suppress(OperationalError), self.kernel.call(self.tenant_id) as ctx:
            return ctx.session.scalar(select(jobs.Job.worker).where(jobs.Job.id == job_id))
        return None


def until(true: Callable[[], object], progress: Callable[[], object] = lambda: None, look: float = LOOK_SECONDS) -> None:
    """Wait until something is true. Raises TimeoutError after some minutes in which `progress` stayed the same."""
    before, give_up = progress(), time.monotonic() + PATIENCE_SECONDS
    while not true():
        if (now := progress()) != before:
            before, give_up = now, time.monotonic() + PATIENCE_SECONDS
        if time.monotonic() > give_up:
            raise TimeoutError(f"Nothing happened in {PATIENCE_SECONDS:.0f} s.")
        time.sleep(look)


def differences(kernel: Kernel, disturbed: UUID, twin: UUID) -> list[str]:
    """Where the books of two tenants differ, a line each; nothing where they are equal."""
    left, right = books(kernel, disturbed), books(kernel, twin)
    return [
        f"{name}: {len(left[name])} rows against {len(right[name])}, {len(set(left[name]) ^ set(right[name]))} differ"
        for name in PARTS if left[name] != right[name]
    ]  # fmt: skip
