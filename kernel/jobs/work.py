"""What is due of a tenant, done here and now: workers and tests call the same function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from kernel.errors import DeskhandError
from kernel.events import deliver_due
from kernel.jobs.claims import claim_next
from kernel.jobs.runner import run_job
from kernel.jobs.schedules import fire_due
from kernel.tenancy import tenant_ids
from kernel.wakeups import KINDS, Wakeup

if TYPE_CHECKING:
    from kernel.app import Kernel

DRAIN_LIMIT = 100_000


class EndlessWork(DeskhandError):
    """Work makes new work that is due at once, without end."""

    code = "endless_work"
    title = "The work does not come to an end"


def run_next_job(kernel: Kernel, tenant_id: UUID) -> bool:
    """Run the tenant's next due job, or a slice of it; returns False when none was due."""
    claim = claim_next(kernel, tenant_id)
    if claim is None:
        return False
    run_job(kernel, claim)
    return True


WORK: Mapping[str, Callable[[Kernel, UUID], bool]] = {
    "schedules": fire_due, "events": deliver_due, "jobs": run_next_job,
}  # fmt: skip


def work(kernel: Kernel, tenant_id: UUID, kind: str) -> bool:
    """Do one portion of a tenant's due `schedules`, `events` or `jobs`; returns False when nothing was due."""
    return WORK[kind](kernel, tenant_id)


def run_due(kernel: Kernel, tenant_id: UUID) -> int:
    """Do all that notes say is due of a tenant, and what follows from it, in this process; returns the portions done."""
    portions = 0
    while done := sum(work(kernel, tenant_id, kind) for kind in _noted(kernel, tenant_id)):
        portions += done
        if portions > DRAIN_LIMIT:
            raise EndlessWork
    return portions


def _noted(kernel: Kernel, tenant_id: UUID) -> list[str]:
    due = select(Wakeup.kind).where(Wakeup.tenant_id == tenant_id, Wakeup.due_at <= kernel.clock.now())
    with kernel.db.transaction(tenant_id) as session:
        noted = set(session.scalars(due))
    return [kind for kind in KINDS if kind in noted]


def drain(kernel: Kernel, tenant_id: UUID | None = None) -> int:
    """`run_due` for one tenant, or for every tenant."""
    if tenant_id is not None:
        return run_due(kernel, tenant_id)
    with kernel.db.transaction() as session:
        ids = tenant_ids(session)
    return sum(run_due(kernel, one) for one in ids)
