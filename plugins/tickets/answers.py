"""What the desk answers to other rooms: labels, blockers, panels, palette entries."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute

from kernel.context import CallContext
from kernel.hookspecs.directory import Blocker, Label, Ref, WorkItem
from kernel.hookspecs.screen import PaletteEntry, Panel
from plugins.tickets.listing import find_tickets
from plugins.tickets.models import Material, Ticket
from plugins.tickets.services import describe_tickets

_HELD_BY: dict[str, InstrumentedAttribute[UUID | None]] = {
    "client": Ticket.client_id,
    "user": Ticket.assignee_id,
}


def describe(ctx: CallContext, refs: Sequence[Ref]) -> dict[Ref, Label]:
    """Labels of tickets."""
    ids = [ref.id for ref in refs if ref.kind == "ticket"]
    words = describe_tickets(ctx, ids) if ids else {}
    return {Ref("ticket", one): Label(text, f"/tickets/{one}") for one, text in words.items()}


def work_items(ctx: CallContext, refs: Sequence[Ref]) -> dict[Ref, WorkItem]:
    """Tickets as work that time is spent on."""
    ids = [ref.id for ref in refs if ref.kind == "ticket"]
    found = select(Ticket.id, Ticket.client_id, Ticket.location_id, Ticket.number, Ticket.title).where(
        Ticket.id == any_(literal(ids, ARRAY(Uuid)))  # any number of them
    )
    return {Ref("ticket", row.id): WorkItem(row.client_id, row.location_id, f"#{row.number} {row.title}")
            for row in ctx.session.execute(found)}  # fmt: skip


def blockers(ctx: CallContext, refs: Sequence[Ref]) -> list[Blocker]:
    """Tickets of clients and users, and materials made of catalog items, keep those from being deleted."""
    found: list[Blocker] = []
    for ref in refs:
        if ref.kind in _HELD_BY:
            column = _HELD_BY[ref.kind]
            found += _blocker(ref, "ticket", _count(ctx, column, ref.id))
        if ref.kind == "catalog.item":
            found += _blocker(ref, "material", _count(ctx, Material.item_id, ref.id))
    return found


def _count(ctx: CallContext, column: InstrumentedAttribute[UUID | None] | InstrumentedAttribute[UUID], row_id: UUID) -> int:
    return ctx.session.scalar(select(func.count()).where(column == row_id)) or 0


def _blocker(ref: Ref, noun: str, count: int) -> list[Blocker]:
    return [Blocker(ref, noun, count, f"{count} {noun}s")] if count else []


def panels(ref: Ref) -> list[Panel]:
    """The tickets of a client, on the client's page."""
    return [Panel("Tickets", f"/tickets/of-client/{ref.id}", "ticket.read", 20)] if ref.kind == "client" else []


def palette(ctx: CallContext, text: str) -> list[PaletteEntry]:
    """Tickets that the text may mean, and the way to a new one."""
    if not ctx.actor.may("ticket.read"):
        return []
    found = [PaletteEntry(f"#{row['number']} {row['title']}", f"/tickets/{row['id']}", "Ticket")
             for row in find_tickets(ctx, text, 6)] if len(text) > 1 else []  # fmt: skip
    if ctx.actor.may("ticket.create") and "new ticket".startswith(text.lower().strip()):
        found.append(PaletteEntry("New ticket", "/tickets/new", "Create"))
    return found
