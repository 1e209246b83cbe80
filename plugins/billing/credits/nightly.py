"""The work of the night on credits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kernel.hookspecs.start import DefaultSchedule, JobType
from plugins.billing.credits import checking, expiring

if TYPE_CHECKING:
    from collections.abc import Generator

    from kernel.context import CallContext
    from kernel.jobs import JobRun


def expire_credits(job: JobRun) -> Generator[None, None, dict[str, Any]]:
    """Credits whose last day is over, batch after batch."""
    done, ended = 0, 1
    while ended:
        with job.step() as ctx:
            ended = expiring.expire_next(ctx)
        done += ended
        yield
    return {"expired": done}


def notify_credits(ctx: CallContext) -> dict[str, Any]:
    """Notices of credits that end soon."""
    return {"notices": expiring.give_notices(ctx)}


def check_credits(ctx: CallContext) -> dict[str, Any]:
    """Whether credits and ledger agree."""
    return {"new_findings": len(checking.check_credits(ctx)), "url": "/credits/findings"}


JOBS = (
    JobType("billing.expire_credits", "Expire credits", expire_credits, stepwise=True, recurs_by="credit.manage"),
    JobType("billing.notify_credits", "Notices of expiring credits", notify_credits, recurs_by="credit.manage"),
    JobType("billing.check_credits", "Check credits against the ledger", check_credits, recurs_by="credit.manage"),
)
SCHEDULES = (
    DefaultSchedule("Expire credits", "billing.expire_credits", "0 1 * * *"),
    DefaultSchedule("Check credits against the ledger", "billing.check_credits", "0 2 * * *"),
    DefaultSchedule("Notices of expiring credits", "billing.notify_credits", "0 9 * * *"),
)
