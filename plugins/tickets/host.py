"""What guests may do at the service desk: read tickets and their comments, open tickets and comment on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, validate

from kernel.capabilities import GuestCall
from kernel.context import CallContext
from kernel.hookspecs.start import HostFunction, HostInterface
from plugins.tickets import listing, services

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


def _shown(ticket: Any) -> dict[str, Any]:
    facts = {name: getattr(ticket, name) for name in Ticket().fields if name != "url"}
    return facts | {"url": f"/tickets/{ticket.id}"}


READ, WRITE = "cap:ticket.read", "cap:ticket.write"
TICKETS = HostInterface("tickets", "Tickets of the service desk.")
HOST_FUNCTIONS = (
    HostFunction("tickets", "list", READ, "Tickets, a page at a time.", TicketArguments, TicketPage, list_tickets),
    HostFunction("tickets", "get", READ, "One ticket.", TicketId, Ticket, get_ticket),
    HostFunction("tickets", "comments", READ, "A ticket's comments, the oldest first.", TicketId, Comments, list_comments),
    HostFunction("tickets", "create", WRITE, "Open a ticket.", NewTicketArguments, Ticket, open_ticket, once=True),
    HostFunction("tickets", "comment", WRITE, "Comment on a ticket.", NewCommentArguments, TicketComment, add_comment, once=True),
)
