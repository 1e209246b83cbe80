"""Runs one claimed job: all in one transaction, or step by step in slices of time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kernel.errors import DeskhandError, PluginNotEnabled
from kernel.failures import backoff, describe, may_retry
from kernel.jobs.claims import LOST_LIMIT, Claim, ClaimLost, claim_call, heartbeat, held_job, keep_claim, show_progress
from kernel.jobs.ledger import job_type, note_state
from kernel.jobs.models import LIVE, Job
from kernel.wakeups import wake

if TYPE_CHECKING:
    from kernel.app import Kernel
    from kernel.context import CallContext
    from kernel.hookspecs.start import JobType

SLICE_SECONDS = 30.0
STOPPING = threading.Event()
"""Set when this process shall end: stepwise jobs go back to the queue after their present step."""
log = logging.getLogger(__name__)


class JobPoisonous(DeskhandError):
    """The job ended its worker again and again (killed, out of memory); it is not tried any more."""

    code = "job_poisonous"
    title = "The job keeps ending its worker"


class JobRun:
    """What a stepwise job gets: its arguments, a transaction for each step, and a place to show progress. Its `claim` says for
    whom it runs, and why.
    """

    def __init__(self, kernel: Kernel, claim: Claim) -> None:
        self.kernel = kernel
        self.claim = claim
        self.id: UUID = claim.job_id
        self.args: dict[str, Any] = claim.args
        self.cancel_requested = False

    @contextmanager
    def step(self) -> Iterator[CallContext]:
        """One transaction, committed at the end of the block if this worker still holds the job.

        Raises PluginNotEnabled when the plugin was switched off since the last step, and ClaimLost.
        """
        with claim_call(self.kernel, self.claim) as ctx:
            yield ctx
            self.cancel_requested = keep_claim(ctx, self.claim)

    def progress(self, done: int, total: int | None = None, note: str = "") -> None:
        """Show how far it is: `done` of `total` things, seen by others at once."""
        show_progress(self.kernel, self.claim, done, total, note)


def run_job(kernel: Kernel, claim: Claim, *, slice_seconds: float = SLICE_SECONDS) -> None:
    """Run a claimed job to its end, or a stepwise one for a slice of time, and write down what came of it."""
    try:
        with heartbeat(kernel, claim):
            kind = _admit(kernel, claim)
            if kind.stepwise:
                _run_slice(kernel, claim, kind, slice_seconds)
            else:
                _run_whole(kernel, claim, kind)
    except ClaimLost:
        log.warning("Job %s (%s) is held by another worker by now", claim.job_id, claim.kind)
    except Exception as error:
        log.warning("Job %s (%s) failed", claim.job_id, claim.kind, exc_info=error)
        _record_failure(kernel, claim, error)


def _admit(kernel: Kernel, claim: Claim) -> JobType:
    if claim.lost > LOST_LIMIT:
        raise JobPoisonous(f"Its worker vanished {claim.lost} times in a row.")
    with claim_call(kernel, claim):  # refuses a switched-off plugin before any of its code runs
        return job_type(kernel, claim.kind)


def _run_whole(kernel: Kernel, claim: Claim, kind: JobType) -> None:
    """The effect and the ledger's `succeeded` are one transaction: both happen or neither does."""
    with claim_call(kernel, claim) as ctx:
        result = kind.run(ctx, **claim.args)
        ctx.session.flush()
        _end(ctx, held_job(ctx, claim), "succeeded", result=result)


def _run_slice(kernel: Kernel, claim: Claim, kind: JobType, slice_seconds: float) -> None:
    run = JobRun(kernel, claim)
    until = time.monotonic() + slice_seconds
    with closing(kind.run(run)) as steps:
        while True:
            try:
                next(steps)
            except StopIteration as end:
                outcome, result = "succeeded", end.value
                break
            if run.cancel_requested:
                outcome, result = "cancelled", None
                break
            if time.monotonic() >= until or STOPPING.is_set():
                outcome, result = "queued", None
                break
    with kernel.call(claim.tenant_id) as ctx:
        job = held_job(ctx, claim)
        if outcome == "queued":
            _requeue(ctx, job)
        else:
            _end(ctx, job, outcome, result=result)


def _requeue(ctx: CallContext, job: Job) -> None:
    """Back to the queue, behind what else is due. Steps were committed, so the attempt does not count."""
    job.state, job.worker, job.attempts, job.due_at = "queued", None, 0, ctx.now()
    wake(ctx.session, "jobs", ctx.now())


def _end(ctx: CallContext, job: Job, state: str, *, result: Any = None, error: dict[str, Any] | None = None) -> None:
    job.state, job.result, job.error, job.finished_at = state, result, error, ctx.now()
    note_state(ctx, job.id, state, job.attempts, (error or {}).get("detail", ""))


def _record_failure(kernel: Kernel, claim: Claim, error: Exception) -> None:
    problem = describe(error)
    try:
        with kernel.call(claim.tenant_id) as ctx:
            job = held_job(ctx, claim)
            state = _state_after(job, error)
            if state not in LIVE:
                _end(ctx, job, state, error=problem)
                return
            job.state, job.error, job.due_at = state, problem, ctx.now() + backoff(job.attempts)
            note_state(ctx, job.id, state, job.attempts, problem["detail"])
            wake(ctx.session, "jobs", job.due_at)
    except ClaimLost:
        log.warning("Job %s (%s) is held by another worker by now", claim.job_id, claim.kind)


def _state_after(job: Job, error: Exception) -> str:
    if isinstance(error, PluginNotEnabled):
        return "skipped"
    if job.cancel_requested:
        return "cancelled"
    if isinstance(error, JobPoisonous) or job.attempts >= job.max_attempts or not may_retry(error):
        return "failed"
    return "retrying"
