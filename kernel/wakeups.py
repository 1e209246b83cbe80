"""Wakeups: notes that a tenant has work due. They carry no data of the tenant, so the scheduler may read all of them.

Notes are only ever added and removed, never shared: two transactions of one tenant would else wait for each other until
the first commits. A note is written when its transaction commits, and removed in the transaction that looks after it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Literal
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, delete, event, func, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.db import Base, commit_with
from kernel.ids import uuid7

WorkKind = Literal["events", "jobs", "schedules"]
KINDS: tuple[WorkKind, ...] = ("schedules", "events", "jobs")
REMIND_SECONDS = 30
REMIND_DOUBLINGS = 5
STALLED_AFTER = timedelta(minutes=2)


class Wakeup(Base):
    """A note to the scheduler: this tenant has work of this kind due. `reminders` counts how often it was passed on."""

    __tablename__ = "wakeups"
    __table_args__ = (
        PrimaryKeyConstraint("tenant_id", "kind", "id"),
        CheckConstraint("kind in ('events', 'jobs', 'schedules')", name="kind"),
        Index(None, "due_at"),
    )

    tenant_id: Mapped[UUID]
    kind: Mapped[str]
    id: Mapped[UUID] = mapped_column(default=uuid7)
    due_at: Mapped[datetime]
    reminders: Mapped[int] = mapped_column(default=0, server_default="0")


def wake(session: Session, kind: WorkKind, due_at: datetime) -> None:
    """Ask for the bound tenant's `events`, `jobs` or `schedules` to be looked after at `due_at`, or sooner."""
    notes: dict[tuple[UUID, WorkKind], datetime] = session.info.setdefault("wakeups", {})
    key = (session.info["tenant_id"], kind)
    notes[key] = min(due_at, notes.get(key, due_at))


@event.listens_for(Session, "before_commit")
def _write_notes(session: Session) -> None:
    notes: dict[tuple[UUID, WorkKind], datetime] = session.info.get("wakeups", {})
    if not notes or session.in_nested_transaction():
        return
    rows = ", ".join(f"('{tenant}', '{kind}', '{uuid7()}', '{due_at.isoformat()}')" for (tenant, kind), due_at in notes.items())
    commit_with(session, f"insert into wakeups (tenant_id, kind, id, due_at) values {rows}")
    _nudge_after_commit(session, notes)
    notes.clear()


def _nudge_after_commit(session: Session, notes: dict[tuple[UUID, WorkKind], datetime]) -> None:
    """Tell a worker at once of what is due now; without a broker the scheduler finds the note."""
    kernel = session.info.get("kernel")
    if kernel is None:
        return
    now = kernel.clock.now()
    actions = session.info.setdefault("after_commit", [])
    for (tenant_id, kind), due_at in notes.items():
        if due_at <= now:
            actions += [partial(nudge, tenant_id, kind) for nudge in kernel.nudge]


def read_notes(session: Session, kind: WorkKind) -> list[UUID]:
    """The bound tenant's notes of a kind. Read them before the work: what commits later leaves a note of its own."""
    here = (Wakeup.tenant_id == session.info["tenant_id"]) & (Wakeup.kind == kind)
    return list(session.scalars(select(Wakeup.id).where(here)))


def settle_notes(session: Session, kind: WorkKind, notes: Iterable[UUID], again_at: datetime | None) -> None:
    """Remove notes that were looked after, and leave one for the next time; another worker's are left to it."""
    here = (Wakeup.tenant_id == session.info["tenant_id"]) & (Wakeup.kind == kind) & Wakeup.id.in_(list(notes))
    free = select(Wakeup.id).where(here).with_for_update(skip_locked=True)
    session.execute(delete(Wakeup).where(here, Wakeup.id.in_(free)), execution_options={"synchronize_session": False})
    if again_at is not None:
        wake(session, kind, again_at)


def take_due(session: Session, now: datetime, limit: int = 500) -> set[tuple[UUID, str]]:
    """Whose work of which kind is due. Each note comes again after 30 s, then ever later, until a worker removes it."""
    due = (
        select(Wakeup.id).where(Wakeup.due_at <= now).order_by(Wakeup.due_at).limit(limit)
        .with_for_update(skip_locked=True)
    )  # fmt: skip
    wait = REMIND_SECONDS * func.power(2, func.least(Wakeup.reminders, REMIND_DOUBLINGS))
    later = update(Wakeup).where(Wakeup.id.in_(due)).values(
        due_at=now + func.make_interval(0, 0, 0, 0, 0, 0, wait), reminders=Wakeup.reminders + 1
    ).returning(Wakeup.tenant_id, Wakeup.kind)  # fmt: skip
    rows = session.execute(later, execution_options={"synchronize_session": False})
    return {(tenant_id, kind) for tenant_id, kind in rows}


def count_stalled(session: Session, now: datetime) -> int:
    """Notes that nobody looks after though they are due: scheduler or workers do not run. For health checks."""
    late = or_(Wakeup.reminders >= 3, Wakeup.due_at < now - STALLED_AFTER)
    return session.scalar(select(func.count()).where(late)) or 0
