"""The ledger of work that goes out: what shall be delivered, in which order, and when it is tried again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import case, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from kernel import audit, jobs
from kernel.hookspecs.delegated_tax import TAX
from kernel.ids import uuid7
from kernel.jobs.ledger import get_job
from plugins.accounting.errors import BatchState, WorkNotFound
from plugins.accounting.models import OPEN_WORK, ExportDocument, Outgoing, Target
from plugins.accounting.watched import UNFORESEEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement

    from kernel.context import CallContext

DELIVER, LATER = "accounting.deliver", "accounting.deliver_later"
RANKS = {("client", "put"): 1, ("item", "put"): 1, ("tax", "put"): 2, ("invoice", "put"): 2, ("credit_note", "put"): 2,
         ("credit_use", "void"): 3, ("payment", "void"): 3, ("payment", "put"): 4, ("credit_use", "put"): 5,
         ("credit_note", "void"): 7, ("invoice", "void"): 7}  # fmt: skip
"""Customers before documents before money, of which that comes first which makes room; documents are voided last."""
WAITS, BY_HAND = "waits_for_document", "credit_not_exportable"
"""Codes of what waits for other work, and for a person."""
_OPEN = text("state in ('waiting', 'failed')")
_SOON = timedelta(seconds=30)


def new_request_id() -> str:
    """A name for one delivery, by which the other side knows a second try of it."""
    return f"dh{uuid4().hex}"


class Work(NamedTuple):
    """Something of ours that shall go out, or be voided there."""

    kind: str
    our_id: UUID
    label: str = ""
    document_id: UUID | None = None
    action: str = "put"


def add_work(ctx: CallContext, target_id: UUID, kind: str, our_id: UUID, *, action: str = "put", label: str = "",
             document_id: UUID | None = None) -> None:  # fmt: skip
    """Let something go out; what waits for its turn already is not doubled, and what failed is tried anew. Where nobody knows
    whether it arrived, it stays under its request id.
    """
    add_works(ctx, target_id, [Work(kind, our_id, label, document_id, action)])


def add_works(ctx: CallContext, target_id: UUID, works: Sequence[Work]) -> None:
    """`add_work` for many things, each named once, in one statement."""
    rows = [{"tenant_id": ctx.tenant_id, "id": uuid7(), "target_id": target_id, "rank": RANKS[one.kind, one.action],
             "request_id": new_request_id(), "due_at": ctx.now(), "created_at": ctx.now(), **one._asdict()}
            for one in works]  # fmt: skip
    if not rows:
        return
    fresh = insert(Outgoing).values(rows)
    failed = Outgoing.state == "failed"
    unclear = failed & (Outgoing.code == UNFORESEEN)
    anew = {"request_id": case((failed & ~unclear, fresh.excluded.request_id), else_=Outgoing.request_id),
            "state": case((unclear, "sending"), else_="waiting"),
            "due_at": ctx.now(), "code": "", "detail": "", "mend_url": "", "finished_at": None,
            "attempts": case((unclear, 1), (failed, 0), else_=Outgoing.attempts),
            "document_id": fresh.excluded.document_id, "version": Outgoing.version + 1}  # fmt: skip
    keep = fresh.on_conflict_do_update(
        index_elements=["tenant_id", "target_id", "kind", "our_id", "action"], index_where=_OPEN, set_=anew
    )  # fmt: skip
    ctx.session.execute(keep)


def mark(ctx: CallContext, work_ids: Sequence[UUID], **facts: Any) -> None:
    """Write the same facts into many rows of the ledger, in one statement."""
    if work_ids:
        mine = update(Outgoing).where(Outgoing.id.in_(work_ids))
        ctx.session.execute(mine.values(version=Outgoing.version + 1, **facts))


def wake(ctx: CallContext, target_id: UUID) -> UUID:
    """Let a worker deliver what is due of a target; returns the job. One that is at its end already may miss what came just
    now: another one looks again shortly after.
    """
    job_id = jobs.enqueue(ctx, DELIVER, {"target_id": str(target_id)}, key=str(target_id))
    if get_job(ctx, job_id).state == "running":
        wake_later(ctx, target_id, ctx.now() + _SOON)
    return job_id


def wake_later(ctx: CallContext, target_id: UUID, at: datetime) -> None:
    """The same at a later moment."""
    jobs.enqueue(ctx, LATER, {"target_id": str(target_id)}, key=f"{target_id} {at:%Y%m%d%H%M%S}", run_at=at)


def wake_all(ctx: CallContext) -> int:
    """Deliver what is due of all targets; for the case that a job was lost."""
    due = select(Outgoing.target_id).where(Outgoing.state.in_(("waiting", "sending")), Outgoing.due_at <= ctx.now()).distinct()
    wanted = select(Target.id).where(Target.id.in_(due), Target.active, Target.halted == "")
    return len([wake(ctx, one) for one in ctx.session.scalars(wanted.order_by(Target.id)).all()])


def next_due(ctx: CallContext, target_id: UUID) -> datetime | None:
    """When the next work of a target is due, if there is any."""
    open_work = Outgoing.target_id == target_id, Outgoing.state.in_(("waiting", "sending"))
    return ctx.session.scalar(select(func.min(Outgoing.due_at)).where(*open_work))


def count_open(ctx: CallContext, target_id: UUID) -> int:
    """How much of a target's work is due and not at its end."""
    open_work = Outgoing.target_id == target_id, Outgoing.state.in_(("waiting", "sending")), Outgoing.due_at <= ctx.now()
    return ctx.session.scalar(select(func.count()).where(*open_work)) or 0


def wake_money(ctx: CallContext, target_id: UUID) -> None:
    """Documents arrived: money that waited for some may go out now."""
    waiting = Outgoing.target_id == target_id, Outgoing.state.in_(OPEN_WORK), Outgoing.code == WAITS
    ctx.session.execute(update(Outgoing).where(*waiting).values(due_at=ctx.now()))


def retry_questions(ctx: CallContext, target_id: UUID) -> None:
    """Ask anew what drafts are taxed where that was refused: something was mended."""
    _try_anew(ctx, target_id, Outgoing.kind == TAX)


def reconsider(ctx: CallContext, target_id: UUID, kind: str, our_id: UUID) -> None:
    """Look anew at what failed to go out, if it did: what it is about counts no more, and the work may be over."""
    _try_anew(ctx, target_id, Outgoing.kind == kind, Outgoing.our_id == our_id)


def _try_anew(ctx: CallContext, target_id: UUID, *wanted: ColumnElement[bool]) -> None:
    mine = Outgoing.target_id == target_id, Outgoing.action == "put", Outgoing.state == "failed"
    failed = ctx.session.execute(select(Outgoing.kind, Outgoing.our_id, Outgoing.label).where(*mine, *wanted)).all()
    if failed:
        add_works(ctx, target_id, [Work(*one) for one in failed])
        wake(ctx, target_id)


def get_work(ctx: CallContext, work_id: UUID) -> Outgoing:
    """Raises WorkNotFound."""
    row = ctx.session.scalar(select(Outgoing).where(Outgoing.id == work_id).with_for_update())
    if row is None:
        raise WorkNotFound("There is no outgoing work with this id.")
    return row


def list_waiting(ctx: CallContext, target_id: UUID, work_ids: Sequence[UUID]) -> list[Outgoing]:
    """Those of these pieces of a target's work that still wait or failed, in the order in which they go out."""
    mine = select(Outgoing).where(Outgoing.target_id == target_id, Outgoing.state.in_(("waiting", "failed")))
    return list(ctx.session.scalars(mine.where(Outgoing.id.in_(work_ids)).order_by(Outgoing.rank, Outgoing.id)))


def retry_work(ctx: CallContext, work_id: UUID) -> Outgoing:
    """Try failed work again now. Raises WorkNotFound, and BatchState for what has not failed."""
    row = get_work(ctx, work_id)
    if row.state not in ("failed", "waiting"):
        raise BatchState("Only work that failed or waits can be tried again.")
    if row.document_id is not None:
        document = ctx.session.scalars(select(ExportDocument).where(ExportDocument.id == row.document_id)).one()
        document.state, document.code, document.detail = "queued", "", ""
    unclear = row.state == "failed" and row.code == UNFORESEEN
    if row.state == "failed":
        row.request_id, row.attempts = (row.request_id, 1) if unclear else (new_request_id(), 0)
    row.state, row.due_at, row.finished_at = "sending" if unclear else "waiting", ctx.now(), None
    row.code = row.detail = row.mend_url = ""
    ctx.session.flush()
    audit.record(ctx, "accounting_work.retried", kind="accounting.target", row_id=row.target_id, label=row.label)
    wake(ctx, row.target_id)
    return row


def drop_work(ctx: CallContext, work_id: UUID) -> Outgoing:
    """Put failed or waiting money aside: a person saw to it on the other side. Raises WorkNotFound, BatchState."""
    row = get_work(ctx, work_id)
    if row.state not in ("failed", "waiting") or row.document_id is not None:
        raise BatchState("Only money, customers and voids that wait or failed can be put aside; leave documents out instead.")
    row.state, row.finished_at = "dropped", ctx.now()
    ctx.session.flush()
    audit.record(ctx, "accounting_work.dropped", kind="accounting.target", row_id=row.target_id, label=row.label)
    return row
