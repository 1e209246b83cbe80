"""The verbs of the connections room, but for consent and access."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from kernel import audit, jobs
from kernel.api.listing import Page, paginate
from kernel.context import CallContext
from kernel.deletion import refuse_if_needed
from kernel.hookspecs.connections import Connection
from kernel.hookspecs.directory import Blocker, Ref
from plugins.connections.access import lock_connection
from plugins.connections.errors import ConnectionNotFound, StillConnected
from plugins.connections.models import ConnectionRow
from plugins.connections.parting import ask_to_revoke
from plugins.connections.tokens import KIND, as_connection, end, label

RENEW = "connections.renew"
_SORTABLE = {"account_name": ConnectionRow.account_name, "refreshed_at": ConnectionRow.refreshed_at}
_ROWS: Select[Any] = select(
    ConnectionRow.id, ConnectionRow.provider, ConnectionRow.environment, ConnectionRow.account_id, ConnectionRow.account_name,
    ConnectionRow.state, ConnectionRow.refreshed_at, ConnectionRow.last_error, ConnectionRow.last_error_at,
    ConnectionRow.next_try_at, ConnectionRow.connected_by, ConnectionRow.connected_at,
)  # fmt: skip


def page_of_connections(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of connections, by the name of the account."""
    return paginate(ctx, _ROWS, query, sortable=_SORTABLE, default="account_name")


def list_connections(ctx: CallContext, provider: str) -> list[Connection]:
    """The tenant's connections to a service, the oldest first."""
    found = select(ConnectionRow).where(ConnectionRow.provider == provider).order_by(ConnectionRow.id)
    return [as_connection(row) for row in ctx.session.scalars(found)]


def get_connection(ctx: CallContext, connection_id: UUID) -> ConnectionRow:
    """One connection. Raises ConnectionNotFound, also for another tenant's."""
    row = ctx.session.scalar(select(ConnectionRow).where(ConnectionRow.id == connection_id))
    if row is None:
        raise ConnectionNotFound("There is no connection with this id.")
    return row


def count_troubles(ctx: CallContext) -> int:
    """Connections that do not work now, those left aside that somebody here disconnected."""
    wanted = select(func.count()).where(ConnectionRow.state != "connected", ConnectionRow.last_error != "")
    return ctx.session.scalar(wanted) or 0


def uses_of(ctx: CallContext, connection_id: UUID) -> list[Blocker]:
    """What of other rooms depends on a connection."""
    ref = Ref("connection", connection_id)
    return [one for answer in ctx.hooks.collect_blockers(ctx=ctx, refs=[ref]) for one in answer if one.ref == ref]


def disconnect(ctx: CallContext, connection_id: UUID) -> ConnectionRow:
    """Drop the tokens, and take them back on the other side as soon as it answers. What is withdrawn already stays as it is.

    Raises ConnectionNotFound.
    """
    row = lock_connection(ctx, connection_id)
    if row.state != "withdrawn":
        end(ctx, row, "connection.disconnected", "", parting=True)
        ask_to_revoke(ctx, row.id)
    return row


def try_now(ctx: CallContext, connection_id: UUID) -> UUID:
    """Queue the job that renews the tokens now; or, of what was disconnected here, the one that takes them back there. Returns
    its id. Raises ConnectionNotFound.
    """
    row = get_connection(ctx, connection_id)
    if row.parting is not None:
        return ask_to_revoke(ctx, row.id)
    return jobs.enqueue(ctx, RENEW, {"connection_id": str(row.id)}, key=f"{RENEW} {row.id}")


def forget(ctx: CallContext, connection_id: UUID) -> None:
    """Remove a connection that is disconnected and that nothing refers to. Raises StillConnected, StillInUse."""
    row = lock_connection(ctx, connection_id)
    if row.state != "withdrawn" or row.parting is not None:
        raise StillConnected(f"{row.account_name} is connected, or is to be taken back on the other side first.")
    refuse_if_needed(ctx, [Ref("connection", row.id)], [], f"{label(row)} cannot be removed.", [])
    ctx.session.delete(row)
    audit.record(ctx, "connection.removed", kind=KIND, row_id=row.id, label=label(row))
