"""Kills workers in the middle of billing runs; what is billed is that of a twin whose runs nobody disturbed."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from kernel import jobs
from kernel.app import Kernel
from plugins.billing import finalizing, runs
from plugins.billing.listing import draft_ids
from tests.ground import process, sign_contracts, window
from tests.soak.worker import POINTS

PATIENCE_SECONDS = 120.0
LOOK_SECONDS = 0.01
LONGEST_WAIT_SECONDS = 0.6
"""A random kill comes so long, at most, after the worker took the job: about three batches."""
_IDS = "'[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}', 'id', 'g'"
"""What two tenants cannot have in common."""
_INVOICES = f"""
select c.name, i.number, i.status, i.origin, i.currency, i.invoice_date, i.due_date, i.net, i.discount,
  i.subtotal, i.tax, i.total, regexp_replace(i.tax_trace::text, {_IDS})
from billing_invoices i join clients c on c.tenant_id = i.tenant_id and c.id = i.client_id order by i.number
"""
_LINES = f"""
select i.number, l.position, l.kind, l.description, l.quantity, l.unit, l.unit_price, l.net, l.discount, l.tax, l.total,
  l.tax_category, l.tax_parts::text, l.tax_point, l.period_start, l.period_end, regexp_replace(l.trace::text, {_IDS})
from billing_invoice_lines l join billing_invoices i on i.tenant_id = l.tenant_id and i.id = l.invoice_id order by 1, 2
"""
_TAXES = """
select i.number, t.position, t.name, t.percent, t.base, t.tax, t.tax_date
from billing_invoice_taxes t join billing_invoices i on i.tenant_id = t.tenant_id and i.id = t.invoice_id order by 1, 2
"""
_SOURCES = """
select i.number, l.position, s.source_kind, s.period_key, s.amount, u.used_on, u.quantity
from billing_sources s join billing_invoices i on i.tenant_id = s.tenant_id and i.id = s.invoice_id
  join billing_invoice_lines l on l.tenant_id = s.tenant_id and l.id = s.line_id
  left join billing_usage u on u.tenant_id = s.tenant_id and u.id = s.source_id order by 1, 2, 3, 4, 6
"""
_LEDGER = """
select i.number, e.kind, e.booked_on, e.currency, p.account, p.amount
from billing_ledger_entries e join billing_postings p on p.tenant_id = e.tenant_id and p.entry_id = e.id
  join billing_invoices i on i.tenant_id = e.tenant_id and i.id = e.source_id order by 1, 2, 5
"""
_USAGE = """
select c.name, u.used_on, u.quantity, i.number, l.position
from billing_usage u join clients c on c.tenant_id = u.tenant_id and c.id = u.client_id
  left join billing_invoices i on i.tenant_id = u.tenant_id and i.id = u.invoice_id
  left join billing_invoice_lines l on l.tenant_id = u.tenant_id and l.id = u.invoice_line_id order by 1, 2, 3
"""
_EVENTS = """
select payload ->> 'number', name, payload ->> 'currency', (payload ->> 'total')::bigint from events
where name like 'invoice.%' order by 1, 2
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
    """Disturbs the runs of one tenant: each worker is killed, until a month's run has ended all the same.

    `kills` counts the workers that were killed while the run was under way, by where it happened.
    """

    kernel: Kernel
    tenant_id: UUID
    random: Random
    batch: int
    kills: dict[str, int] = field(default_factory=dict)

    def disturb(self, month: int, wanted: int) -> None:
        """Begin a month's run and kill up to `wanted` workers in it; then let one end it."""
        with self.kernel.call(self.tenant_id) as ctx:
            job_id = runs.start_run(ctx, **window(month)).job_id
        assert job_id is not None
        with process(self.kernel.settings, "-c", "from cli import main; main()", "scheduler"):
            for _ in range(wanted):
                if self._live(job_id):
                    self._kill_one(job_id)
            with self._worker(""):
                _until(lambda: not self._live(job_id))

    def total(self) -> int:
        """Workers killed in the middle of a run."""
        return sum(self.kills.values())

    def _kill_one(self, job_id: UUID) -> None:
        place = self.random.choice(["at random"] * len(POINTS) + [*POINTS])
        fate = "" if place == "at random" else f"{place}:{self.random.randint(1, 3)}"
        holder = self._holder(job_id)
        with self._worker(fate) as worker:
            _until(lambda: self._holder(job_id) != holder or not self._live(job_id))
            if fate:
                _until(lambda: worker.poll() is not None or not self._live(job_id))
            else:
                time.sleep(self.random.uniform(0, LONGEST_WAIT_SECONDS))
            worker.kill()
            worker.wait()
        if self._live(job_id):
            self.kills[place] = self.kills.get(place, 0) + 1

    def _worker(self, fate: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
        more = {"SOAK_BATCH": str(self.batch), "SOAK_DIE": fate}
        return process(self.kernel.settings, "-m", "tests.soak.worker", **more)

    def _live(self, job_id: UUID) -> bool:
        with self.kernel.call(self.tenant_id) as ctx:
            return jobs.get_job(ctx, job_id).live

    def _holder(self, job_id: UUID) -> str | None:
        with self.kernel.call(self.tenant_id) as ctx:
            return ctx.session.scalar(select(jobs.Job.worker).where(jobs.Job.id == job_id))


def _until(true: Callable[[], object]) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not true():
        if time.monotonic() > give_up:
            raise TimeoutError(f"Nothing happened in {PATIENCE_SECONDS:.0f} s.")
        time.sleep(LOOK_SECONDS)


def differences(kernel: Kernel, disturbed: UUID, twin: UUID) -> list[str]:
    """Where the books of two tenants differ, a line each; nothing where they are equal."""
    left, right = books(kernel, disturbed), books(kernel, twin)
    return [
        f"{name}: {len(left[name])} rows against {len(right[name])}, {len(set(left[name]) ^ set(right[name]))} differ"
        for name in PARTS if left[name] != right[name]
    ]  # fmt: skip
