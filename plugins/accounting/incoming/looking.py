"""The job that looks at the other side: what changed since the last look, and now and then all that is linked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from kernel.errors import DeskhandError
from kernel.hookspecs.accounting import Change, Changes, External, Gateway
from plugins.accounting.incoming.asking import ask
from plugins.accounting.incoming.cursors import (
    KINDS,
    LookOvertaken,
    Plan,
    begin_look,
    hold,
    look_everywhere,
    next_portion,
    note_trouble,
)
from plugins.accounting.incoming.noticing import notice
from plugins.accounting.targets import get_target

if TYPE_CHECKING:
    from kernel.context import CallContext
    from kernel.jobs import JobRun

_STEP = 100
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def run_everywhere(ctx: CallContext) -> dict[str, int]:
    """The job of the schedule: a look at each target."""
    return {"targets": look_everywhere(ctx)}


def look(job: JobRun) -> Iterator[None]:
    """One look at the books of a target: read outside, write in steps; what is written twice changes nothing."""
    target_id = UUID(job.args["target_id"])
    with job.step() as ctx:
        plan = begin_look(ctx, target_id)
    if plan is None:
        return
    yield
    try:
        yield from _changed(job, target_id, plan)
        yield from _everything(job, target_id, plan)
    except LookOvertaken:
        return
    except DeskhandError as error:
        with job.step() as ctx:
            note_trouble(ctx, target_id, error.detail)
        raise


def _changed(job: JobRun, target_id: UUID, plan: Plan) -> Iterator[None]:
    """What changed, in the order in which it did, so that a look that is stopped goes on where it was."""
    found = ask(job, target_id, lambda books: _with_asked(books, plan))
    changed = sorted(found.changed, key=lambda one: one.changed_at)
    certain = True
    for at in range(0, len(changed), _STEP):
        some = changed[at : at + _STEP]
        with job.step() as ctx:
            cursor = hold(ctx, target_id, plan.round)
            if not found.complete:
                cursor.everything = True
            certain &= notice(ctx, get_target(ctx, target_id), some)
            cursor.since = max(cursor.since, some[-1].changed_at) if certain else cursor.since
        yield
    with job.step() as ctx:
        cursor = hold(ctx, target_id, plan.round)
        cursor.since = max(cursor.since, found.until) if certain else cursor.since
        cursor.everything |= not found.complete
        cursor.looked_at, cursor.trouble = ctx.now(), ""


def _everything(job: JobRun, target_id: UUID, plan: Plan) -> Iterator[None]:
    """How all that is linked stands, in portions; deletions show only so where the other side forgot them."""
    while True:
        with job.step() as ctx:
            some, behind = next_portion(ctx, target_id, plan.round)
        stand = ask(job, target_id, lambda books, ids=some: list(_stand(books, ids))) if some else []  # type: ignore[misc]
        with job.step() as ctx:
            cursor = hold(ctx, target_id, plan.round)
            notice(ctx, get_target(ctx, target_id), stand)
            cursor.position, cursor.everything = behind, bool(behind)
        yield
        if not behind:
            return


def _with_asked(books: Gateway, plan: Plan) -> Changes:
    told = books.changes(plan.since, KINDS)
    newest = {(one.kind, one.external.id): one for one in told.changed}
    asked = {kind: [each for each in ids if (kind, each) not in newest] for kind, ids in plan.ids.items()}
    return told._replace(changed=[*newest.values(), *_stand(books, asked)])


def _stand(books: Gateway, ids: Mapping[str, Sequence[str]]) -> Iterator[Change]:
    """How things stand now; those that are gone count as deleted."""
    for kind, asked in ids.items():
        found = {one.external.id: one for one in books.read(kind, asked)} if asked else {}
        yield from (found.get(each) or Change(kind, External(each), _LONG_AGO, deleted=True) for each in asked)
