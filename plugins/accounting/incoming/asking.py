"""Asking the books of a target, outside any transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from kernel.hookspecs.accounting import Gateway
from kernel.hookspecs.connections import ConsentWithdrawn
from plugins.accounting.delivering import Books, open_books
from plugins.accounting.targets import get_target, system_of

if TYPE_CHECKING:
    from kernel.jobs import JobRun

T = TypeVar("T")


def ask(job: JobRun, target_id: UUID, question: Callable[[Gateway], T]) -> T:
    """What the books of a target answer; a token that is refused is renewed once.

    Raises Unavailable, and ConsentWithdrawn once the target is halted.
    """
    books = _open(job, target_id, "")
    try:
        return question(books.gateway)
    except ConsentWithdrawn:
        return question(_open(job, target_id, books.access.token).gateway)


def _open(job: JobRun, target_id: UUID, refused: str) -> Books:
    with job.step() as ctx:
        system = system_of(ctx, get_target(ctx, target_id))
    books = open_books(job, target_id, system, refused)
    if books is None:
        with job.step() as ctx:
            raise ConsentWithdrawn(get_target(ctx, target_id).halted_detail)
    return books
