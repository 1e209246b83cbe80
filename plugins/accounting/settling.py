"""What becomes of outgoing work: delivered, refused, or tried again later."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import select

from kernel import audit
from kernel.failures import backoff
from kernel.hookspecs.accounting import FAILURES, Done, Failed
from plugins.accounting.batches import get_batch, refresh
from plugins.accounting.errors import LinkTaken
from plugins.accounting.links import find_links, put_link
from plugins.accounting.mapping import set_mapping
from plugins.accounting.models import ExportDocument, Outgoing, Target
from plugins.accounting.outgoing import wake_money
from plugins.accounting.targets import get_target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kernel.context import CallContext

_LEAST = timedelta(minutes=1)
_AWAITED = ("client", "invoice", "credit_note")


def settle(ctx: CallContext, target_id: UUID, rows: Sequence[UUID], values: Sequence[Any],
           answers: Sequence[Done | Failed]) -> None:  # fmt: skip
    """Write down what came of a portion, each row by itself."""
    target = get_target(ctx, target_id)
    held = {one.id: one for one in ctx.session.scalars(
        select(Outgoing).where(Outgoing.id.in_(rows), Outgoing.state == "sending").order_by(Outgoing.id).with_for_update()
    )}  # fmt: skip
    batches: set[UUID] = set()
    arrived = False
    for row_id, value, answer in zip(rows, values, answers, strict=True):
        row = held.get(row_id)
        if row is None:
            continue
        if isinstance(answer, Done):
            _deliver(ctx, target, row, value, answer)
            arrived = arrived or row.kind in _AWAITED
        elif answer.again:
            postpone(row, ctx.now() + max(_LEAST, backoff(row.attempts)), answer.code, _words(answer))
        else:
            refuse(ctx, row, answer.code, _words(answer))
        if row.document_id is not None:
            batches.add(_batch_of(ctx, row.document_id))
    ctx.session.flush()
    for batch_id in sorted(batches):
        refresh(ctx, get_batch(ctx, batch_id, lock=True))
    if arrived:
        wake_money(ctx, target_id)


def put_back(ctx: CallContext, rows: Sequence[UUID], code: str, detail: str) -> datetime | None:
    """Nothing at all was possible: try all later; returns when."""
    due_at = None
    held = select(Outgoing).where(Outgoing.id.in_(rows), Outgoing.state == "sending").order_by(Outgoing.id).with_for_update()
    for row in ctx.session.scalars(held):
        due_at = ctx.now() + max(_LEAST, backoff(row.attempts))
        row.code, row.detail, row.due_at = code, detail, due_at  # still `sending`: it may have arrived
    return due_at


def postpone(row: Outgoing, due_at: datetime, code: str, detail: str) -> None:
    """Try a row again at a later moment."""
    row.state, row.due_at, row.code, row.detail = "waiting", due_at, code, detail


def refuse(ctx: CallContext, row: Outgoing, code: str, detail: str, mend_url: str = "") -> None:
    """A row cannot be delivered as it is: somebody has to see to it."""
    row.state, row.code, row.detail, row.mend_url, row.finished_at = "failed", code, detail[:2000], mend_url, ctx.now()
    if row.document_id is not None:
        document = _document(ctx, row.document_id)
        document.state, document.code, document.detail = "refused", code, detail[:2000]
        refresh(ctx, get_batch(ctx, document.batch_id, lock=True))


def _words(failed: Failed) -> str:
    return failed.detail or FAILURES.get(failed.code, failed.code)


def _batch_of(ctx: CallContext, document_id: UUID) -> UUID:
    return _document(ctx, document_id).batch_id


def _document(ctx: CallContext, document_id: UUID) -> ExportDocument:
    return ctx.session.get_one(ExportDocument, (ctx.tenant_id, document_id))


def _deliver(ctx: CallContext, target: Target, row: Outgoing, value: Any, done: Done) -> None:
    try:
        with ctx.session.begin_nested():
            _link(ctx, target, row, value, done)
    except LinkTaken as error:
        refuse(ctx, row, "duplicate_number", f"{error.detail} It is {done.external.id} there.")
        return
    row.state, row.finished_at, row.code, row.detail, row.mend_url = "done", ctx.now(), "", "", ""
    if row.document_id is not None:
        document = _document(ctx, row.document_id)
        document.state, document.delivered_at, document.code, document.detail = "delivered", ctx.now(), "", ""
    audit.record(ctx, f"accounting.{'voided' if row.action == 'void' else 'delivered'}", kind="accounting.target",
                 row_id=target.id, label=row.label, changes={"kind": row.kind, "theirs": done.external.id})  # fmt: skip


def _link(ctx: CallContext, target: Target, row: Outgoing, value: Any, done: Done) -> None:
    if row.action == "void":
        link = find_links(ctx, target.id, row.kind, [row.our_id])[row.our_id]
        link.voided, link.external_version = True, done.external.version or link.external_version
    elif row.kind == "item":
        set_mapping(ctx, target, "item", str(row.our_id), done.external.id, done.external.name or value.name)
    elif row.kind == "client":
        external = done.external if done.external.name else done.external._replace(name=value.name)
        put_link(ctx, target.id, "client", row.our_id, external)
    elif row.document_id is not None:
        put_link(ctx, target.id, row.kind, row.our_id, done.external, number=value.number, currency=value.currency,
                 total=value.total, tax=value.tax, voided=False)  # fmt: skip
    else:
        put_link(ctx, target.id, row.kind, row.our_id, done.external, number=value.reference, currency=value.currency,
                 total=value.amount, voided=False)  # fmt: skip
