"""Connections to services outside by consent (OAuth 2.0, RFC 6749): rooms name the services, one room keeps the tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from kernel.errors import Refused
from kernel.hookspecs import hookspec

if TYPE_CHECKING:
    from kernel.context import CallContext


class OAuthClient(NamedTuple):
    """The application that a tenant registered with a service. `environment` is one that its provider names."""

    client_id: str
    client_secret: str
    environment: str


class Tokens(NamedTuple):
    """What a service gave, and how long each is good for from now on; a refresh token may be another one after each use."""

    access: str
    refresh: str
    lasts: timedelta
    refresh_lasts: timedelta | None = None


class Granted(NamedTuple):
    """What came of a consent: the tokens, and the account (company, organisation) that they open; one account for each consent,
    since tokens that are shared would be spent by whoever refreshes first.
    """

    tokens: Tokens
    account_id: str
    account_name: str


class ConsentWithdrawn(Refused):
    """The service takes these tokens no more: somebody has to connect anew."""

    code = "connection_withdrawn"
    title = "The connection was withdrawn on the other side"


class NextStep(NamedTuple):
    """What a person does once an account is connected: a page, and the words of its button."""

    words: str
    url: str


@dataclass(frozen=True, slots=True)
class ConnectionProvider:
    """A service that tenants connect to. `says` where its application is registered; `environments` are its names of them, the
    usual one first; `then` is offered while nothing uses a connection.

    `authorize(client, state, redirect)` gives the address where a person consents; `exchange(client, redirect, arguments)` turns
    what the service sent back with the person (`code` and others) into tokens; `refresh(client, granted)` and `revoke(client,
    granted)` do as they say, the latter for this one account if the service can. All but the first ask the service, and raise
    Unavailable where it cannot be reached, ConsentWithdrawn where it takes the tokens (or the code) no more, and InvalidInput
    naming `client_id` or `client_secret` where it does not know the application.

    With `pkce` the room adds the challenge of RFC 7636 to the address, and `code_verifier` to the arguments.
    """

    key: str
    title: str
    says: str
    environments: tuple[str, ...]
    authorize: Callable[[OAuthClient, str, str], str]
    exchange: Callable[[OAuthClient, str, dict[str, str]], Granted]
    refresh: Callable[[OAuthClient, Granted], Tokens]
    revoke: Callable[[OAuthClient, Granted], None]
    pkce: bool = False
    then: NextStep | None = None


class Access(NamedTuple):
    """What a room needs to call a service now; `token` is good for some minutes at the least."""

    connection_id: UUID
    provider: str
    environment: str
    account_id: str
    account_name: str
    token: str
    expires_at: datetime


class Connection(NamedTuple):
    """A connection as its status page shows it. `state` is `connected`, `failing` (outages) or `withdrawn`."""

    id: UUID
    provider: str
    environment: str
    account_id: str
    account_name: str
    state: str


@hookspec
def register_connection_providers() -> list[ConnectionProvider]:
    """Register: name the services that your room connects to. Any room; once per process.

    Example: `[ConnectionProvider("quickbooks", "QuickBooks Online", "…", ("production", "sandbox"), authorize, …)]`.
    """


@hookspec(firstresult=True)
def list_connections(ctx: CallContext, provider: str) -> list[Connection] | None:
    """Ask: give the tenant's connections to a service. The connections room; whenever a room looks for its own.

    Example: `[Connection(id, "quickbooks", "production", "9130", "Acme MSP Inc.", "connected")]`.
    """


@hookspec(firstresult=True)
def open_connection(ctx: CallContext, connection_id: UUID, refused: str = "") -> Access | None:
    """Ask: give access to a connection, with a fresh token if the old one is about to expire, or is the one that the service
    `refused`. The connections room, in a transaction of its own, so that new tokens are kept whatever becomes of the caller's,
    and nobody else refreshes meanwhile; once before a batch of calls, not where the caller holds locks.

    Raises ConnectionNotFound, ConsentWithdrawn, and Unavailable where the service cannot be reached. Example:
    `Access(id, "quickbooks", "production", "9130", "Acme MSP Inc.", "eyJ…", expires_at)`.
    """


@hookspec(firstresult=True)
def withdraw_connection(ctx: CallContext, connection_id: UUID, detail: str) -> Connection | None:
    """Ask: note that the service refused a token although it was fresh, or knows the account no more; `detail` is what it said.
    The connections room, in a transaction of its own; by whoever called the service. Somebody has to connect anew.

    Raises ConnectionNotFound. Example: `Connection(id, "xero", "production", "f3e1…", "Acme MSP Inc.", "withdrawn")`.
    """


@hookspec
def connection_changed(ctx: CallContext, connection: Connection) -> None:
    """Take part: a connection was made, made anew, or taken away (`state` is `withdrawn`). The room that named its provider does
    what it has to; all others do nothing.
    """
