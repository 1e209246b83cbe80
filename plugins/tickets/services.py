"""The verbs of the service desk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from kernel import audit, events
from kernel.context import CallContext
from kernel.deletion import refuse_if_needed
from kernel.directory.clients import apply_changes, get_client, get_contact, get_location
from kernel.directory.staff import get_team, get_user
from kernel.errors import InvalidInput, PermissionDenied
from kernel.hookspecs.directory import Blocker, Ref
from kernel.ids import uuid7
from plugins.tickets.errors import CommentNotFound, StatusNotOnBoard, TicketNotFound
from plugins.tickets.models import Board, Comment, Counter, Material, Priority, Status, Ticket


def get_ticket(ctx: CallContext, ticket_id: UUID) -> Ticket:
    """One ticket. Raises TicketNotFound, also for another tenant's."""
    ticket = ctx.session.scalar(select(Ticket).where(Ticket.id == ticket_id))
    if ticket is None:
        raise TicketNotFound("There is no ticket with this id.")
    return ticket


def open_ticket(
    ctx: CallContext,
    *,
    client_id: UUID,
    title: str,
    description: str = "",
    board_id: UUID | None = None,
    status_id: UUID | None = None,
    priority_id: UUID | None = None,
    origin: str = "internal",
    **facts: Any,
) -> Ticket:
    """Open a ticket; board, status and priority default to the tenant's. The number is the tenant's next one.

    `facts`: location_id, contact_id, assignee_id, team_id, due_on. Raises InvalidInput for an empty title, or when a
    location or contact is another client's, StatusNotOnBoard when the status is another board's.
    """
    if not title.strip():
        raise InvalidInput(errors={"title": "Write something first."})
    get_client(ctx, client_id)
    board_id = board_id or default_board(ctx).id
    status = _status_for(ctx, board_id, status_id)
    _check_facts(ctx, client_id, facts)
    ticket = Ticket(
        number=_next_number(ctx), client_id=client_id, title=title.strip(), description=description, board_id=board_id,
        status_id=status.id, priority_id=priority_id or default_priority(ctx).id, origin=origin,
        opened_by=ctx.actor.user_id, is_closed=status.is_closed, closed_at=ctx.now() if status.is_closed else None,
        created_at=ctx.now(), **facts,
    )  # fmt: skip
    ctx.session.add(ticket)
    ctx.session.flush()
    audit.record(ctx, "ticket.opened", kind="ticket", row_id=ticket.id, label=_label(ticket))
    events.publish(ctx, "ticket.opened", {"ticket_id": ticket.id, "client_id": client_id, "number": ticket.number})
    return ticket


def change_ticket(ctx: CallContext, ticket_id: UUID, changes: Mapping[str, Any], version: int | None = None) -> Ticket:
    """Change a ticket; a closed status closes it, an open one opens it again.

    A new board needs a status of that board: without one, the ticket begins anew there.
    """
    ticket = get_ticket(ctx, ticket_id)
    wanted = dict(changes)
    _check_facts(ctx, wanted.get("client_id", ticket.client_id), wanted)
    if "board_id" in wanted or "status_id" in wanted:
        board_id = wanted.get("board_id", ticket.board_id)
        moved = board_id != ticket.board_id
        status = _status_for(ctx, board_id, wanted.get("status_id") or (None if moved else ticket.status_id))
        wanted |= {"board_id": board_id, "status_id": status.id, "is_closed": status.is_closed}
        wanted["closed_at"] = (ticket.closed_at or ctx.now()) if status.is_closed else None
    before = (ticket.is_closed, ticket.assignee_id)
    apply_changes(ctx, ticket, wanted, version, kind="ticket", label=_label(ticket))
    _say_what_changed(ctx, ticket, *before)
    return ticket


def _say_what_changed(ctx: CallContext, ticket: Ticket, was_closed: bool, assignee_id: UUID | None) -> None:
    payload = {"ticket_id": ticket.id, "client_id": ticket.client_id, "number": ticket.number}
    if ticket.is_closed != was_closed:
        events.publish(ctx, "ticket.closed" if ticket.is_closed else "ticket.reopened", payload)
    if ticket.assignee_id != assignee_id:
        events.publish(ctx, "ticket.assigned", payload | {"assignee_id": ticket.assignee_id})


def close_ticket(ctx: CallContext, ticket_id: UUID) -> Ticket:
    """Put a ticket into its board's first closed status."""
    ticket = get_ticket(ctx, ticket_id)
    if ticket.is_closed:
        return ticket
    closed = ctx.session.scalar(
        select(Status.id).where(Status.board_id == ticket.board_id, Status.is_closed).order_by(Status.position)
    )
    if closed is None:
        raise StatusNotOnBoard("This board has no closed status. Add one in the desk settings.")
    return change_ticket(ctx, ticket_id, {"status_id": closed})


def reopen_ticket(ctx: CallContext, ticket_id: UUID) -> Ticket:
    """Put a closed ticket back into the status in which tickets of its board begin."""
    ticket = get_ticket(ctx, ticket_id)
    if not ticket.is_closed:
        return ticket
    return change_ticket(ctx, ticket_id, {"status_id": _status_for(ctx, ticket.board_id, None).id})


def delete_ticket(ctx: CallContext, ticket_id: UUID) -> None:
    """Remove a ticket that nothing depends on. Raises StillInUse; closing is the alternative."""
    ticket = get_ticket(ctx, ticket_id)
    ref = Ref("ticket", ticket_id)
    used = ctx.session.scalar(select(func.count()).where(Material.ticket_id == ticket_id)) or 0
    own = [Blocker(ref, "material", used, f"{used} materials")] if used else []
    refuse_if_needed(ctx, [ref], own, f"{_label(ticket)} cannot be deleted.", ["close"])
    ctx.session.execute(delete(Comment).where(Comment.ticket_id == ticket_id))
    ctx.session.delete(ticket)
    audit.record(ctx, "ticket.deleted", kind="ticket", row_id=ticket_id, label=_label(ticket))


def list_comments(ctx: CallContext, ticket_id: UUID) -> list[Comment]:
    """A ticket's comments, oldest first."""
    found = select(Comment).where(Comment.ticket_id == ticket_id).order_by(Comment.created_at, Comment.id)
    return list(ctx.session.scalars(found))


def add_comment(ctx: CallContext, ticket_id: UUID, *, body: str, internal: bool = False,
                is_resolution: bool = False) -> Comment:  # fmt: skip
    """Add a word to a ticket. A client's people never write internal ones."""
    ticket = get_ticket(ctx, ticket_id)
    if internal and ctx.actor.kind == "contact":
        raise PermissionDenied("Internal comments are for the staff.")
    if not body.strip():
        raise InvalidInput(errors={"body": "Write something first."})
    comment = Comment(ticket_id=ticket_id, body=body.strip(), internal=internal, is_resolution=is_resolution,
                      author_kind=ctx.actor.kind, author_id=ctx.actor.user_id or ctx.actor.id,
                      author_name=ctx.actor.name, created_at=ctx.now())  # fmt: skip
    ctx.session.add(comment)
    ctx.session.flush()
    audit.record(ctx, "ticket.commented", kind="ticket", row_id=ticket_id, label=_label(ticket))
    events.publish(ctx, "ticket.commented", {"ticket_id": ticket_id, "comment_id": comment.id, "internal": internal})
    return comment


def change_comment(ctx: CallContext, ticket_id: UUID, comment_id: UUID, changes: Mapping[str, Any],
                   version: int | None = None) -> Comment:  # fmt: skip
    """Change one's own comment. Raises PermissionDenied for somebody else's."""
    wanted = (Comment.id == comment_id) & (Comment.ticket_id == ticket_id)
    comment = ctx.session.scalar(select(Comment).where(wanted))
    if comment is None:
        raise CommentNotFound("There is no comment with this id on the ticket.")
    if comment.author_id != (ctx.actor.user_id or ctx.actor.id):
        raise PermissionDenied("Only its author changes a comment.")
    apply_changes(ctx, comment, changes, version, kind="comment", label=f"comment on ticket {ticket_id}")
    return comment


def default_board(ctx: CallContext) -> Board:
    """The board that new tickets go to."""
    return ctx.session.scalars(select(Board).order_by(Board.is_default.desc(), Board.name).limit(1)).one()


def default_priority(ctx: CallContext) -> Priority:
    """The middle priority."""
    return ctx.session.scalars(select(Priority).order_by(func.abs(Priority.level - 3), Priority.level).limit(1)).one()


def list_priorities(ctx: CallContext) -> list[Priority]:
    """Priorities, the most urgent first."""
    return list(ctx.session.scalars(select(Priority).order_by(Priority.level)))


def furnish_desk(ctx: CallContext) -> None:
    """Lay out the desk of a new tenant: one board, its statuses, four priorities, the ticket counter."""
    from plugins.tickets.boards import add_board

    ctx.session.add(Counter())
    ctx.session.add_all(
        Priority(name=name, level=level) for level, name in enumerate(("Critical", "High", "Normal", "Low"), start=1)
    )
    add_board(ctx, name="Service desk", is_default=True)


def describe_tickets(ctx: CallContext, ids: list[UUID]) -> dict[UUID, str]:
    """Labels of tickets, in one query."""
    found = select(Ticket.id, Ticket.number, Ticket.title).where(Ticket.id.in_(ids))
    return {row.id: f"#{row.number} {row.title}" for row in ctx.session.execute(found)}


def _next_number(ctx: CallContext) -> int:
    taken = ctx.session.scalar(
        update(Counter).values(last_number=Counter.last_number + 1).returning(Counter.last_number)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    if taken is None:
        ctx.session.execute(insert(Counter).values(tenant_id=ctx.tenant_id, id=uuid7()).on_conflict_do_nothing())
        return _next_number(ctx)
    return taken


def _status_for(ctx: CallContext, board_id: UUID, status_id: UUID | None) -> Status:
    from plugins.tickets.boards import get_board

    get_board(ctx, board_id)
    found = select(Status).where(Status.board_id == board_id)
    wanted = Status.is_default if status_id is None else Status.id == status_id
    status = ctx.session.scalar(found.where(wanted))
    if status is None:
        raise StatusNotOnBoard("Choose a status of the ticket's board.", errors={"status_id": "Not on this board."})
    return status


def _check_facts(ctx: CallContext, client_id: UUID, facts: Mapping[str, Any]) -> None:
    """The rows that a ticket names must be of this tenant, and place and person of the ticket's client."""
    if (location := facts.get("location_id")) and get_location(ctx, location).client_id != client_id:
        raise InvalidInput(errors={"location_id": "This location is another client's."})
    if (contact := facts.get("contact_id")) and get_contact(ctx, contact).client_id != client_id:
        raise InvalidInput(errors={"contact_id": "This contact is another client's."})
    if assignee := facts.get("assignee_id"):
        get_user(ctx, assignee)
    if team := facts.get("team_id"):
        get_team(ctx, team)
    if "client_id" in facts:
        get_client(ctx, facts["client_id"])


def _label(ticket: Ticket) -> str:
    return f"#{ticket.number} {ticket.title}"
