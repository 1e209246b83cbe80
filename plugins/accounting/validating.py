"""Checking documents before they are delivered: what is in the way, by named codes, each with the page that mends it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from kernel.ids import uuid7
from plugins.accounting.assembling import Trouble, assemble, open_desk
from plugins.accounting.models import ExportDocument, ProblemRow, Target
from plugins.accounting.snapshots import unpack

if TYPE_CHECKING:
    from kernel.context import CallContext

PORTION = 200


def validate(ctx: CallContext, target: Target, documents: Sequence[ExportDocument]) -> None:
    """Check documents that were not delivered yet: problems that are gone are resolved first, new ones noted. A document without
    any is `ready`, one with some is `open`.
    """
    for at in range(0, len(documents), PORTION):
        portion = documents[at : at + PORTION]
        found = find_troubles(ctx, target, portion)
        _note(ctx, found)
        for state, alike in (("open", True), ("ready", False)):
            mine = [one.id for one in portion if bool(found[one.id]) is alike and (one.state, one.code) != (state, "")]
            write_documents(ctx, mine, state=state, code="", detail="")


def write_documents(ctx: CallContext, document_ids: Sequence[UUID], **facts: Any) -> set[UUID]:
    """Write the same facts into many documents, in one statement; gives their batches."""
    if not document_ids:
        return set()
    mine = update(ExportDocument).where(ExportDocument.id.in_(document_ids))
    changed = mine.values(version=ExportDocument.version + 1, **facts).returning(ExportDocument.batch_id)
    return set(ctx.session.scalars(changed))


def find_troubles(ctx: CallContext, target: Target, documents: Sequence[ExportDocument]) -> dict[UUID, list[Trouble]]:
    """What is in the way of each document, also what its system would refuse; nothing is noted."""
    papers = {one.id: unpack(one.snapshot) for one in documents}
    desk = open_desk(ctx, target, list(papers.values()))
    assembled = {row_id: assemble(desk, paper, str(row_id)) for row_id, paper in papers.items()}
    troubles = defaultdict[UUID, list[Trouble]](list, {row_id: found for row_id, (_, found) in assembled.items()})
    sound = {document.id: (row_id, document) for row_id, (document, found) in assembled.items() if not found}
    if desk.system.check is not None and sound:
        for problem in desk.system.check(ctx, [document for _, document in sound.values()]):
            row_id = sound[problem.document_id][0]
            troubles[row_id].append(Trouble(problem.code, "", problem.detail, problem.mend_url))
    return troubles


def _note(ctx: CallContext, found: Mapping[UUID, Sequence[Trouble]]) -> None:
    """Resolve what is gone, then write down what is new."""
    still = {(row_id, one.code, one.subject) for row_id, some in found.items() for one in some}
    known = ctx.session.scalars(
        select(ProblemRow).where(ProblemRow.document_id.in_(list(found)), ProblemRow.resolved_at.is_(None))
    ).all()
    gone = [one.id for one in known if (one.document_id, one.code, one.subject) not in still]
    if gone:
        ctx.session.execute(update(ProblemRow).where(ProblemRow.id.in_(gone)).values(resolved_at=ctx.now()))
    rows = [{"tenant_id": ctx.tenant_id, "id": uuid7(), "document_id": row_id, "found_at": ctx.now(), **one._asdict()}
            for row_id, some in found.items() for one in some]  # fmt: skip
    if rows:
        ctx.session.execute(insert(ProblemRow).values(rows).on_conflict_do_nothing())


class InTheWay(NamedTuple):
    """A problem of so many documents of a batch, which is mended in one place."""

    code: str
    detail: str
    mend_url: str
    documents: int


def in_the_way(ctx: CallContext, batch_id: UUID) -> list[InTheWay]:
    """What is in the way of documents of a batch, what is in the way of most of them first."""
    same = (ExportDocument.tenant_id == ProblemRow.tenant_id) & (ExportDocument.id == ProblemRow.document_id)
    facts = (ProblemRow.code, ProblemRow.detail, ProblemRow.mend_url)
    count = func.count(ProblemRow.document_id.distinct())
    found = (
        select(*facts, count).join(ExportDocument, same)
        .where(ExportDocument.batch_id == batch_id, ProblemRow.resolved_at.is_(None))
        .group_by(*facts).order_by(count.desc(), *facts)
    )  # fmt: skip
    return [InTheWay(*row) for row in ctx.session.execute(found)]


def open_problems(ctx: CallContext, document_ids: Sequence[UUID]) -> dict[UUID, list[ProblemRow]]:
    """What is still in the way of each document."""
    by_document = defaultdict[UUID, list[ProblemRow]](list)
    wanted = select(ProblemRow).where(ProblemRow.document_id.in_(document_ids), ProblemRow.resolved_at.is_(None))
    for one in ctx.session.scalars(wanted.order_by(ProblemRow.id)):
        by_document[one.document_id].append(one)
    return by_document
