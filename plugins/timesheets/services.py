"""Logging time: entries of one's own, until they are submitted and approved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from kernel import audit, events
from kernel.clock import date_in
from kernel.context import CallContext
from kernel.currencies import currencies
from kernel.directory.clients import apply_changes
from kernel.directory.staff import get_user
from kernel.errors import InvalidInput
from kernel.hookspecs.directory import Ref, WorkItem
from plugins.timesheets.errors import TimeEntryLocked, TimeEntryNotFound, TimeEntryOverlap, WorkItemUnknown
from plugins.timesheets.models import TimeEntry


def get_entry(ctx: CallContext, entry_id: UUID) -> TimeEntry:
    """One entry that the actor may see. Raises TimeEntryNotFound, also for a colleague's without `time.read_all`."""
    entry = ctx.session.scalar(select(TimeEntry).where(TimeEntry.id == entry_id))
    if entry is None or not (entry.user_id == ctx.actor.user_id or ctx.actor.may("time.read_all")):
        raise TimeEntryNotFound("There is no time entry with this id.")
    return entry


def log_time(
    ctx: CallContext,
    *,
    work_id: UUID,
    item_id: UUID,
    started_at: datetime,
    ended_at: datetime,
    work_kind: str = "ticket",
    minutes: int | None = None,
    user_id: UUID | None = None,
    **facts: Any,
) -> TimeEntry:
    """Log time on a piece of work, cut to whole minutes; `minutes` defaults to the whole span.

    `facts`: notes, rate with currency, contract_line_id. Raises TimeEntryOverlap, WorkItemUnknown, InvalidInput.
    """
    owner = _owner(ctx, user_id)
    started_at, ended_at = _whole_minutes(started_at, ended_at)
    work = get_work(ctx, Ref(work_kind, work_id))
    _check_item(ctx, item_id)
    _check_contract_line(ctx, facts.get("contract_line_id"))
    if (facts.get("rate") is None) != (facts.get("currency") is None):
        raise InvalidInput(errors={"currency": "A rate needs a currency, and the other way round."})
    if facts.get("currency") not in (None, *currencies()):
        raise InvalidInput(errors={"currency": f"{facts['currency']} is not a currency of ISO 4217."})
    entry = TimeEntry(
        user_id=owner, client_id=work.client_id, location_id=work.location_id, work_kind=work_kind, work_id=work_id,
        item_id=item_id, started_at=started_at, ended_at=ended_at, worked_on=date_in(started_at, ctx.tenant.zone),
        minutes=_span(started_at, ended_at) if minutes is None else minutes, **facts,
    )  # fmt: skip
    _save(ctx, entry)
    audit.record(ctx, "time.logged", kind="time_entry", row_id=entry.id, label=work.label)
    events.publish(ctx, "time.logged", {"entry_id": entry.id, "user_id": owner, "client_id": work.client_id})
    return entry


def change_entry(ctx: CallContext, entry_id: UUID, changes: Mapping[str, Any], version: int | None = None) -> TimeEntry:
    """Change one's own entry before it is approved. Raises TimeEntryLocked, TimeEntryOverlap."""
    entry = _open_entry(ctx, entry_id)
    wanted = dict(changes)
    started_at, ended_at = _whole_minutes(wanted.get("started_at", entry.started_at), wanted.get("ended_at", entry.ended_at))
    if {"started_at", "ended_at"} & wanted.keys():
        wanted |= {"started_at": started_at, "ended_at": ended_at, "worked_on": date_in(started_at, ctx.tenant.zone)}
        wanted.setdefault("minutes", _span(started_at, ended_at))
    if "work_id" in wanted or "work_kind" in wanted:
        work = get_work(ctx, Ref(wanted.get("work_kind", entry.work_kind), wanted.get("work_id", entry.work_id)))
        wanted |= {"client_id": work.client_id, "location_id": work.location_id}
    if "item_id" in wanted:
        _check_item(ctx, wanted["item_id"])
    with _no_overlap(ctx):
        apply_changes(ctx, entry, wanted, version, kind="time_entry", label=str(entry.worked_on))
    return entry


def delete_entry(ctx: CallContext, entry_id: UUID) -> None:
    """Remove one's own entry before it is approved. Raises TimeEntryLocked."""
    entry = _open_entry(ctx, entry_id)
    ctx.session.delete(entry)
    audit.record(ctx, "time.deleted", kind="time_entry", row_id=entry_id, label=str(entry.worked_on))


def _open_entry(ctx: CallContext, entry_id: UUID) -> TimeEntry:
    entry = get_entry(ctx, entry_id)
    if entry.user_id != ctx.actor.user_id:
        ctx.require("time.approve")
    if entry.invoice_id is not None:
        raise TimeEntryLocked("This time stands on an invoice. Void the invoice first.")
    if entry.state == "approved":
        raise TimeEntryLocked("This time is approved. Ask for the approval to be reversed first.")
    return entry


def _owner(ctx: CallContext, user_id: UUID | None) -> UUID:
    """Whose time it is: one's own; somebody else's needs `time.approve`."""
    if user_id is not None and user_id != ctx.actor.user_id:
        ctx.require("time.approve")
        return get_user(ctx, user_id).id
    if ctx.actor.user_id is None:
        raise InvalidInput(errors={"user_id": "Say whose time it is."})
    return ctx.actor.user_id


def _whole_minutes(started_at: datetime, ended_at: datetime) -> tuple[datetime, datetime]:
    started_at, ended_at = (one.replace(second=0, microsecond=0) for one in (started_at, ended_at))
    if not (started_at.year > 1900 and ended_at.year < 3000):
        raise InvalidInput(errors={"started_at": "Give a day between the years 1901 and 2999."})
    if ended_at <= started_at:
        raise InvalidInput(errors={"ended_at": "The end must come after the start."})
    return started_at, ended_at


def _span(started_at: datetime, ended_at: datetime) -> int:
    return int((ended_at - started_at).total_seconds()) // 60


def get_work(ctx: CallContext, ref: Ref) -> WorkItem:
    """The piece of work that a ref names. Raises WorkItemUnknown."""
    found = {}
    for answer in ctx.hooks.get_work_items(ctx=ctx, refs=[ref]):
        found.update(answer)
    if ref not in found:
        raise WorkItemUnknown("There is no such work.", errors={"work_id": f"No {ref.kind} has this id."})
    work: WorkItem = found[ref]
    return work


def _check_item(ctx: CallContext, item_id: UUID) -> None:
    item = ctx.hooks.get_items(ctx=ctx, item_ids=[item_id]).get(item_id)
    if item is None or item.kind != "service":
        raise InvalidInput(errors={"item_id": "Time needs a service of the catalog."})


def _check_contract_line(ctx: CallContext, line_id: UUID | None) -> None:
    ref = Ref("contract_line", line_id) if line_id else None
    if ref and not any(ref in answer for answer in ctx.hooks.describe(ctx=ctx, refs=[ref])):
        raise InvalidInput(errors={"contract_line_id": "There is no contract line with this id."})


def _save(ctx: CallContext, entry: TimeEntry) -> None:
    ctx.session.add(entry)
    with _no_overlap(ctx):
        ctx.session.flush()


@contextmanager
def _no_overlap(ctx: CallContext) -> Iterator[None]:
    """Turns the database's refusal of overlapping time into its name."""
    try:
        with ctx.session.begin_nested():
            yield
    except IntegrityError as error:
        if "no_overlap" not in str(error.orig):
            raise
        words = "This person has another entry in this time; touching ends are fine."
        raise TimeEntryOverlap(words, errors={"started_at": words}) from error
