"""Taking back on the other side what was disconnected here: best effort, and visible until it is done."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from kernel import audit, jobs
from kernel.context import CallContext
from kernel.hookspecs.connections import ConnectionProvider, Granted, OAuthClient
from plugins.connections.access import lock_connection
from plugins.connections.applications import as_client, find_application
from plugins.connections.models import ConnectionRow
from plugins.connections.providers import get_provider
from plugins.connections.tokens import KIND, label, read_tokens

REVOKE = "connections.revoke"
PATIENCE = timedelta(days=3)


class Leaving(NamedTuple):
    """What a service is asked to take back; `sealed` tells whether somebody connected anew meanwhile."""

    provider: ConnectionProvider
    client: OAuthClient
    granted: Granted
    sealed: bytes


def read(ctx: CallContext, connection_id: UUID) -> Leaving | None:
    """What is still to be taken back, if anything. Raises ConnectionNotFound, ProviderUnknown."""
    row = lock_connection(ctx, connection_id)
    granted = read_tokens(ctx, row, "parting")
    if granted is None or row.parting is None:
        return None
    client = as_client(ctx, find_application(ctx, row.provider, row.environment))
    return Leaving(get_provider(ctx, row.provider), client, granted, row.parting)


def note_done(ctx: CallContext, connection_id: UUID, leaving: Leaving) -> None:
    """The service took them back."""
    row = lock_connection(ctx, connection_id)
    if row.parting == leaving.sealed:
        row.parting, row.parting_since, row.last_error, row.last_error_at = None, None, "", None
        audit.record(ctx, "connection.revoked", kind=KIND, row_id=row.id, label=label(row))


def note_failure(ctx: CallContext, connection_id: UUID, leaving: Leaving, detail: str) -> None:
    """The service did not, for this reason."""
    row = lock_connection(ctx, connection_id)
    if row.parting == leaving.sealed:
        row.last_error, row.last_error_at = detail, ctx.now()


def follow_up(ctx: CallContext) -> int:
    """Ask again for what could not be taken back yet; after PATIENCE drop the tokens, so that somebody has to take the
    application's access away on the other side. Answers how many were dropped.
    """
    row, dropped = ConnectionRow, 0
    for one in ctx.session.scalars(select(row).where(row.parting.is_not(None)).order_by(row.id).with_for_update()):
        if one.parting_since is not None and ctx.now() - one.parting_since < PATIENCE:
            ask_to_revoke(ctx, one.id)
            continue
        one.parting, one.parting_since, dropped = None, None, dropped + 1
        changes = {"detail": one.last_error}
        audit.record(ctx, "connection.not_revoked", kind=KIND, row_id=one.id, label=label(one), changes=changes)
    return dropped


def ask_to_revoke(ctx: CallContext, connection_id: UUID) -> UUID:
    """Queue the job that takes the tokens back; returns its id."""
    return jobs.enqueue(ctx, REVOKE, {"connection_id": str(connection_id)}, key=f"{REVOKE} {connection_id}")
