"""Tokens in a row: sealed, bound to it, and what is noted of them when they come, fail, or are taken no more."""

from __future__ import annotations

from datetime import datetime, timedelta

import orjson

from kernel import audit, events
from kernel.context import CallContext
from kernel.failures import backoff
from kernel.hookspecs.connections import Connection, Granted, Tokens
from plugins.connections.letters import tell_managers
from plugins.connections.models import ConnectionRow

KIND = "connection"
_TABLE = ConnectionRow.__tablename__


def as_connection(row: ConnectionRow) -> Connection:
    """The connection as other rooms know it."""
    return Connection(row.id, row.provider, row.environment, row.account_id, row.account_name, row.state)


def label(row: ConnectionRow) -> str:
    return f"{row.account_name} ({row.provider})"


def read_tokens(ctx: CallContext, row: ConnectionRow, column: str = "tokens") -> Granted | None:
    """What opens the account, or opened it (`parting`); None where there is nothing any more."""
    sealed = getattr(row, column)
    if sealed is None:
        return None
    kept = orjson.loads(ctx.kernel.open(ctx, sealed, _TABLE, row.id, column))
    lasts = (row.expires_at or ctx.now()) - ctx.now()
    return Granted(Tokens(kept["access"], kept["refresh"], lasts), row.account_id, row.account_name)


def keep_tokens(ctx: CallContext, row: ConnectionRow, tokens: Tokens, asked_at: datetime) -> None:
    """The service answered: these tokens are good from the moment that it was asked."""
    row.tokens = _sealed(ctx, row, tokens, "tokens")
    row.expires_at = asked_at + tokens.lasts
    row.refresh_expires_at = asked_at + tokens.refresh_lasts if tokens.refresh_lasts else None
    row.refreshed_at, row.failures, row.next_try_at = ctx.now(), 0, None
    row.state, row.parting, row.parting_since = "connected", None, None
    ctx.session.flush()


def note_failure(ctx: CallContext, row: ConnectionRow, detail: str) -> None:
    """The service was no use now; it is asked again later, ever less often."""
    row.failures += 1
    row.state, row.last_error, row.last_error_at = "failing", detail, ctx.now()
    row.next_try_at = ctx.now() + backoff(row.failures)
    if row.failures == 1:
        audit.record(ctx, "connection.failing", kind=KIND, row_id=row.id, label=label(row), changes={"detail": detail})
    ctx.session.flush()


def end(ctx: CallContext, row: ConnectionRow, action: str, detail: str, *, parting: bool = False) -> None:
    """The tokens open nothing any more; with `parting` they are kept until the service has taken them back."""
    gone = read_tokens(ctx, row)
    if parting and gone is not None:
        row.parting, row.parting_since = _sealed(ctx, row, gone.tokens, "parting"), ctx.now()
    row.state, row.tokens, row.expires_at, row.refresh_expires_at = "withdrawn", None, None, None
    row.failures, row.next_try_at = 0, None
    row.last_error, row.last_error_at = (detail, ctx.now()) if detail else ("", None)
    ctx.session.flush()
    audit.record(ctx, action, kind=KIND, row_id=row.id, label=label(row), changes={"detail": detail} if detail else {})
    ctx.hooks.connection_changed(ctx=ctx, connection=as_connection(row))


def withdraw(ctx: CallContext, row: ConnectionRow, detail: str) -> None:
    """The service takes the tokens no more: whoever manages connections gets to know."""
    if row.state == "withdrawn":
        return
    end(ctx, row, "connection.withdrawn", detail)
    events.publish(ctx, "connection.withdrawn", {"connection_id": row.id, "provider": row.provider})
    tell_managers(ctx, row)


def is_good(row: ConnectionRow, now: datetime, margin: timedelta) -> bool:
    """Whether the access token outlives the margin."""
    return row.expires_at is not None and row.expires_at - now > margin


def _sealed(ctx: CallContext, row: ConnectionRow, tokens: Tokens, column: str) -> bytes:
    plain = orjson.dumps({"access": tokens.access, "refresh": tokens.refresh})
    return ctx.kernel.seal(ctx, plain, _TABLE, row.id, column)
