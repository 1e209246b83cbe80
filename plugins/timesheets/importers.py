"""Time entries from files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Integer, Uuid, column, func, select, values

from kernel.clock import date_in
from kernel.context import CallContext
from kernel.db import upsert
from kernel.hookspecs.directory import Ref, WorkItem
from kernel.hookspecs.transfer import Column, Importer, ImportRow, Resolver, RowError
from plugins.timesheets.models import TimeEntry

_OVERLAP = "This person has another entry in this time."


def load_entries(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Entries with the state they had; what is billed here already stays as it was billed."""
    ids = resolver.claim("time_entry", [row.external_id for row in rows])
    work = _work(ctx, {Ref("ticket", row.values["ticket"]) for row in rows})
    wrong = [error for row in rows if (error := _error(row))]
    wrong += _overlaps(ctx, [row for row in rows if row.values["ended_at"] > row.values["started_at"]], ids)
    if wrong:
        return wrong
    known = select(TimeEntry.id, TimeEntry.invoice_id).where(TimeEntry.id.in_(ids.values())).with_for_update()
    billed = {entry_id for entry_id, invoice_id in ctx.session.execute(known) if invoice_id is not None}
    upsert(ctx.session, TimeEntry, [
        _entry(ctx, row, ids[row.external_id], work[Ref("ticket", row.values["ticket"])])
        for row in rows if ids[row.external_id] not in billed
    ])  # fmt: skip
    return []


def _work(ctx: CallContext, refs: set[Ref]) -> dict[Ref, WorkItem]:
    found: dict[Ref, WorkItem] = {}
    for answer in ctx.hooks.get_work_items(ctx=ctx, refs=sorted(refs)):
        found |= answer
    return found


def _error(row: ImportRow) -> RowError | None:
    if not (row.values["started_at"].year > 1900 and row.values["ended_at"].year < 3000):
        return RowError(row.line, "started_at", "Give a day between the years 1901 and 2999.")
    if row.values["ended_at"] <= row.values["started_at"]:
        return RowError(row.line, "ended_at", "The end must come after the start.")
    if row.values["billable_minutes"] < 0:
        return RowError(row.line, "billable_minutes", "Minutes are not below zero.")
    return None


def _overlaps(ctx: CallContext, rows: Sequence[ImportRow], ids: Mapping[str, UUID]) -> list[RowError]:
    """Rows that overlap one another, or an entry of the same person that this batch does not replace."""
    wrong: dict[int, RowError] = {}
    last: dict[UUID, datetime] = {}
    for row in sorted(rows, key=lambda one: (one.values["user"], one.values["started_at"])):
        user, began = row.values["user"], row.values["started_at"]
        if user in last and began < last[user]:
            wrong[row.line] = RowError(row.line, "started_at", _OVERLAP)
        last[user] = max(row.values["ended_at"], last.get(user, row.values["ended_at"]))
    if rows:
        new = values(column("line", Integer), column("user_id", Uuid), column("began", DateTime(timezone=True)),
                     column("ended", DateTime(timezone=True)), name="new")  # fmt: skip
        new = new.data([(row.line, row.values["user"], row.values["started_at"], row.values["ended_at"]) for row in rows])
        meets = func.tstzrange(TimeEntry.started_at, TimeEntry.ended_at).op("&&")(func.tstzrange(new.c.began, new.c.ended))
        found = select(new.c.line).join(TimeEntry, (TimeEntry.user_id == new.c.user_id) & meets)
        found = found.where(TimeEntry.id.not_in(ids.values()))
        wrong |= {line: RowError(line, "started_at", _OVERLAP) for line in ctx.session.scalars(found)}
    return list(wrong.values())


def _entry(ctx: CallContext, row: ImportRow, entry_id: UUID, work: WorkItem) -> dict[str, Any]:
    got = row.values
    return {
        "id": entry_id, "user_id": got["user"], "client_id": work.client_id, "location_id": work.location_id,
        "work_kind": "ticket", "work_id": got["ticket"], "item_id": got["item"], "contract_line_id": got["contract_line"],
        "started_at": got["started_at"], "ended_at": got["ended_at"],
        "worked_on": date_in(got["started_at"], ctx.tenant.zone), "minutes": got["billable_minutes"],
        "rate": got["hourly_rate"], "currency": got["currency"] if got["hourly_rate"] is not None else None,
        "notes": got["notes"] or "", "state": got["status"],
        "approved_at": ctx.now() if got["status"] == "approved" else None,
    }  # fmt: skip


def _to(name: str, kind: str, *, required: bool = True) -> Column:
    return Column(name, "reference", required=required, refers_to=kind)


IMPORTERS = (
    Importer("time_entry", "time_entries.csv", 220, (
        _to("user", "user"), _to("ticket", "ticket"), _to("item", "catalog_item"),
        _to("contract_line", "contract_line", required=False), Column("started_at", "datetime", required=True),
        Column("ended_at", "datetime", required=True), Column("billable_minutes", "integer", required=True),
        Column("currency", "currency"), Column("hourly_rate", "money"),
        Column("status", "enum", required=True, choices=("draft", "submitted", "approved")), Column("notes"),
    ), load_entries, "Time entries"),
)  # fmt: skip
