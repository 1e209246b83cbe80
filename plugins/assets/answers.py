"""What the assets room answers to other rooms: labels, blockers, panels, palette entries."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute

from kernel.context import CallContext
from kernel.hookspecs.directory import Blocker, Label, Ref
from kernel.hookspecs.screen import PaletteEntry, Panel
from plugins.assets.listing import find_assets
from plugins.assets.models import Asset, TicketLink

_HELD_BY: dict[str, InstrumentedAttribute[UUID] | InstrumentedAttribute[UUID | None]] = {
    "client": Asset.client_id,
    "location": Asset.location_id,
    "contact": Asset.contact_id,
    "ticket": TicketLink.ticket_id,
}


def describe(ctx: CallContext, refs: Sequence[Ref]) -> dict[Ref, Label]:
    """Labels of assets."""
    ids = {ref.id for ref in refs if ref.kind == "asset"}
    if not ids:
        return {}
    found = select(Asset.id, Asset.tag, Asset.name).where(Asset.id.in_(ids))
    return {Ref("asset", row.id): Label(f"{row.tag} {row.name}", f"/assets/{row.id}") for row in ctx.session.execute(found)}


def blockers(ctx: CallContext, refs: Sequence[Ref]) -> list[Blocker]:
    """Assets of clients, at locations, of contacts and linked to tickets keep those from being deleted."""
    found: list[Blocker] = []
    for kind, column in _HELD_BY.items():
        if ids := {ref.id for ref in refs if ref.kind == kind}:
            counts = select(column, func.count()).where(column.in_(ids)).group_by(column)
            found += [Blocker(Ref(kind, row_id), "asset", count, f"{count} assets")
                      for row_id, count in ctx.session.execute(counts) if row_id]  # fmt: skip
    return found


def panels(ref: Ref) -> list[Panel]:
    """The assets of a client and of a ticket, on their pages."""
    if ref.kind == "client":
        return [Panel("Assets", f"/assets/of-client/{ref.id}", "asset.read", 40)]
    if ref.kind == "ticket":
        return [Panel("Assets", f"/assets/of-ticket/{ref.id}", "asset.read", 40)]
    return []


def palette(ctx: CallContext, text: str) -> list[PaletteEntry]:
    """Assets that the text may mean, and the way to a new one."""
    if not ctx.actor.may("asset.read"):
        return []
    rows = find_assets(ctx, text, 6) if len(text.strip()) > 1 else []
    entries = [PaletteEntry(f"{row['tag']} {row['name']}", f"/assets/{row['id']}", "Asset") for row in rows]
    if ctx.actor.may("asset.create") and "new asset".startswith(text.lower().strip()):
        entries.append(PaletteEntry("New asset", "/assets/new", "Create"))
    return entries
