"""The job ledger as services: put work in, look at it, cancel it, try it again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Select, select, text
from sqlalchemy.dialects.postgresql import insert

from kernel import audit
from kernel.errors import Conflict, DeskhandError, NotFound
from kernel.ids import uuid7
from kernel.jobs.models import LIVE, Job, JobHistory
from kernel.wakeups import wake

if TYPE_CHECKING:
    from kernel.app import Kernel
    from kernel.context import CallContext
    from kernel.hookspecs.start import JobType

_LIVE_KEY = text("key is not null and state in ('queued', 'running', 'retrying')")


class JobUnknown(DeskhandError):
    """No installed plugin registers this kind of job."""

    code = "job_unknown"
    title = "Unknown kind of job"


class JobNotFound(NotFound):
    code = "job_not_found"
    title = "No such job"


class JobEnded(Conflict):
    code = "job_ended"
    title = "The job has ended already"


class JobLive(Conflict):
    code = "job_live"
    title = "The job has not ended yet"


def job_type(kernel: Kernel, kind: str) -> JobType:
    """Raises JobUnknown."""
    if kind not in kernel.jobs:
        raise JobUnknown(f"No installed plugin registers a job of the kind {kind!r}.")
    return kernel.jobs[kind]


def enqueue(ctx: CallContext, kind: str, args: Mapping[str, Any] | None = None, *, key: str | None = None,
            run_at: datetime | None = None) -> UUID:  # fmt: skip
    """Put work into the ledger, in the caller's transaction; it is started after the commit, not before `run_at`.

    `args` are kept as JSON, so ids and dates reach the job as text. While a job of this kind with the same `key` is
    queued or running, its id is returned and nothing is added. Raises JobUnknown.
    """
    due_at = run_at or ctx.now()
    row = _new_row(ctx, kind, args, key, due_at)
    while True:
        fresh = insert(Job).values(row).on_conflict_do_nothing(
            index_elements=["tenant_id", "kind", "key"], index_where=_LIVE_KEY
        )  # fmt: skip
        if ctx.session.scalar(fresh.returning(Job.id)):
            note_state(ctx, row["id"], "queued", 0)
            wake(ctx.session, "jobs", due_at)
            job_id: UUID = row["id"]
            return job_id
        same = select(Job.id).where(Job.kind == kind, Job.key == key, Job.state.in_(LIVE))
        if (known := ctx.session.scalar(same)) is not None:
            return known


def _new_row(ctx: CallContext, kind: str, args: Mapping[str, Any] | None, key: str | None,
             due_at: datetime) -> dict[str, Any]:  # fmt: skip
    actor, cause = ctx.actor, ctx.cause
    return {
        "tenant_id": ctx.tenant_id, "id": uuid7(), "kind": kind, "args": dict(args or {}), "key": key, "state": "queued",
        "max_attempts": job_type(ctx.kernel, kind).max_attempts, "due_at": due_at, "created_at": ctx.now(),
        "actor_kind": actor.kind, "actor_id": actor.on_behalf_of or actor.id, "actor_name": actor.name,
        "author": actor.author, "request_id": cause.request_id, "caused_by": cause.event_id, "depth": cause.depth,
    }  # fmt: skip


def get_job(ctx: CallContext, job_id: UUID) -> Job:
    """Raises JobNotFound."""
    return _found(ctx, select(Job).where(Job.id == job_id))


def list_jobs(ctx: CallContext, *, state: str | None = None, kind: str | None = None, limit: int = 50) -> list[Job]:
    """The newest jobs first."""
    wanted = select(Job).order_by(Job.id.desc()).limit(limit)
    if state is not None:
        wanted = wanted.where(Job.state == state)
    if kind is not None:
        wanted = wanted.where(Job.kind == kind)
    return list(ctx.session.scalars(wanted))


def list_history(ctx: CallContext, job_id: UUID) -> list[JobHistory]:
    """A job's changes of state, oldest first."""
    mine = select(JobHistory).where(JobHistory.job_id == job_id).order_by(JobHistory.id)
    return list(ctx.session.scalars(mine))


def cancel_job(ctx: CallContext, job_id: UUID) -> Job:
    """Cancel a waiting job now; ask a running one to stop after its present step. Raises JobNotFound, JobEnded.

    A running job that does all in one transaction cannot be stopped: it ends, or is not tried again.
    """
    job = _found(ctx, select(Job).where(Job.id == job_id).with_for_update())
    if not job.live:
        raise JobEnded(f"The job is {job.state}.")
    job.cancel_requested = True
    if job.state != "running":
        job.state, job.finished_at = "cancelled", ctx.now()
        note_state(ctx, job.id, "cancelled", job.attempts)
    audit.record(ctx, "job.cancelled", kind="job", row_id=job.id, label=job.kind)
    return job


def retry_job(ctx: CallContext, job_id: UUID) -> Job:
    """Queue a job again that failed, was cancelled or skipped, with all its attempts.

    Raises JobNotFound, JobLive, JobEnded for one that succeeded, and Conflict when its key is taken by a newer job.
    """
    job = _found(ctx, select(Job).where(Job.id == job_id).with_for_update())
    if job.live:
        raise JobLive(f"The job is {job.state}.")
    if job.state == "succeeded":
        raise JobEnded("The job has succeeded; there is nothing to try again.")
    job.state, job.attempts, job.lost, job.due_at = "queued", 0, 0, ctx.now()
    job.cancel_requested, job.error, job.finished_at = False, None, None
    note_state(ctx, job.id, "queued", 0, "tried again")
    audit.record(ctx, "job.retried", kind="job", row_id=job.id, label=job.kind)
    ctx.session.flush()
    wake(ctx.session, "jobs", ctx.now())
    return job


def note_state(ctx: CallContext, job_id: UUID, state: str, attempt: int, note: str = "") -> None:
    """Add a line to a job's history."""
    ctx.session.add(JobHistory(job_id=job_id, occurred_at=ctx.now(), state=state, attempt=attempt, note=note))


def _found(ctx: CallContext, wanted: Select[Job]) -> Job:
    job = ctx.session.scalar(wanted, execution_options={"populate_existing": True})
    if job is None:
        raise JobNotFound
    return job
