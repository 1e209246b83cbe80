"""The verbs of this room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from deskhand_wishlist.errors import EntryNotFound
from deskhand_wishlist.models import Entry
from kernel import audit
from kernel.api.listing import Page, paginate
from kernel.context import CallContext
from kernel.directory.clients import apply_changes, get_client
from kernel.hookspecs.directory import Blocker, Ref

_SORTABLE = {"created_at": Entry.created_at, "updated_at": Entry.updated_at}


def get_entry(ctx: CallContext, entry_id: UUID) -> Entry:
    """One entry. Raises EntryNotFound, also for another tenant's."""
    entry = ctx.session.scalar(select(Entry).where(Entry.id == entry_id))
    if entry is None:
        raise EntryNotFound("There is no entry with this id.")
    return entry


def list_entries(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of entries, newest first."""
    rows = select(Entry.id, Entry.client_id, Entry.title, Entry.created_at, Entry.updated_at)
    return paginate(ctx, rows, query, sortable=_SORTABLE, default="-created_at")


def add_entry(ctx: CallContext, *, client_id: UUID, title: str) -> Entry:
    """Add an entry about a client. Raises ClientNotFound."""
    get_client(ctx, client_id)
    entry = Entry(client_id=client_id, title=title, created_at=ctx.now())
    ctx.session.add(entry)
    ctx.session.flush()
    audit.record(ctx, "wishlist_entry.added", kind="wishlist.entry", row_id=entry.id, label=title)
    return entry


def change_entry(ctx: CallContext, entry_id: UUID, changes: Mapping[str, Any], version: int | None = None) -> Entry:
    """Change an entry."""
    entry = get_entry(ctx, entry_id)
    if "client_id" in changes:
        get_client(ctx, changes["client_id"])
    apply_changes(ctx, entry, changes, version, kind="wishlist.entry", label=entry.title)
    return entry


def delete_entry(ctx: CallContext, entry_id: UUID) -> None:
    """Remove an entry."""
    entry = get_entry(ctx, entry_id)
    ctx.session.delete(entry)
    audit.record(ctx, "wishlist_entry.deleted", kind="wishlist.entry", row_id=entry_id, label=entry.title)


def blockers(ctx: CallContext, refs: Sequence[Ref]) -> list[Blocker]:
    """Entries keep their client from being deleted."""
    found: list[Blocker] = []
    for ref in refs:
        if ref.kind == "client":
            count = ctx.session.scalar(select(func.count()).where(Entry.client_id == ref.id)) or 0
            found += [Blocker(ref, "wishlist.entry", count, f"{count} entries of Wishlist")] if count else []
    return found
