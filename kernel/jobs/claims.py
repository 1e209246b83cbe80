"""Claims: which worker holds a job, proven in every transaction that has an effect, kept alive by a heartbeat."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import case, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from kernel.context import Actor, CallContext, Cause
from kernel.errors import DeskhandError, PluginNotEnabled
from kernel.jobs.ledger import note_state
from kernel.jobs.models import LIVE, Job
from kernel.wakeups import read_notes, settle_notes

if TYPE_CHECKING:
    from kernel.app import Kernel

LOST_LIMIT = 10
LONGEST_HOLD = timedelta(minutes=15)
log = logging.getLogger(__name__)


class ClaimLost(DeskhandError):
    """Another worker holds the job by now; what this one did is rolled back."""

    code = "claim_lost"
    title = "The job is held by another worker"


@dataclass(frozen=True, slots=True)
class Claim:
    """A job as the worker that holds it sees it. `token` is the proof, new with every claim."""

    tenant_id: UUID
    job_id: UUID
    kind: str
    args: dict[str, Any]
    token: str
    lost: int
    actor: Actor
    cause: Cause


def claim_next(kernel: Kernel, tenant_id: UUID) -> Claim | None:
    """Take the tenant's job that has been due longest, leaving a note for the next one and for the lease's end."""
    with kernel.call(tenant_id) as ctx:
        notes = read_notes(ctx.session, "jobs")
        job = _take(ctx)
        if job is not None:
            note_state(ctx, job.id, "running", job.attempts, job.worker or "")
        next_due = ctx.session.scalar(select(func.min(Job.due_at)).where(Job.state.in_(LIVE)))
        settle_notes(ctx.session, "jobs", notes, next_due)
    return None if job is None else _claim(job)


def _take(ctx: CallContext) -> Job | None:
    now = ctx.now()
    due = (
        select(Job.id).where(Job.state.in_(LIVE), Job.due_at <= now).order_by(Job.due_at, Job.id).limit(1)
        .with_for_update(skip_locked=True)
    )  # fmt: skip
    vanished = case((Job.state == "running", 1), else_=0)
    taken = update(Job).where(Job.id == due.scalar_subquery()).values(
        state="running", worker=f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}",
        attempts=Job.attempts + 1 - vanished, lost=Job.lost + vanished, due_at=now + _lease(ctx.kernel),
        heartbeat_at=now, started_at=func.coalesce(Job.started_at, now),
    ).returning(Job)  # fmt: skip
    return ctx.session.scalar(taken, execution_options={"synchronize_session": False})


def _claim(job: Job) -> Claim:
    actor = replace(Actor.system(), on_behalf_of=job.actor_id, author=job.author)
    cause = Cause(job.request_id, job.caused_by, job.depth)
    return Claim(job.tenant_id, job.id, job.kind, job.args, job.worker or "", job.lost, actor, cause)


def _lease(kernel: Kernel) -> timedelta:
    return timedelta(seconds=kernel.settings.job_lease)


@contextmanager
def claim_call(kernel: Kernel, claim: Claim) -> Iterator[CallContext]:
    """A transaction in which the job does its work. Raises PluginNotEnabled when its plugin is switched off."""
    with kernel.call(claim.tenant_id, claim.actor, claim.cause) as ctx:
        plugin = kernel.job_plugins.get(claim.kind)
        if plugin is not None and not ctx.hooks.enabled(plugin):
            raise PluginNotEnabled(f"The plugin {plugin} is switched off.", plugin=plugin)
        yield ctx


def _mine(claim: Claim) -> Any:
    return (Job.id == claim.job_id) & (Job.worker == claim.token) & (Job.state == "running")


def held_job(ctx: CallContext, claim: Claim) -> Job:
    """The job's row, locked to the end of the transaction. Raises ClaimLost."""
    job = ctx.session.scalar(select(Job).where(_mine(claim)).with_for_update(), execution_options={"populate_existing": True})
    if job is None:
        raise ClaimLost
    return job


def keep_claim(ctx: CallContext, claim: Claim) -> bool:
    """Prove the claim at the end of a step and begin counting attempts anew; True if the job shall be cancelled.

    Raises ClaimLost.
    """
    ctx.session.flush()
    kept = update(Job).where(_mine(claim)).values(
        attempts=1, lost=0, heartbeat_at=ctx.now(), due_at=ctx.now() + _lease(ctx.kernel)
    ).returning(Job.cancel_requested)  # fmt: skip
    cancel = ctx.session.scalar(kept, execution_options={"synchronize_session": False})
    if cancel is None:
        raise ClaimLost
    return cancel


def show_progress(kernel: Kernel, claim: Claim, done: int, total: int | None, note: str) -> None:
    """Write progress in a transaction of its own, so that others see it now. Raises ClaimLost."""
    with kernel.db.transaction(claim.tenant_id) as session:
        shown = update(Job).where(_mine(claim)).values(progress_done=done, progress_total=total, progress_note=note)
        if session.scalar(shown.returning(Job.id), execution_options={"synchronize_session": False}) is None:
            raise ClaimLost


@contextmanager
def heartbeat(kernel: Kernel, claim: Claim) -> Iterator[None]:
    """Renew the lease in the background, for 15 minutes at most: a job that hangs is then given to another worker."""
    done = threading.Event()
    beat = threading.Thread(target=_beat, args=(kernel, claim, done), name=f"heartbeat-{claim.job_id}", daemon=True)
    beat.start()
    try:
        yield
    finally:
        done.set()
        beat.join()


def _beat(kernel: Kernel, claim: Claim, done: threading.Event) -> None:
    pause = _lease(kernel) / 3
    for _ in range(int(LONGEST_HOLD / pause)):
        if done.wait(pause.total_seconds()):
            return
        try:
            if not _renew(kernel, claim, kernel.clock.now()):
                return
        except SQLAlchemyError:
            log.warning("The heartbeat of job %s could not be written", claim.job_id, exc_info=True)


def _renew(kernel: Kernel, claim: Claim, now: datetime) -> bool:
    with kernel.db.transaction(claim.tenant_id) as session:
        renewed = update(Job).where(_mine(claim)).values(heartbeat_at=now, due_at=now + _lease(kernel))
        return session.scalar(renewed.returning(Job.id), execution_options={"synchronize_session": False}) is not None
