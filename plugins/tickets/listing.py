"""Lists of tickets: for REST, pages, the palette and other rooms' pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from kernel.api.listing import Page, paginate
from kernel.context import CallContext
from kernel.directory.models import Client, User
from plugins.tickets.models import Priority, Status, Ticket

_SORTABLE = {
    "number": Ticket.number,
    "created_at": Ticket.created_at,
    "updated_at": Ticket.updated_at,
    "due_on": Ticket.due_on,
}
_FILTERS = {"priority_id": Ticket.priority_id}


def list_tickets(ctx: CallContext, query: Mapping[str, Any], text: str = "") -> Page:
    """One page of tickets with the names of client, status, priority and assignee; `text` narrows by number or title."""
    return paginate(ctx, _meant(_rows(), text), query, sortable=_SORTABLE, filters=_FILTERS, default="-created_at")


def _rows() -> Select[Any]:
    return (
        select(
            Ticket.id, Ticket.number, Ticket.title, Ticket.client_id, Client.name.label("client_name"), Ticket.board_id,
            Ticket.status_id, Status.name.label("status_name"), Priority.name.label("priority_name"),
            Priority.level.label("priority_level"), Ticket.assignee_id, User.name.label("assignee_name"), Ticket.due_on,
            Ticket.is_closed, Ticket.created_at, Ticket.updated_at,
        )
        .join(Client, (Client.tenant_id == Ticket.tenant_id) & (Client.id == Ticket.client_id))
        .join(Status, (Status.tenant_id == Ticket.tenant_id) & (Status.id == Ticket.status_id))
        .join(Priority, (Priority.tenant_id == Ticket.tenant_id) & (Priority.id == Ticket.priority_id))
        .outerjoin(User, (User.tenant_id == Ticket.tenant_id) & (User.id == Ticket.assignee_id))
    )  # fmt: skip


def find_tickets(ctx: CallContext, text: str, limit: int = 8) -> list[Mapping[str, Any]]:
    """Tickets by number, or whose title begins with or holds the words; the newest first."""
    found = _meant(_rows(), text).order_by(Ticket.created_at.desc(), Ticket.id.desc()).limit(limit)
    return [dict(row) for row in ctx.session.execute(found).mappings()]


def _meant(rows: Select[Any], text: str) -> Select[Any]:
    wanted = text.strip().lstrip("#").lower()
    if not wanted:
        return rows
    if wanted.isdecimal() and len(wanted) < 10:
        return rows.where(Ticket.number == int(wanted))
    return rows.where(func.strpos(Ticket.title_key, wanted) > 0)


def count_open(ctx: CallContext, *, assignee_id: UUID | None = None) -> int:
    """How many tickets are open, of everyone or of one person."""
    found = select(func.count()).where(Ticket.is_closed.is_(False))
    return ctx.session.scalar(found if assignee_id is None else found.where(Ticket.assignee_id == assignee_id)) or 0
