"""Calls of guests at the times of their schedules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import func, select, tuple_

from kernel.context import CallContext
from kernel.jobs.models import Job, JobHistory
from plugins.extensions.calls.invoking import Occasion, find_target, invoke_for
from plugins.extensions.errors import EndpointNotFound, GuestRefused, InstallDisabled, InstallNotFound
from plugins.extensions.guests.invocation import GuestRequest
from plugins.extensions.triggers.timetable import MANAGE, RUN_JOB

if TYPE_CHECKING:
    from kernel.jobs import JobRun


def run_schedule(job: JobRun) -> dict[str, Any]:
    """Call the endpoint of a schedule, unless its last call still runs. Raises as `invoke_for` does, and GuestRefused where the
    handler answers with a status of 400 or more.
    """
    kernel, claim, args = job.kernel, job.claim, job.args
    method, _, path = args["endpoint"].partition(" ")
    try:
        with kernel.call(claim.tenant_id, claim.actor, claim.cause) as ctx:
            if still_runs(ctx, job.id, args):
                return {"skipped": "the last call still runs"}
            target = find_target(ctx, UUID(args["install_id"]), method, path)
    except (InstallNotFound, InstallDisabled, EndpointNotFound) as error:
        return {"skipped": error.code}
    if args["origin"] == "guest" and MANAGE not in target.grants:
        return {"skipped": f"{MANAGE} is not granted any more"}
    request = GuestRequest(method, path, target.params)
    response = invoke_for(kernel, target, request, Occasion("schedule", claim.actor, claim.cause))
    if response.status >= 400:
        raise GuestRefused(f"{target.title} answered {args['endpoint']} with the status {response.status}.")
    return {"status": response.status}


def still_runs(ctx: CallContext, job_id: UUID, args: Mapping[str, Any]) -> bool:
    """Whether a call of the same schedule began before this one: not which was asked for first, for one that is tried again
    begins late. Of two that begin together the one goes on that a worker took first.
    """
    began = (
        select(func.max(JobHistory.occurred_at)).where(JobHistory.job_id == Job.id, JobHistory.state == "running")
        .correlate(Job).scalar_subquery()
    )  # fmt: skip
    mine = ctx.session.execute(select(began, Job.id).where(Job.id == job_id)).one()
    others = select(Job.id).where(Job.kind == RUN_JOB, Job.state == "running", tuple_(began, Job.id) < tuple(mine))
    for key in ("install_id", "name"):
        others = others.where(Job.args[key].astext == args[key])
    return ctx.session.scalar(others.limit(1)) is not None
