"""How far the books of each target were looked at, and what the next look has to ask for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from sqlalchemy import Row, case, collate, literal, select

from kernel import jobs
from kernel.hookspecs.accounting import CREDIT_NOTE, CUSTOMER, INVOICE, PAYMENT
from plugins.accounting.incoming.models import Discrepancy, LookCursor, Received
from plugins.accounting.models import Link, Target
from plugins.accounting.targets import find_books, get_target, systems_of

if TYPE_CHECKING:
    from kernel.context import CallContext

JOB, ALL_JOB = "accounting.watch", "accounting.watch_all"
KINDS = (INVOICE, CREDIT_NOTE, PAYMENT)
OVERLAP = timedelta(minutes=10)
"""How far before the last look a look begins, since clocks and commits of the other side are not in one order."""
SOON = timedelta(seconds=5)
"""How long a notice waits for others of the same work."""
_PORTION = 200
Things = dict[str, list[str]]
"""Ids of the other side, by kind."""


class LookOvertaken(Exception):
    """Another look began since; only the newest may write."""


class Plan(NamedTuple):
    """What a look asks for: the changes since an instant, and how the things in question stand. `round` is the look's own."""

    round: int
    since: datetime
    ids: Things


def look_soon(ctx: CallContext, target: Target, *, everything: bool = False) -> UUID:
    """Look at the books of a target soon. A look that has not begun yet does for all who ask meanwhile. Returns the job."""
    cursor = cursor_of(ctx, target)
    if everything:
        cursor.everything, cursor.position = True, ""
    key = f"{target.id}:{cursor.round}"
    return jobs.enqueue(ctx, JOB, {"target_id": str(target.id)}, key=key, run_at=ctx.now() + SOON)


def look_everywhere(ctx: CallContext) -> int:
    """Queue a look at each target that has books; how many."""
    targets = list(ctx.session.scalars(select(Target).where(Target.active, Target.connection_id.is_not(None))))
    for one in targets:
        look_soon(ctx, one)
    return len(targets)


def books_changed(ctx: CallContext, system: str, account_id: str) -> bool:
    """The other side said that something changed: look for the truth. False where nobody of the tenant has these books."""
    target = find_books(ctx, system, account_id) if account_id else None
    if target is None:
        return False
    if target.active:
        look_soon(ctx, target)
    return True


def cursor_of(ctx: CallContext, target: Target) -> LookCursor:
    """How far a target was looked at; held until the transaction ends. The first look is at everything."""
    held = select(LookCursor).where(LookCursor.target_id == target.id).with_for_update()
    cursor = ctx.session.scalar(held, execution_options={"populate_existing": True})
    if cursor is None:
        cursor = LookCursor(target_id=target.id, since=target.created_at, round=0, everything=True, position="", trouble="")
        ctx.session.add(cursor)
        ctx.session.flush()
    return cursor


def find_cursor(ctx: CallContext, target_id: UUID) -> LookCursor | None:
    """How far a target was looked at, if anybody ever did."""
    return ctx.session.scalar(select(LookCursor).where(LookCursor.target_id == target_id))


def begin_look(ctx: CallContext, target_id: UUID) -> Plan | None:
    """Begin a look, which ends those before; None where there is nobody to be asked."""
    target = get_target(ctx, target_id)
    system = systems_of(ctx).get(target.system)
    if not target.active or target.halted or target.connection_id is None or system is None or system.open is None:
        return None
    cursor = cursor_of(ctx, target)
    cursor.tried_at, cursor.round = ctx.now(), cursor.round + 1
    return Plan(cursor.round, cursor.since - OVERLAP, _in_question(ctx, target_id))


def hold(ctx: CallContext, target_id: UUID, look_round: int) -> LookCursor:
    """The cursor, if this look is still the newest. Raises LookOvertaken."""
    cursor = cursor_of(ctx, get_target(ctx, target_id))
    if cursor.round != look_round:
        raise LookOvertaken
    return cursor


def next_portion(ctx: CallContext, target_id: UUID, look_round: int) -> tuple[Things, str]:
    """The next things of a look at everything, and the position behind them, which is empty at the end."""
    cursor = hold(ctx, target_id, look_round)
    if not cursor.everything:
        return {}, ""
    rows = _linked(ctx, target_id, after=cursor.position)
    some: Things = {}
    for kind, external_id in rows[:_PORTION]:
        some.setdefault(kind, []).append(external_id)
    return some, "{}:{}".format(*rows[_PORTION - 1]) if len(rows) > _PORTION else ""


def _linked(ctx: CallContext, target_id: UUID, after: str) -> Sequence[Row[tuple[str, str]]]:
    """A portion, and one more, of the documents and payments of theirs that ours are linked to, or that were taken over."""
    kind = case((Link.kind == "credit_use", PAYMENT), else_=Link.kind).label("kind")
    links = select(kind, Link.external_id).where(Link.target_id == target_id, Link.kind != CUSTOMER)
    received = select(literal(PAYMENT), Received.external_id).where(Received.target_id == target_id)
    either = links.union(received).subquery()
    place = collate(either.c.kind + ":" + either.c.external_id, "C")
    return ctx.session.execute(select(either).where(place > after).order_by(place).limit(_PORTION + 1)).all()


def _in_question(ctx: CallContext, target_id: UUID) -> Things:
    """What open exceptions are about, so that those which were mended go by themselves."""
    mine = Discrepancy.target_id == target_id, Discrepancy.state == "open"
    ids: Things = {}
    for subject, external_id in ctx.session.execute(select(Discrepancy.subject, Discrepancy.external_id).where(*mine).distinct()):
        ids.setdefault(subject, []).append(external_id)
    return ids


def note_trouble(ctx: CallContext, target_id: UUID, words: str) -> None:
    """Note why a look failed, for people to see."""
    cursor_of(ctx, get_target(ctx, target_id)).trouble = words
