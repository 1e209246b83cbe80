"""Background work of this room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from kernel.hookspecs.start import DefaultSchedule, JobType
from plugins.accounting import looking, outgoing
from plugins.accounting.delivering import deliver

if TYPE_CHECKING:
    from kernel.context import CallContext


def deliver_later(ctx: CallContext, target_id: str) -> None:
    """The time has come to deliver to a target again."""
    outgoing.wake(ctx, UUID(target_id))


def deliver_all(ctx: CallContext) -> dict[str, Any]:
    """Deliver what is due of all targets."""
    return {"targets": outgoing.wake_all(ctx)}


JOBS = (
    JobType(outgoing.DELIVER, "Deliver to accounting", deliver, stepwise=True),
    JobType(outgoing.LATER, "Deliver to accounting again", deliver_later),
    JobType("accounting.deliver_all", "Deliver what waits for accounting", deliver_all, recurs_by="accounting.manage"),
    JobType(looking.LOOK, "Look at what may be mapped to", looking.look, stepwise=True),
)
SCHEDULES = (DefaultSchedule("Deliver what waits for accounting", "accounting.deliver_all", "*/15 * * * *"),)
