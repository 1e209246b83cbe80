"""What guests may do at the service desk: read tickets and their comments, open, close and comment on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, validate

from kernel.capabilities import GuestCall
from kernel.context import CallContext
from kernel.hookspecs.start import HostFunction, HostInterface
from plugins.tickets import boards, listing, services

_ONCE = {"description": "The same key of one install has its effect once, and the first answer again, for a day."}
_AUTHORS = validate.OneOf(("user", "contact", "api_key", "extension", "system"))


class TicketQuery(Schema):
    """Which tickets, the latest first. What is left out narrows nothing."""

    text = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=255),
                         metadata={"description": "The number, or part of the title."})  # fmt: skip
    client_id = fields.UUID(load_default=None, allow_none=True)
    assignee_id = fields.UUID(load_default=None, allow_none=True)
    is_closed = fields.Boolean(load_default=None, allow_none=True)
    updated_since = fields.AwareDateTime(load_default=None, allow_none=True)
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200), metadata={"wit": "u32"})
    cursor = fields.String(load_default=None, allow_none=True, metadata={"description": "`next_cursor` of the page before."})


class TicketArguments(Schema):
    input = fields.Nested(TicketQuery, load_default=lambda: TicketQuery().load({}))


class TicketId(Schema):
    ticket_id = fields.UUID(required=True)


class TicketRow(Schema):
    """A ticket as lists show it."""

    id = fields.UUID(required=True)
    number = fields.Integer(required=True)
    title = fields.String(required=True)
    client_id = fields.UUID(required=True)
    client_name = fields.String(required=True)
    status_name = fields.String(required=True)
    priority_name = fields.String(required=True)
    assignee_id = fields.UUID(required=True, allow_none=True)
    assignee_name = fields.String(required=True, allow_none=True)
    due_on = fields.Date(required=True, allow_none=True)
    is_closed = fields.Boolean(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class TicketPage(Schema):
    """Some tickets, and where the next page starts: none after the last."""

    items = fields.List(fields.Nested(TicketRow), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class Ticket(Schema):
    """A ticket. `url` is its page."""

    id = fields.UUID(required=True)
    number = fields.Integer(required=True)
    title = fields.String(required=True)
    description = fields.String(required=True)
    client_id = fields.UUID(required=True)
    location_id = fields.UUID(required=True, allow_none=True)
    contact_id = fields.UUID(required=True, allow_none=True)
    board_id = fields.UUID(required=True)
    status_id = fields.UUID(required=True)
    priority_id = fields.UUID(required=True)
    assignee_id = fields.UUID(required=True, allow_none=True)
    due_on = fields.Date(required=True, allow_none=True)
    is_closed = fields.Boolean(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)
    url = fields.String(required=True)


class NewTicket(Schema):
    """A ticket to be opened; board, status and priority are the tenant's usual ones unless given."""

    client_id = fields.UUID(required=True)
    title = fields.String(required=True, validate=validate.Length(1, 255))
    description = fields.String(load_default="", validate=validate.Length(max=20_000))
    board_id = fields.UUID(load_default=None, allow_none=True)
    priority_id = fields.UUID(load_default=None, allow_none=True)
    contact_id = fields.UUID(load_default=None, allow_none=True, metadata={"description": "A person of the client."})
    location_id = fields.UUID(load_default=None, allow_none=True, metadata={"description": "A place of the client."})
    assignee_id = fields.UUID(load_default=None, allow_none=True)
    due_on = fields.Date(load_default=None, allow_none=True)
    idempotency_key = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 255), metadata=_ONCE)


class NewTicketArguments(Schema):
    input = fields.Nested(NewTicket, required=True)


class TicketStatus(Schema):
    """A status of a board. A closed one closes the tickets that come into it."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    is_closed = fields.Boolean(required=True)


class Board(Schema):
    """A board with its statuses in their order; new tickets begin on the default one."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    is_default = fields.Boolean(required=True)
    statuses = fields.List(fields.Nested(TicketStatus), required=True)


class Boards(Schema):
    value = fields.List(fields.Nested(Board), required=True)


class Priority(Schema):
    """A priority; level 1 is the most urgent."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    level = fields.Integer(required=True, metadata={"wit": "u32"})


class Priorities(Schema):
    value = fields.List(fields.Nested(Priority), required=True)


class Nothing(Schema):
    """No arguments."""


class NewComment(Schema):
    """A comment. An internal one is for the staff alone."""

    ticket_id = fields.UUID(required=True)
    body = fields.String(required=True, validate=validate.Length(1, 20_000))
    internal = fields.Boolean(load_default=False)
    idempotency_key = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 255), metadata=_ONCE)


class NewCommentArguments(Schema):
    input = fields.Nested(NewComment, required=True)


class TicketComment(Schema):
    """What somebody said about a ticket."""

    id = fields.UUID(required=True)
    body = fields.String(required=True)
    internal = fields.Boolean(required=True)
    author_kind = fields.String(required=True, validate=_AUTHORS)
    author_name = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)


class Comments(Schema):
    value = fields.List(fields.Nested(TicketComment), required=True)


def list_tickets(ctx: CallContext, _invocation: GuestCall, input: Mapping[str, Any]) -> dict[str, Any]:
    """One page of tickets. Raises CursorInvalid."""
    wanted = {name: value for name, value in input.items() if value is not None}
    page = listing.list_tickets(ctx, wanted, text=wanted.pop("text", ""))
    return {"items": page.items, "next_cursor": page.next_cursor}


def get_ticket(ctx: CallContext, _invocation: GuestCall, ticket_id: UUID) -> dict[str, Any]:
    """One ticket. Raises TicketNotFound."""
    return _shown(services.get_ticket(ctx, ticket_id))


def list_comments(ctx: CallContext, _invocation: GuestCall, ticket_id: UUID) -> dict[str, Any]:
    """A ticket's comments. Raises TicketNotFound."""
    services.get_ticket(ctx, ticket_id)
    return {"value": services.list_comments(ctx, ticket_id)}


def open_ticket(ctx: CallContext, _invocation: GuestCall, input: Mapping[str, Any]) -> dict[str, Any]:
    """Open a ticket with the extension as its origin. Raises what `services.open_ticket` raises."""
    facts = {name: value for name, value in input.items() if name != "idempotency_key"}
    return _shown(services.open_ticket(ctx, **facts, origin="extension"))


def add_comment(ctx: CallContext, _invocation: GuestCall, input: Mapping[str, Any]) -> Any:
    """Comment as the extension. Raises TicketNotFound, InvalidInput."""
    return services.add_comment(ctx, input["ticket_id"], body=input["body"], internal=input["internal"])


def list_boards(ctx: CallContext, _invocation: GuestCall) -> dict[str, Any]:
    """All boards with their statuses."""
    statuses: dict[UUID, list[Any]] = defaultdict(list)
    for one in boards.list_statuses(ctx):
        statuses[one.board_id].append(one)
    found = boards.list_boards(ctx)
    return {"value": [{"id": one.id, "name": one.name, "is_default": one.is_default, "statuses": statuses[one.id]}
                      for one in found]}  # fmt: skip


def list_priorities(ctx: CallContext, _invocation: GuestCall) -> dict[str, Any]:
    """All priorities."""
    return {"value": services.list_priorities(ctx)}


def close_ticket(ctx: CallContext, _invocation: GuestCall, ticket_id: UUID) -> dict[str, Any]:
    """Close a ticket as the extension; a closed one stays as it is. Raises TicketNotFound, StatusNotOnBoard."""
    return _shown(services.close_ticket(ctx, ticket_id))


def reopen_ticket(ctx: CallContext, _invocation: GuestCall, ticket_id: UUID) -> dict[str, Any]:
    """Open a closed ticket again; an open one stays as it is. Raises TicketNotFound."""
    return _shown(services.reopen_ticket(ctx, ticket_id))


def _shown(ticket: Any) -> dict[str, Any]:
    facts = {name: getattr(ticket, name) for name in Ticket().fields if name != "url"}
    return facts | {"url": f"/tickets/{ticket.id}"}


READ, WRITE, CLOSE = "cap:ticket.read", "cap:ticket.write", "cap:ticket.close"
TICKETS = HostInterface("tickets", "Tickets of the service desk.")
HOST_FUNCTIONS = (
    HostFunction("tickets", "list", READ, "Tickets, a page at a time.", TicketArguments, TicketPage, list_tickets),
    HostFunction("tickets", "get", READ, "One ticket.", TicketId, Ticket, get_ticket),
    HostFunction("tickets", "comments", READ, "A ticket's comments, the oldest first.", TicketId, Comments, list_comments),
    HostFunction("tickets", "create", WRITE, "Open a ticket.", NewTicketArguments, Ticket, open_ticket, once=True),
    HostFunction("tickets", "comment", WRITE, "Comment on a ticket.", NewCommentArguments, TicketComment, add_comment, once=True),
    HostFunction(
        "tickets", "close", CLOSE, "Close a ticket, on the first closed status of its board.", TicketId, Ticket, close_ticket
    ),
    HostFunction("tickets", "reopen", CLOSE, "Open a closed ticket again.", TicketId, Ticket, reopen_ticket),
    HostFunction(
        "tickets", "boards", READ, "The boards with their statuses, the default one first.", Nothing, Boards, list_boards
    ),
    HostFunction("tickets", "priorities", READ, "The priorities, the most urgent first.", Nothing, Priorities, list_priorities),
)
