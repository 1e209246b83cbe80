"""Access to a connection: a token that is good, renewed by whoever needs it first.

Each function works in a transaction of its own and holds the row while the service answers. So nobody else spends the same
refresh token meanwhile, and a new one is kept whatever becomes of the caller. A process that dies between the service's
answer and the commit leaves the refresh token that was used last; services take it for a while.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from kernel.context import CallContext
from kernel.errors import DeskhandError, InvalidInput, Unavailable
from kernel.failures import describe
from kernel.hookspecs.connections import Access, Connection, ConnectionProvider, ConsentWithdrawn, Granted, OAuthClient, Tokens
from plugins.connections.applications import as_client, find_application
from plugins.connections.errors import ConnectionFailing, ConnectionNotFound
from plugins.connections.models import ConnectionRow
from plugins.connections.providers import get_provider
from plugins.connections.tokens import as_connection, is_good, keep_tokens, note_failure, read_tokens, withdraw

MARGIN = timedelta(minutes=5)
log = logging.getLogger(__name__)


def open_connection(ctx: CallContext, connection_id: UUID, refused: str = "") -> Access:
    """Access with a token that is good for MARGIN at the least, and is not the `refused` one.

    Raises ConnectionNotFound, ProviderUnknown, ConsentWithdrawn, and ConnectionFailing as long as the service is no use.
    """
    with _held(ctx, connection_id) as (own, row):
        granted = read_tokens(own, row)
        good = granted is not None and granted.tokens.access != refused and is_good(row, own.now(), MARGIN)
        trouble = None if good else _too_soon(own, row) or _renew(own, row)
        access = _access(own, row)
    if trouble is not None:
        raise trouble
    if access is None:
        raise ConsentWithdrawn(_connect_anew(row))
    return access


def renew(ctx: CallContext, connection_id: UUID) -> Connection:
    """Renew the tokens now, whenever they expire and however often it failed. Raises as `open_connection`."""
    with _held(ctx, connection_id) as (own, row):
        trouble = _renew(own, row)
        connection = as_connection(row)
    if trouble is not None:
        raise trouble
    return connection


def withdraw_connection(ctx: CallContext, connection_id: UUID, detail: str) -> Connection:
    """Note that the service refused a fresh token. Raises ConnectionNotFound."""
    with _held(ctx, connection_id) as (own, row):
        withdraw(own, row, detail)
        return as_connection(row)


@contextmanager
def _held(ctx: CallContext, connection_id: UUID) -> Iterator[tuple[CallContext, ConnectionRow]]:
    with ctx.kernel.call(ctx.tenant_id, ctx.actor, ctx.cause) as own:
        yield own, lock_connection(own, connection_id)


def lock_connection(ctx: CallContext, connection_id: UUID) -> ConnectionRow:
    """One connection as it is now, held until the transaction ends. Raises ConnectionNotFound, also for another tenant's."""
    found = select(ConnectionRow).where(ConnectionRow.id == connection_id).with_for_update()
    row = ctx.session.scalar(found, execution_options={"populate_existing": True})
    if row is None:
        raise ConnectionNotFound("There is no connection with this id.")
    return row


def _access(ctx: CallContext, row: ConnectionRow) -> Access | None:
    granted = read_tokens(ctx, row)
    if granted is None or row.expires_at is None:
        return None
    return Access(row.id, row.provider, row.environment, row.account_id, row.account_name, granted.tokens.access, row.expires_at)


def _too_soon(ctx: CallContext, row: ConnectionRow) -> DeskhandError | None:
    if row.next_try_at is None or ctx.now() >= row.next_try_at:
        return None
    return ConnectionFailing(f"{row.last_error} It is tried again at {row.next_try_at:%H:%M} UTC.")


def _renew(ctx: CallContext, row: ConnectionRow) -> DeskhandError | None:
    """Ask the service for new tokens and keep them; or keep why there are none, and return it."""
    granted = read_tokens(ctx, row)
    if granted is None:
        return ConsentWithdrawn(_connect_anew(row))
    provider, client = get_provider(ctx, row.provider), as_client(ctx, find_application(ctx, row.provider, row.environment))
    asked_at = ctx.now()
    try:
        keep_tokens(ctx, row, _ask(provider, client, granted), asked_at)
    except ConsentWithdrawn as error:
        withdraw(ctx, row, error.detail)
        return error
    except ConnectionFailing as error:
        note_failure(ctx, row, error.detail)
        return error
    return None


def _ask(provider: ConnectionProvider, client: OAuthClient, granted: Granted) -> Tokens:
    """Raises ConsentWithdrawn, and ConnectionFailing for all else, so that it stands on the page whatever it was."""
    try:
        return provider.refresh(client, granted)
    except ConsentWithdrawn:
        raise
    except (Unavailable, InvalidInput) as error:
        raise ConnectionFailing(error.detail) from error
    except Exception as error:
        log.warning("%s did not renew its tokens", provider.key, exc_info=error)
        raise ConnectionFailing(str(describe(error)["detail"])) from error


def _connect_anew(row: ConnectionRow) -> str:
    return f"{row.account_name} is disconnected. Connect it again under Settings → Connections."
