# Made by `deskhand sdk` from the host functions that plugins register.
"""The companies and people that the tenant serves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from deskhand_extension._wire import Interface

__all__ = [
    "Client",
    "ClientKind",
    "ClientPage",
    "ClientQuery",
    "ClientRow",
    "ClientStatus",
    "get",
    "list",
]
_host = Interface("clients", __name__)


ClientStatus = Literal["active", "inactive"]


@dataclass(kw_only=True)
class ClientQuery:
    """Which clients, by name. What is left out narrows nothing."""
    text: str | None = None
    """Part of the name. At most 255 characters."""
    status: ClientStatus | None = None
    updated_since: str | None = None
    """ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`."""
    limit: int = 50
    """From 1 to 200."""
    cursor: str | None = None
    """`next_cursor` of the page before."""


ClientKind = Literal["company", "individual"]


@dataclass(kw_only=True)
class ClientRow:
    """A client as lists show it; place and country are those of its default location."""
    id: str
    """A UUID."""
    name: str
    kind: ClientKind
    status: ClientStatus
    currency: str
    """ISO 4217."""
    email: str | None
    billing_email: str | None
    phone: str | None
    city: str | None
    country: str | None
    """ISO 3166."""
    created_at: str
    """ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`."""
    updated_at: str
    """ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`."""


@dataclass(kw_only=True)
class ClientPage:
    """Some clients, and where the next page starts: none after the last."""
    items: Sequence[ClientRow]
    next_cursor: str | None


@dataclass(kw_only=True)
class Client:
    """A client."""
    id: str
    """A UUID."""
    name: str
    kind: ClientKind
    status: ClientStatus
    currency: str
    """ISO 4217."""
    email: str | None
    billing_email: str | None
    phone: str | None
    website: str | None
    notes: str
    account_manager_id: str | None
    """A UUID."""
    created_at: str
    """ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`."""
    updated_at: str
    """ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`."""


def list(input: ClientQuery | None = None) -> ClientPage:
    """Clients by name, a page at a time.
    Raises HostRefusal without `cap:client.read`.
    """
    answer: ClientPage = _host.call("list", "cap:client.read", input or ClientQuery())
    return answer


def get(client_id: str) -> Client:
    """One client.
    `client_id`: A UUID.
    Raises HostRefusal without `cap:client.read`.
    """
    answer: Client = _host.call("get", "cap:client.read", client_id)
    return answer
