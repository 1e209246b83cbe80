# Made by `deskhand sdk` from the host functions that plugins register.
"""Tickets of the service desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deskhand_extension._wire import Interface

__all__ = [
    "Board",
    "NewComment",
    "NewTicket",
    "Priority",
    "Ticket",
    "TicketComment",
    "TicketPage",
    "TicketQuery",
    "TicketRow",
    "TicketStatus",
    "boards",
    "close",
    "comment",
    "comments",
    "create",
    "get",
    "list",
    "priorities",
    "reopen",
]
_host = Interface("tickets", __name__)


@dataclass(kw_only=True)
class TicketQuery:
    """Which tickets, the latest first. What is left out narrows nothing."""
    text: str | None = None
    """The number, or part of the title. At most 255 characters."""
    client_id: str | None = None
    """A UUID."""
    assignee_id: str | None = None
    """A UUID."""
    is_closed: bool | None = None
    updated_since: str | None = None
    """ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`."""
    limit: int = 50
    """From 1 to 200."""
    cursor: str | None = None
    """`next_cursor` of the page before."""


@dataclass(kw_only=True)
class TicketRow:
    """A ticket as lists show it."""
    id: str
    """A UUID."""
    number: int
    title: str
    client_id: str
    """A UUID."""
    client_name: str
    status_name: str
    priority_name: str
    assignee_id: str | None
    """A UUID."""
    assignee_name: str | None
    due_on: str | None
    """`YYYY-MM-DD`."""
    is_closed: bool
    created_at: str
    """ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`."""
    updated_at: str
    """ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`."""


@dataclass(kw_only=True)
class TicketPage:
    """Some tickets, and where the next page starts: none after the last."""
    items: Sequence[TicketRow]
    next_cursor: str | None


@dataclass(kw_only=True)
class Ticket:
    """A ticket. `url` is its page."""
    id: str
    """A UUID."""
    number: int
    title: str
    description: str
    client_id: str
    """A UUID."""
    location_id: str | None
    """A UUID."""
    contact_id: str | None
    """A UUID."""
    board_id: str
    """A UUID."""
    status_id: str
    """A UUID."""
    priority_id: str
    """A UUID."""
    assignee_id: str | None
    """A UUID."""
    due_on: str | None
    """`YYYY-MM-DD`."""
    is_closed: bool
    created_at: str
    """ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`."""
    updated_at: str
    """ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`."""
    url: str


@dataclass(kw_only=True)
class TicketComment:
    """What somebody said about a ticket."""
    id: str
    """A UUID."""
    body: str
    internal: bool
    author_kind: str
    """One of `user`, `contact`, `api_key`, `extension`, `system`."""
    author_name: str
    created_at: str
    """ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`."""


@dataclass(kw_only=True)
class NewTicket:
    """A ticket to be opened; board, status and priority are the tenant's usual ones unless given."""
    client_id: str
    """A UUID."""
    title: str
    """1 to 255 characters."""
    description: str = ""
    """At most 20,000 characters."""
    board_id: str | None = None
    """A UUID."""
    priority_id: str | None = None
    """A UUID."""
    contact_id: str | None = None
    """A person of the client. A UUID."""
    location_id: str | None = None
    """A place of the client. A UUID."""
    assignee_id: str | None = None
    """A UUID."""
    due_on: str | None = None
    """`YYYY-MM-DD`."""
    idempotency_key: str | None = None
    """The same key of one install has its effect once, and the first answer again, for a day. 1 to 255
    characters.
    """


@dataclass(kw_only=True)
class NewComment:
    """A comment. An internal one is for the staff alone."""
    ticket_id: str
    """A UUID."""
    body: str
    """1 to 20,000 characters."""
    internal: bool = False
    idempotency_key: str | None = None
    """The same key of one install has its effect once, and the first answer again, for a day. 1 to 255
    characters.
    """


@dataclass(kw_only=True)
class TicketStatus:
    """A status of a board. A closed one closes the tickets that come into it."""
    id: str
    """A UUID."""
    name: str
    is_closed: bool


@dataclass(kw_only=True)
class Board:
    """A board with its statuses in their order; new tickets begin on the default one."""
    id: str
    """A UUID."""
    name: str
    is_default: bool
    statuses: Sequence[TicketStatus]


@dataclass(kw_only=True)
class Priority:
    """A priority; level 1 is the most urgent."""
    id: str
    """A UUID."""
    name: str
    level: int


def list(input: TicketQuery | None = None) -> TicketPage:
    """Tickets, a page at a time.
    Raises HostRefusal without `cap:ticket.read`.
    """
    answer: TicketPage = _host.call("list", "cap:ticket.read", input or TicketQuery())
    return answer


def get(ticket_id: str) -> Ticket:
    """One ticket.
    `ticket_id`: A UUID.
    Raises HostRefusal without `cap:ticket.read`.
    """
    answer: Ticket = _host.call("get", "cap:ticket.read", ticket_id)
    return answer


def comments(ticket_id: str) -> Sequence[TicketComment]:
    """A ticket's comments, the oldest first.
    `ticket_id`: A UUID.
    Raises HostRefusal without `cap:ticket.read`.
    """
    answer: Sequence[TicketComment] = _host.call("comments", "cap:ticket.read", ticket_id)
    return answer


def create(input: NewTicket) -> Ticket:
    """Open a ticket.
    Raises HostRefusal without `cap:ticket.write`.
    """
    answer: Ticket = _host.call("create", "cap:ticket.write", input)
    return answer


def comment(input: NewComment) -> TicketComment:
    """Comment on a ticket.
    Raises HostRefusal without `cap:ticket.write`.
    """
    answer: TicketComment = _host.call("comment", "cap:ticket.write", input)
    return answer


def close(ticket_id: str) -> Ticket:
    """Close a ticket, on the first closed status of its board.
    `ticket_id`: A UUID.
    Raises HostRefusal without `cap:ticket.close`.
    """
    answer: Ticket = _host.call("close", "cap:ticket.close", ticket_id)
    return answer


def reopen(ticket_id: str) -> Ticket:
    """Open a closed ticket again.
    `ticket_id`: A UUID.
    Raises HostRefusal without `cap:ticket.close`.
    """
    answer: Ticket = _host.call("reopen", "cap:ticket.close", ticket_id)
    return answer


def boards() -> Sequence[Board]:
    """The boards with their statuses, the default one first.
    Raises HostRefusal without `cap:ticket.read`.
    """
    answer: Sequence[Board] = _host.call("boards", "cap:ticket.read")
    return answer


def priorities() -> Sequence[Priority]:
    """The priorities, the most urgent first.
    Raises HostRefusal without `cap:ticket.read`.
    """
    answer: Sequence[Priority] = _host.call("priorities", "cap:ticket.read")
    return answer
