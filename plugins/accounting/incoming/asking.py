"""Asking the books of a target, outside any transaction. A refused token is renewed once; withdrawn consent halts the target."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from kernel.hookspecs.accounting import Gateway
from kernel.hookspecs.connections import ConsentWithdrawn
from plugins.accounting.targets import get_target, halt, system_of

if TYPE_CHECKING:
    from kernel.jobs import JobRun

T = TypeVar("T")


def ask(job: JobRun, target_id: UUID, question: Callable[[Gateway], T]) -> T:
    """What the books of a target answer. Raises Unavailable, and ConsentWithdrawn once the target is halted."""
    token, gateway = _open(job, target_id, "")
    try:
        return question(gateway)
    except ConsentWithdrawn:
        token, gateway = _open(job, target_id, token)
    try:
        return question(gateway)
    except ConsentWithdrawn as error:
        with job.step() as ctx:
            connection_id = get_target(ctx, target_id).connection_id
            ctx.hooks.withdraw_connection(ctx=ctx, connection_id=connection_id, detail=error.detail)
            halt(ctx, target_id, "missing_connection", error.detail)
        raise


def _open(job: JobRun, target_id: UUID, refused: str) -> tuple[str, Gateway]:
    with job.step() as ctx:
        target = get_target(ctx, target_id)
        system = system_of(ctx, target)
        access = ctx.hooks.open_connection(ctx=ctx, connection_id=target.connection_id, refused=refused)
    if system.open is None or access is None:
        raise LookupError(f"{system.title} has no books that can be opened")
    return access.token, system.open(access)
