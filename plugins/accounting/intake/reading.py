"""Reading what is there: the job that asks, and the rows that it keeps."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from kernel import jobs
from kernel.hookspecs.accounting import CUSTOMER, ITEM, Theirs
from kernel.hookspecs.papers import PaperPlace
from kernel.ids import uuid7
from plugins.accounting.errors import NothingToTakeIn
from plugins.accounting.incoming.asking import ask
from plugins.accounting.intake.models import Newcomer
from plugins.accounting.targets import get_target, system_of

if TYPE_CHECKING:
    from kernel.context import CallContext
    from kernel.jobs import JobRun

JOB = "accounting.read_theirs"
KINDS = (CUSTOMER, ITEM)
_PORTION = 500
_UNDECIDED = ("open", "skipped", "failed")


def ask_to_read(ctx: CallContext, target_id: UUID) -> UUID:
    """Let a worker read the customers and items of a target; returns the job. Raises TargetNotFound and NothingToTakeIn."""
    target = get_target(ctx, target_id)
    if system_of(ctx, target).open is None:
        raise NothingToTakeIn("This target is files; there is nothing to read.")
    return jobs.enqueue(ctx, JOB, {"target_id": str(target.id)}, key=str(target.id))


def read(job: JobRun) -> Generator[None, None, dict[str, Any]]:
    """Read customers, then items, and keep them portion by portion."""
    target_id, count = UUID(job.args["target_id"]), 0
    for kind in KINDS:
        found = ask(job, target_id, lambda books, kind=kind: list(books.theirs(kind)))  # type: ignore[misc]
        yield
        for at in range(0, len(found), _PORTION):
            with job.step() as ctx:
                keep(ctx, target_id, kind, found[at : at + _PORTION])
            count += len(found[at : at + _PORTION])
            job.progress(count, count, kind)
            yield
        with job.step() as ctx:
            _forget(ctx, target_id, kind, {one.id for one in found})
        yield
    return {"url": f"/accounting/targets/{target_id}/intake", "says": f"{count} found"}


def keep(ctx: CallContext, target_id: UUID, kind: str, found: Sequence[Theirs]) -> None:
    """Keep what was read; what was decided of it before stays decided."""
    if not found:
        return
    fresh = insert(Newcomer).values([
        {"tenant_id": ctx.tenant_id, "id": uuid7(), "target_id": target_id, "kind": kind, "external_id": one.id,
         "name": one.name, "facts": _packed(one), "state": "open", "read_at": ctx.now()}
        for one in {each.id: each for each in found}.values()
    ])  # fmt: skip
    newer = {"name": fresh.excluded.name, "facts": fresh.excluded.facts, "read_at": fresh.excluded.read_at}
    ctx.session.execute(fresh.on_conflict_do_update(index_elements=["tenant_id", "target_id", "kind", "external_id"], set_=newer))


def _forget(ctx: CallContext, target_id: UUID, kind: str, there: set[str]) -> None:
    """What is not there any more is offered no more."""
    mine = Newcomer.target_id == target_id, Newcomer.kind == kind, Newcomer.state.in_(_UNDECIDED)
    known = ctx.session.execute(select(Newcomer.id, Newcomer.external_id).where(*mine))
    gone = [row.id for row in known if row.external_id not in there]
    if gone:
        ctx.session.execute(delete(Newcomer).where(Newcomer.id.in_(gone)))


def _packed(one: Theirs) -> dict[str, Any]:
    return one._asdict() | {"place": one.place._asdict()}


def unpack(row: Newcomer) -> Theirs:
    """What was read of it."""
    return Theirs(**(row.facts | {"place": PaperPlace(**row.facts["place"])}))
