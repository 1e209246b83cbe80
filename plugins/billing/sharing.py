"""Several workers on one run: each takes clients that no other one holds, in a turn of its own.

While one waits for PostgreSQL another reckons; so a run of many clients is shared even where there is one worker process, by
the threads in which it does its jobs. Small runs are not shared: their numbers are in the order of the clients.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Select, exists, select

from kernel import jobs
from kernel.jobs.models import LIVE
from plugins.billing.contracts.turns import TURNS
from plugins.billing.models import Run, RunClient

if TYPE_CHECKING:
    from kernel.context import CallContext

JOB = "billing.run_help"
SHARED_FROM = 1000
"""Clients; fewer are done before help would have come."""


def ask_for_help(ctx: CallContext, run: Run) -> None:
    """Let whoever is free take part in a run, one job for each turn there is besides the run's own; asked again, no more."""
    if run.client_total < SHARED_FROM:
        return
    for turn in range(1, min(TURNS, 2 * run.client_total // SHARED_FROM)):
        jobs.enqueue(ctx, JOB, {"run_id": str(run.id), "turn": turn}, key=f"{run.id}/{turn}")


def needs_help(ctx: CallContext, run_id: UUID) -> bool:
    """Whether a run is under way still: not done, not cancelled, its own job alive."""
    job = (jobs.Job.tenant_id == Run.tenant_id) & (jobs.Job.id == Run.job_id)
    alive = exists().where(job, jobs.Job.state.in_(LIVE), ~jobs.Job.cancel_requested)
    return ctx.session.scalar(select(Run.id).where(Run.id == run_id, Run.state == "live", alive)) is not None


def take_clients(ctx: CallContext, run_id: UUID, most: int) -> list[UUID]:
    """The next clients of a run that nobody holds, held to the end of this transaction."""
    free = _pending(run_id).order_by(RunClient.client_id).limit(most).with_for_update(skip_locked=True)
    return list(ctx.session.scalars(free))


def await_others(ctx: CallContext, run_id: UUID) -> None:
    """Wait until whoever holds the last clients of a run has billed them, or given up."""
    ctx.session.execute(_pending(run_id).order_by(RunClient.client_id).limit(1).with_for_update())


def _pending(run_id: UUID) -> Select[tuple[UUID]]:
    return select(RunClient.client_id).where(RunClient.run_id == run_id, RunClient.state == "pending")
