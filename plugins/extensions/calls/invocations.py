"""What guests did: one record for each call, kept for a while."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import orjson
from sqlalchemy import Select, func, select

from kernel.api.listing import Page, paginate
from kernel.context import Actor, CallContext
from kernel.db import cursor
from kernel.ids import uuid7
from plugins.extensions.errors import InvocationNotFound
from plugins.extensions.guests.answers import text_bytes
from plugins.extensions.models import InvocationRecord

if TYPE_CHECKING:
    import psycopg

    from kernel.app import Kernel
    from plugins.extensions.guests.invocation import Outcome

KEPT_FOR = timedelta(days=30)
_FORGET = "delete from extensions_invocations where tenant_id = %s and started_at < %s"
_MICROSECONDS = 1_000_000
_DETAIL_CHARS = 4000
_LIST: Select[Any] = select(
    InvocationRecord.id, InvocationRecord.install_id, InvocationRecord.extension, InvocationRecord.semver,
    InvocationRecord.trigger, InvocationRecord.endpoint, InvocationRecord.actor_name, InvocationRecord.request_id,
    InvocationRecord.started_at, InvocationRecord.status, InvocationRecord.trap, InvocationRecord.duration,
    InvocationRecord.cpu, InvocationRecord.memory, func.jsonb_array_length(InvocationRecord.host_calls).label("host_call_count"),
    func.jsonb_array_length(InvocationRecord.logs).label("log_count"),
)  # fmt: skip
_SORTABLE: Mapping[str, Any] = {"started_at": InvocationRecord.started_at}
_COLUMNS = (
    "tenant_id", "id", "install_id", "extension", "semver", "trigger", "endpoint", "actor_kind", "actor_id", "actor_name",
    "request_id", "started_at", "status", "trap", "detail", "duration", "cpu", "host_time", "memory", "request_bytes",
    "response_bytes", "host_calls", "logs", "dropped_logs",
)  # fmt: skip
# One statement, prepared by the driver, that binds its own transaction to the tenant: the row is made before it is checked.
# A crash of the database may lose the records of its last moment; a call does not wait for the disk because of them.
_INSERT = (
    f"insert into {InvocationRecord.__tablename__} ({', '.join(_COLUMNS)}) values ("
    "case when set_config('synchronous_commit', 'off', true) = 'off'"
    " then set_config('app.tenant_id', %(tenant_id)s::text, true)::uuid end, "
    f"{', '.join(f'%({name})s' for name in _COLUMNS[1:])})"
)


@dataclass(frozen=True, slots=True)
class Made:
    """Which call of which install was made, and by whom."""

    tenant_id: UUID
    install_id: UUID
    extension: str
    semver: str
    trigger: str
    endpoint: str
    actor: Actor
    request_id: str
    started_at: datetime
    request_bytes: int


def record_invocation(kernel: Kernel, made: Made, outcome: Outcome) -> UUID:
    """Keep what became of a call, in a transaction of its own; returns the record's id."""
    row = _row(made, outcome)
    with kernel.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        cast("psycopg.Connection", connection.connection.driver_connection).execute(_INSERT, row)
    found: UUID = row["id"]
    return found


def _row(made: Made, outcome: Outcome) -> dict[str, Any]:
    return {
        "tenant_id": made.tenant_id, "id": uuid7(), "install_id": made.install_id, "extension": made.extension,
        "semver": made.semver, "trigger": made.trigger, "endpoint": made.endpoint,
        "actor_kind": made.actor.kind, "actor_id": made.actor.id, "actor_name": made.actor.name,
        "request_id": made.request_id, "started_at": made.started_at,
        "status": _status(outcome), "trap": outcome.trap, "detail": _storable(_detail(outcome)[:_DETAIL_CHARS]),
        "duration": _micros(outcome.seconds), "cpu": _micros(outcome.cpu_seconds), "host_time": _micros(outcome.host_seconds),
        "memory": min(outcome.memory_bytes, 2**31 - 1), "request_bytes": made.request_bytes,
        "response_bytes": len(outcome.response.body.encode()) if outcome.response else text_bytes(outcome.answer),
        "host_calls": _json([{"name": one.name, "outcome": one.outcome, "duration": _micros(one.seconds)}
                             for one in outcome.calls]),
        "logs": _json([{"level": one.level, "message": _storable(one.message)} for one in outcome.logs]),
        "dropped_logs": outcome.dropped_log_lines,
    }  # fmt: skip


def _status(outcome: Outcome) -> int | None:
    """A handler's own; of another export 200, or 500 where it answered with an error."""
    if outcome.trap is not None:
        return None
    return outcome.response.status if outcome.response else 500 if outcome.failed else 200


def _detail(outcome: Outcome) -> str:
    return outcome.answer if outcome.failed else outcome.detail


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _storable(text: str) -> str:
    return text.replace("\0", "\ufffd")  # PostgreSQL's text cannot hold U+0000


def _micros(seconds: float) -> int:
    return round(seconds * _MICROSECONDS)


def list_invocations(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of records, the newest first; without their logs and host calls."""
    return paginate(ctx, _LIST, query, sortable=_SORTABLE, default="-started_at")


def get_invocation(ctx: CallContext, invocation_id: UUID) -> InvocationRecord:
    """One record with its logs and host calls. Raises InvocationNotFound."""
    found = ctx.session.scalar(select(InvocationRecord).where(InvocationRecord.id == invocation_id))
    if found is None:
        raise InvocationNotFound("There is no invocation with this id.")
    return found


def forget_old(ctx: CallContext, older_than: timedelta = KEPT_FOR) -> int:
    """Remove the tenant's records that are older; returns how many."""
    with cursor(ctx.session) as hot:  # there may be a million
        return hot.execute(_FORGET, [ctx.tenant_id, ctx.now() - older_than]).rowcount
