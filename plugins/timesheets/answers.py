"""What the timesheets answer to other rooms: labels, blockers and palette entries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select

from kernel.context import CallContext
from kernel.directory.models import User
from kernel.hookspecs.directory import Blocker, Label, Ref
from kernel.hookspecs.screen import PaletteEntry
from kernel.web.formats import format_date
from plugins.timesheets.models import TimeEntry

_HELD_BY: dict[str, Any] = {
    "ticket": TimeEntry.work_id,
    "client": TimeEntry.client_id,
    "user": TimeEntry.user_id,
    "catalog.item": TimeEntry.item_id,
}


def describe(ctx: CallContext, refs: Sequence[Ref]) -> dict[Ref, Label]:
    """Day, worker and words of time entries, for who may see everybody's."""
    ids = [ref.id for ref in refs if ref.kind == "time_entry"]
    if not ids or not ctx.actor.may("time.read_all"):
        return {}
    worker = (User.tenant_id == TimeEntry.tenant_id) & (User.id == TimeEntry.user_id)
    wanted = select(TimeEntry.id, TimeEntry.worked_on, User.name, TimeEntry.notes).join(User, worker)
    rows = ctx.session.execute(wanted.where(TimeEntry.id.in_(ids)))
    return {Ref("time_entry", row.id): Label(_words(row), f"/time/{row.id}") for row in rows}


def _words(row: Row[Any]) -> str:
    return " · ".join(part for part in (format_date(row.worked_on), row.name, row.notes) if part)


def blockers(ctx: CallContext, refs: Sequence[Ref]) -> list[Blocker]:
    """Time spent keeps tickets, clients, users and services from being deleted."""
    found: list[Blocker] = []
    for ref in refs:
        if ref.kind in _HELD_BY:
            count = ctx.session.scalar(select(func.count()).where(_HELD_BY[ref.kind] == ref.id)) or 0
            found += [Blocker(ref, "time_entry", count, f"{count} time entries")] if count else []
    return found


def palette(ctx: CallContext, text: str) -> list[PaletteEntry]:
    """The way to logging time and to the approval."""
    entries = [("log time", PaletteEntry("Log time", "/time/new", "Create"), "time.log"),
               ("approve time", PaletteEntry("Approve time", "/time/approval", "Go to"), "time.approve")]  # fmt: skip
    wanted = text.lower().strip()
    return [entry for words, entry, permission in entries if words.startswith(wanted) and ctx.actor.may(permission)]
