"""Background work of this room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from plugins.billing import runs, sharing

if TYPE_CHECKING:
    from collections.abc import Generator

    from kernel.jobs import JobRun


def run_billing(job: JobRun) -> Generator[None, None, dict[str, Any]]:
    """Batch after batch, each in a transaction of its own that says which clients it did; so it can end at any moment."""
    with job.step() as ctx:
        run = runs.run_of_job(ctx, job.id, job.args)
        run_id, total = run.id, run.client_total
        sharing.ask_for_help(ctx, run)
    yield
    left = 1
    while left:
        with job.step() as ctx:
            left = runs.bill_next(ctx, run_id)
        job.progress(total - left, total)
        yield
    with job.step() as ctx:
        done = runs.describe_run(ctx, run_id)
    return {"run_id": str(run_id), **{name: int(done[name]) for name in ("invoices", "billed", "parked", "nothing")}}


def help_run(job: JobRun) -> Generator[None, None, None]:
    """Take part in a run that another job leads, in a turn of its own, until nothing is left or the run was stopped."""
    run_id, left = UUID(job.args["run_id"]), 1
    while left:
        with job.step() as ctx:
            left = runs.bill_next(ctx, run_id, job.args["turn"]) if sharing.needs_help(ctx, run_id) else 0
        yield
