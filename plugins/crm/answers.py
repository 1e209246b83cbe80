"""Labels of clients, contacts and locations, and palette entries for clients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kernel.context import CallContext
from kernel.directory.models import Client, Contact, Location
from kernel.hookspecs.directory import Label, Ref
from kernel.hookspecs.screen import PaletteEntry
from plugins.crm.listing import find_clients

_KINDS: dict[str, Any] = {"client": Client, "contact": Contact, "location": Location}
_PAGES = {"client": "/clients/{}", "contact": "/contacts/{}"}


def describe(ctx: CallContext, refs: Sequence[Ref]) -> dict[Ref, Label]:
    """Names of clients, contacts and locations: one query for each kind asked for."""
    labels: dict[Ref, Label] = {}
    for kind, table in _KINDS.items():
        ids = {ref.id for ref in refs if ref.kind == kind}
        if ids:
            labels |= {Ref(kind, row.id): Label(row.name, _page(kind, row.id))
                       for row in ctx.session.execute(select(table.id, table.name).where(table.id.in_(ids)))}  # fmt: skip
    return labels


def _page(kind: str, row_id: UUID) -> str | None:
    return _PAGES[kind].format(row_id) if kind in _PAGES else None


def palette(ctx: CallContext, text: str) -> list[PaletteEntry]:
    """Clients that the text may mean, and the way to a new one."""
    if not ctx.actor.may("client.read"):
        return []
    found = find_clients(ctx, text, 6) if len(text.strip()) > 1 else []
    entries = [PaletteEntry(one.name, f"/clients/{one.id}", "Client") for one in found]
    if ctx.actor.may("client.create") and "new client".startswith(text.lower().strip()):
        entries.append(PaletteEntry("New client", "/clients/new", "Create"))
    return entries
