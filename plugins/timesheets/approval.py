"""From submitted to approved, back, and on to the invoice: set-based, each entry by the rules of its state."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update

from kernel import audit, events
from kernel.context import CallContext
from kernel.db import among, cursor
from kernel.directory.clients import get_client
from kernel.directory.models import User
from kernel.errors import InvalidInput
from kernel.hookspecs.charging import Charge, ChargeWindow, Settled, Waiting
from kernel.hookspecs.directory import Ref
from kernel.tenancy import get_settings
from plugins.timesheets.amounts import hours
from plugins.timesheets.errors import SelfApproval, TimeMoved, WrongState
from plugins.timesheets.models import TimeEntry

SOURCE = "timesheets.entry"
# Whoever has a row open to change it finds another version, and a row that was changed since it was priced is not marked.
_MARK = """
update timesheets_entries m
set invoice_id = x.invoice_id, invoice_line_id = x.line_id, version = m.version + 1, updated_at = now()
from unnest(%s::uuid[], %s::int[], %s::uuid[], %s::uuid[]) as x(id, version, invoice_id, line_id)
where m.tenant_id = %s and m.id = x.id and m.version = coalesce(nullif(x.version, 0), m.version) and m.invoice_id is null
  and m.state = 'approved'
"""
_RELEASE = """
update timesheets_entries set invoice_id = null, invoice_line_id = null, version = version + 1, updated_at = now()
where tenant_id = %s and id = any(%s::uuid[])
"""


def submit(ctx: CallContext, entry_ids: Sequence[UUID]) -> int:
    """Hand one's own drafts, and entries sent back, in for approval; all or none. Raises WrongState."""
    mine = (TimeEntry.user_id == ctx.actor.user_id) & TimeEntry.state.in_(("draft", "changes_requested"))
    return _move(ctx, entry_ids, mine, "submitted", {"feedback": None}, "Only own drafts, and entries sent back, are submitted.")


def approve(ctx: CallContext, entry_ids: Sequence[UUID]) -> int:
    """Approve submitted entries; all or none. Raises WrongState, SelfApproval."""
    _refuse_own(ctx, TimeEntry.id.in_(entry_ids))
    stamp = {"approved_by": ctx.actor.user_id, "approved_at": ctx.now()}
    return _move(ctx, entry_ids, TimeEntry.state == "submitted", "approved", stamp, "Only submitted time is approved.")


def approve_until(ctx: CallContext, until: date, client_id: UUID | None = None) -> int:
    """Approve all submitted time up to and including a day, of one client or all; one's own is left unless allowed."""
    found = select(TimeEntry.id).where(TimeEntry.state == "submitted", TimeEntry.worked_on <= until)
    if client_id is not None:
        get_client(ctx, client_id)
        found = found.where(TimeEntry.client_id == client_id)
    if not _own_allowed(ctx):
        found = found.where(TimeEntry.user_id.is_distinct_from(ctx.actor.user_id))
    return approve(ctx, ctx.session.scalars(found).all())


def request_changes(ctx: CallContext, entry_ids: Sequence[UUID], reason: str) -> int:
    """Send submitted entries back with a reason; all or none. Raises WrongState, InvalidInput without a reason."""
    if not reason.strip():
        raise InvalidInput(errors={"reason": "Say what to change."})
    words = "Only submitted time is sent back."
    return _move(ctx, entry_ids, TimeEntry.state == "submitted", "changes_requested", {"feedback": reason.strip()}, words)


def reverse(ctx: CallContext, entry_ids: Sequence[UUID], reason: str) -> int:
    """Take approvals back, with a reason; all or none. Billed time stays approved. Raises WrongState."""
    if not reason.strip():
        raise InvalidInput(errors={"reason": "Say why."})
    open_ones = (TimeEntry.state == "approved") & TimeEntry.invoice_id.is_(None)
    stamp = {"feedback": reason.strip(), "approved_by": None, "approved_at": None}
    return _move(ctx, entry_ids, open_ones, "changes_requested", stamp, "Only approved time that is not billed is taken back.")


def _move(ctx: CallContext, entry_ids: Sequence[UUID], allowed: ColumnElement[bool], state: str, stamp: dict[str, Any],
          words: str) -> int:  # fmt: skip
    wanted = set(entry_ids)
    moved = set(ctx.session.scalars(
        update(TimeEntry).where(TimeEntry.id.in_(wanted), allowed)
        .values(state=state, version=TimeEntry.version + 1, updated_at=ctx.now(), **stamp)
        .returning(TimeEntry.id).execution_options(synchronize_session=False)
    ))  # fmt: skip
    if moved != wanted:
        raise WrongState(f"{words} {len(wanted - moved)} of {len(wanted)} are not.", entries=sorted(map(str, wanted - moved)))
    if moved:
        audit.record(ctx, f"time.{state}", kind="time_entry", label=f"{len(moved)} entries",
                     changes={"entries": sorted(map(str, moved))})  # fmt: skip
        events.publish(ctx, f"time.{state}", {"entry_ids": sorted(moved)})
    return len(moved)


def _own_allowed(ctx: CallContext) -> bool:
    allowed: bool = ctx.actor.user_id is None or get_settings(ctx, "timesheets")["self_approval"]
    return allowed


def _refuse_own(ctx: CallContext, wanted: ColumnElement[bool]) -> None:
    if _own_allowed(ctx):
        return
    own = ctx.session.scalar(select(func.count()).where(wanted, TimeEntry.user_id == ctx.actor.user_id))
    if own:
        raise SelfApproval(f"{own} of these entries are your own; somebody else approves them.")


def owed_time(ctx: CallContext, window: ChargeWindow, clients: Sequence[UUID]) -> list[Charge]:
    """Every approved, unbilled, billable entry of these clients that began before the window's end."""
    found = (
        select(TimeEntry, User.name, User.billing_role)
        .join(User, (User.tenant_id == TimeEntry.tenant_id) & (User.id == TimeEntry.user_id))
        .where(among(TimeEntry.client_id, clients), _owed(window))
        .order_by(TimeEntry.client_id, TimeEntry.started_at, TimeEntry.id)
    )
    rows = ctx.session.execute(found).all()
    labels = _work_labels(ctx, {Ref(entry.work_kind, entry.work_id) for entry, _, _ in rows})
    return [_charge(entry, name, role, labels) for entry, name, role in rows]


def _owed(window: ChargeWindow) -> ColumnElement[bool]:
    return (
        (TimeEntry.state == "approved")
        & TimeEntry.invoice_id.is_(None)
        & (TimeEntry.minutes > 0)
        & (TimeEntry.worked_on < window.end)
    )


def _work_labels(ctx: CallContext, refs: set[Ref]) -> dict[Ref, str]:
    labels: dict[Ref, str] = {}
    for answer in ctx.hooks.get_work_items(ctx=ctx, refs=sorted(refs)):
        labels |= {ref: work.label for ref, work in answer.items()}
    return labels


def _charge(entry: TimeEntry, name: str, role: str | None, labels: dict[Ref, str]) -> Charge:
    label = labels.get(Ref(entry.work_kind, entry.work_id), "")
    return Charge(
        client_id=entry.client_id, source_kind=SOURCE, source_id=entry.id, item_id=entry.item_id,
        description=entry.notes or label, quantity=hours(entry.minutes), unit="hour", on_date=entry.worked_on,
        unit_price=entry.rate, currency=entry.currency, location_id=entry.location_id, role=role, minutes=entry.minutes,
        contract_line_id=entry.contract_line_id, detail={"person": name, "work": label, "began": entry.started_at.isoformat()},
        version=entry.version, worker_id=entry.user_id, started_at=entry.started_at, ended_at=entry.ended_at,
    )  # fmt: skip


def mark_billed(ctx: CallContext, settled: Sequence[Settled]) -> None:
    """Mark entries as standing on invoice lines, all or none. Raises TimeMoved when one was changed meanwhile."""
    rows = [(one.source_id, one.version, one.invoice_id, one.line_id) for one in settled if one.source_kind == SOURCE]
    if not rows:
        return
    with cursor(ctx.session) as cur:
        done = cur.execute(_MARK, [*map(list, zip(*rows, strict=True)), ctx.tenant_id]).rowcount
    if done != len(rows):
        raise TimeMoved("Some time entries were billed, changed or taken back meanwhile. Run the billing again.")


def release_billed(ctx: CallContext, settled: Sequence[Settled]) -> None:
    """Make entries billable again after their invoice was voided or deleted."""
    ids = [one.source_id for one in settled if one.source_kind == SOURCE]
    if ids:
        with cursor(ctx.session) as cur:
            cur.execute(_RELEASE, [ctx.tenant_id, ids])


def waiting_time(ctx: CallContext, window: ChargeWindow) -> Waiting | None:
    """How many approved entries would be billed by a run over this window."""
    count = ctx.session.scalar(select(func.count()).where(_owed(window))) or 0
    return Waiting("timesheets", count, f"{count} approved time entries") if count else None
