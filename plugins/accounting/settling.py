"""What becomes of outgoing work: delivered, refused, or tried again later."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import select, update

from kernel import audit
from kernel.failures import backoff
from kernel.hookspecs.accounting import FAILURES, Done, Failed
from plugins.accounting.batches import get_batch, recheck_open, refresh
from plugins.accounting.errors import LinkTaken
from plugins.accounting.lines import pack
from plugins.accounting.links import NewLink, add_links, find_links, put_link
from plugins.accounting.mapping import set_mapping
from plugins.accounting.models import OPEN_WORK, ExportDocument, Outgoing, Target
from plugins.accounting.outgoing import BY_HAND, WAITS, mark, wake_money
from plugins.accounting.reopened import withdraw
from plugins.accounting.targets import get_target
from plugins.accounting.validating import write_documents
from plugins.accounting.watched import UNFORESEEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kernel.context import CallContext

_LEAST = timedelta(minutes=1)
_AWAITED = ("client", "invoice", "credit_note")
_MONEY = ("payment", "credit_use")
_MOST_REFUSALS = 6


def settle(ctx: CallContext, target_id: UUID, rows: Sequence[UUID], values: Sequence[Any],
           answers: Sequence[Done | Failed]) -> None:  # fmt: skip
    """Write down what came of a portion, each row by itself."""
    target, held = get_target(ctx, target_id), hold(ctx, rows)
    answered = [(held[row_id], value, answer) for row_id, value, answer in zip(rows, values, answers, strict=True)
                if row_id in held]  # fmt: skip
    done = [(row, value, answer) for row, value, answer in answered if isinstance(answer, Done)]
    batches = _deliver(ctx, target, done)
    for row, _, answer in answered:
        if isinstance(answer, Done):
            continue
        newer = has_newer(ctx, row)
        if answer.code == UNFORESEEN or (answer.again and newer):
            leave_open(ctx, row, answer)
        elif newer:
            row.state, row.finished_at = "dropped", ctx.now()  # it is not there, and goes as it is now
        elif answer.again:
            put_off(ctx, row, answer)
        elif row.action == "put" and _counts_no_more(ctx, row):
            _let_be(ctx, row)
        elif row.kind in _MONEY and row.attempts < _MOST_REFUSALS and _is_on_its_way(ctx, row):
            put_off(ctx, row, answer)
        else:
            refuse(ctx, row, answer.code, words_of(answer))
        if row.document_id is not None:
            batches.add(_document(ctx, row.document_id).batch_id)
    ctx.session.flush()
    for batch_id in sorted(batches):
        refresh(ctx, get_batch(ctx, batch_id, lock=True))
    if any(row.kind in _AWAITED for row, _, _ in done):
        wake_money(ctx, target_id)
    if any(row.kind == "item" for row, _, _ in done):
        recheck_open(ctx, target_id)


def hold(ctx: CallContext, rows: Sequence[UUID]) -> dict[UUID, Outgoing]:
    """Those of these rows that still wait for their answer, held to the end of the transaction."""
    sent = select(Outgoing).where(Outgoing.id.in_(rows), Outgoing.state == "sending").order_by(Outgoing.id)
    return {one.id: one for one in ctx.session.scalars(sent.with_for_update())}


def put_back(ctx: CallContext, rows: Sequence[UUID], code: str, detail: str, wait: int = 0) -> datetime | None:
    """Nothing at all was possible: try all later, after `wait` seconds at the earliest; returns when."""
    due_at = None
    for row in hold(ctx, rows).values():
        due_at = ctx.now() + _wait(row, wait)
        row.code, row.detail, row.due_at = code, detail, due_at  # still `sending`: it may have arrived
    return due_at


def put_all_off(ctx: CallContext, target_id: UUID, until: datetime, code: str, detail: str) -> None:
    """The other side asks to be left alone until then: nothing of a target is due before."""
    theirs = Outgoing.target_id == target_id, Outgoing.state.in_(OPEN_WORK), Outgoing.due_at < until
    mine = (*theirs, Outgoing.code.not_in((WAITS, BY_HAND)))
    ctx.session.execute(update(Outgoing).where(*mine).values(due_at=until, code=code, detail=detail))


def put_off(ctx: CallContext, row: Outgoing, answer: Failed) -> None:
    """Try a row again by itself, when its answer says."""
    row.state = "waiting"
    postpone(row, ctx.now() + _wait(row, answer.wait), answer.code, words_of(answer))


def _wait(row: Outgoing, asked: int) -> timedelta:
    return max(_LEAST, backoff(row.attempts), timedelta(seconds=asked))


def postpone(row: Outgoing, due_at: datetime, code: str, detail: str) -> None:
    """Try a row again at a later moment. One that was sent and never answered stays so: it may have arrived, and what changed
    meanwhile waits behind it.
    """
    row.due_at, row.code, row.detail = due_at, code, detail


def refuse(ctx: CallContext, row: Outgoing, code: str, detail: str, mend_url: str = "") -> None:
    """A row cannot be delivered as it is: somebody has to see to it."""
    row.state, row.code, row.detail, row.mend_url, row.finished_at = "failed", code, detail[:2000], mend_url, ctx.now()
    if row.document_id is not None:
        document = _document(ctx, row.document_id)
        document.state, document.code, document.detail = "refused", code, detail[:2000]
        refresh(ctx, get_batch(ctx, document.batch_id, lock=True))


def leave_open(ctx: CallContext, row: Outgoing, answer: Failed) -> None:
    """Nobody knows what became of it: it is looked for and tried again under its request id, then waits for a person."""
    if row.attempts >= _MOST_REFUSALS and not answer.again and not has_newer(ctx, row):
        refuse(ctx, row, answer.code, words_of(answer))
        return
    row.code, row.detail, row.due_at = answer.code, words_of(answer)[:2000], ctx.now() + _wait(row, answer.wait)
    if row.document_id is not None:
        document = _document(ctx, row.document_id)
        document.code, document.detail = row.code, row.detail


def has_newer(ctx: CallContext, row: Outgoing) -> bool:
    """Whether the same thing of ours is to go out once more, since it changed after this was sent."""
    same = Outgoing.target_id == row.target_id, Outgoing.kind == row.kind, Outgoing.our_id == row.our_id
    open_ones = Outgoing.action == row.action, Outgoing.id != row.id, Outgoing.state.in_(("waiting", "failed"))
    return ctx.session.scalar(select(Outgoing.id).where(*same, *open_ones).limit(1)) is not None


def _counts_no_more(ctx: CallContext, row: Outgoing) -> bool:
    """Whether it was taken back or voided here since it was sent first: what voids it waits for the answer."""
    void = Outgoing.target_id == row.target_id, Outgoing.kind == row.kind, Outgoing.our_id == row.our_id
    waits = Outgoing.action == "void", Outgoing.state == "waiting"
    return ctx.session.scalar(select(Outgoing.id).where(*void, *waits).limit(1)) is not None


def _let_be(ctx: CallContext, row: Outgoing) -> None:
    """It is not there, and shall not be."""
    row.state, row.finished_at = "dropped", ctx.now()
    if row.document_id is not None:
        withdraw(ctx, _document(ctx, row.document_id), "", "")


def _is_on_its_way(ctx: CallContext, row: Outgoing) -> bool:
    """Whether other money is still to go out, which may make room for what was refused."""
    others = Outgoing.target_id == row.target_id, Outgoing.kind.in_(_MONEY), Outgoing.id != row.id
    moving = Outgoing.state.in_(OPEN_WORK), Outgoing.code.not_in((WAITS, BY_HAND))
    return ctx.session.scalar(select(Outgoing.id).where(*others, *moving).limit(1)) is not None


def words_of(failed: Failed) -> str:
    """What went wrong, in the other side's words where it has some."""
    return failed.detail or FAILURES.get(failed.code, failed.code)


def _document(ctx: CallContext, document_id: UUID) -> ExportDocument:
    return ctx.session.get_one(ExportDocument, (ctx.tenant_id, document_id))


def _deliver(ctx: CallContext, target: Target, done: Sequence[tuple[Outgoing, Any, Done]]) -> set[UUID]:
    """Note what arrived, all that is linked for the first time together; gives the batches of its documents."""
    fresh = add_links(ctx, target.id, [_new_link(row, value, answer) for row, value, answer in done if _is_linked(row)])
    arrived = [(row, answer) for row, value, answer in done
               if (_is_linked(row) and row.our_id in fresh) or _link_again(ctx, target, row, value, answer)]  # fmt: skip
    for row, answer in arrived:
        audit.record(ctx, f"accounting.{'voided' if row.action == 'void' else 'delivered'}", kind="accounting.target",
                     row_id=target.id, label=row.label, changes={"kind": row.kind, "theirs": answer.external.id})  # fmt: skip
    ctx.session.flush()
    mark(ctx, [row.id for row, _ in arrived], state="done", finished_at=ctx.now(), code="", detail="", mend_url="")
    documents = [row.document_id for row, _ in arrived if row.document_id is not None]
    return write_documents(ctx, documents, state="delivered", delivered_at=ctx.now(), code="", detail="")


def _is_linked(row: Outgoing) -> bool:
    return row.action == "put" and row.kind != "item"


def _new_link(row: Outgoing, value: Any, done: Done) -> NewLink:
    if row.kind == "client":
        return NewLink("client", row.our_id, done.external if done.external.name else done.external._replace(name=value.name))
    facts = {"number": value.reference, "total": value.amount} if row.document_id is None else {
        "number": value.number, "total": value.total, "tax": value.tax, "lines": pack(done.lines)}  # fmt: skip
    return NewLink(row.kind, row.our_id, done.external, {**facts, "currency": value.currency, "voided": False})


def _link_again(ctx: CallContext, target: Target, row: Outgoing, value: Any, done: Done) -> bool:
    """Note what was known before; False where theirs belongs to something else of ours, which somebody has to see to."""
    try:
        with ctx.session.begin_nested():
            _link(ctx, target, row, value, done)
    except LinkTaken as error:
        refuse(ctx, row, "duplicate_number", f"{error.detail} It is {done.external.id} there.")
        return False
    return True


def _link(ctx: CallContext, target: Target, row: Outgoing, value: Any, done: Done) -> None:
    if row.action == "void":
        known = find_links(ctx, target.id, row.kind, [row.our_id])[row.our_id]
        known.voided, known.external_version = True, done.external.version or known.external_version
    elif row.kind == "item":
        set_mapping(ctx, target, "item", str(row.our_id), done.external.id, done.external.name or value.name)
    else:
        link = _new_link(row, value, done)
        put_link(ctx, target.id, link.kind, link.our_id, link.external, **link.facts)
