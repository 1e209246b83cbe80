"""Many rows in one statement, through row-level security: COPY to a temporary table, or JSON where rows are few."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import orjson
import psycopg
from psycopg.rows import dict_row
from sqlalchemy import ColumnElement, Select, any_, bindparam
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from kernel.audit import AuditEntry
from kernel.db import Ids, TenantTable, compile_hot, cursor, id_array
from kernel.errors import Conflict
from kernel.ids import uuid7_texts
from plugins.billing.copy_text import Writer, copy_text, writer_of

if TYPE_CHECKING:
    from kernel.context import CallContext

FEW = 60  # below, making the temporary table costs more than it saves
_AUDIT = (
    "id", "occurred_at", "action", "kind", "row_id", "label", "changes", "actor_kind", "actor_id", "actor_name",
    "on_behalf_of", "author", "request_id",
)  # fmt: skip
_DIALECT = postgresql.dialect()
Row = tuple[Any, ...]


class _Statements(NamedTuple):
    """How to insert into one table."""

    few: str
    stage: str
    copy: str
    many: str
    clear: str
    writers: tuple[Writer, ...]


def insert_rows(session: Session, table: type[TenantTable], columns: tuple[str, ...], rows: Sequence[Row]) -> None:
    """Insert rows of the bound tenant; JSON columns take plain values. Raises Conflict when a row is there already."""
    if not rows:
        return
    statements = _statements(table, columns)
    with cursor(session) as cur:
        try:
            if len(rows) < FEW:
                cur.execute(statements.few, [session.info["tenant_id"], _as_records(rows)])
            else:
                _copy(cur, statements, rows, session.info)
        except psycopg.errors.UniqueViolation as error:
            raise Conflict("Such an entry exists already.", constraint=error.diag.constraint_name) from error


Batch = tuple[type[TenantTable], tuple[str, ...], Sequence[Row]]
Change = tuple[str, tuple[Any, ...]]
"""A statement that changes rows, and its values."""


def insert_batches(session: Session, batches: Sequence[Batch], *changes: Change) -> None:
    """`insert_rows` for several tables, those first that others refer to; one statement where all have few rows. What is
    changed along with it is no row of these tables.
    """
    wanted = [one for one in batches if one[2]]
    if not wanted:
        return
    if any(len(rows) >= FEW for _, _, rows in wanted):
        for batch in wanted:
            insert_rows(session, *batch)
        for change in changes:
            cursor(session).execute(*change)
        return
    values = [value for _, own in changes for value in own]
    for _, _, rows in wanted:
        values += [session.info["tenant_id"], _as_records(rows)]
    with cursor(session) as cur:
        try:
            tables = tuple((table, columns) for table, columns, _ in wanted)
            cur.execute(_together(tables, tuple(change for change, _ in changes)), values)
        except psycopg.errors.UniqueViolation as error:
            raise Conflict("Such an entry exists already.", constraint=error.diag.constraint_name) from error


@cache
def _together(tables: tuple[tuple[type[TenantTable], tuple[str, ...]], ...], changes: tuple[str, ...]) -> str:
    """Inserts into several tables, and changes of others, as one statement; PostgreSQL checks what they refer to at its end."""
    *before, last = [*changes, *[_statements(*one).few for one in tables]]
    return (f"with {', '.join(f't{at} as ({one})' for at, one in enumerate(before))} " if before else "") + last


def _copy(cur: psycopg.Cursor[Any], statements: _Statements, rows: Sequence[Row], info: dict[Any, Any]) -> None:
    """COPY straight into a table with row-level security is refused by PostgreSQL, hence the stage: made anew for a
    transaction, and emptied where this one has used it before.
    """
    used: set[str] = info.setdefault("stages", set())
    cur.execute(statements.stage)
    if statements.stage in used:
        cur.execute(statements.clear)
    used.add(statements.stage)
    with cur.copy(statements.copy) as copy:
        copy.write(copy_text(statements.writers, rows))
    cur.execute(statements.many, [info["tenant_id"]])


def _as_records(rows: Sequence[Row]) -> str:
    """Rows as JSON: made ten times faster than an array for each column, and PostgreSQL reads it as quickly."""
    names = [f"c{at}" for at in range(len(rows[0]))]
    return orjson.dumps([dict(zip(names, row, strict=True)) for row in rows], default=_as_text).decode()


def _as_text(value: Any) -> str:
    return f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)


def audit_batch(ctx: CallContext, action: str, kind: str, deeds: Sequence[tuple[UUID, str]]) -> Batch:
    """`audit.record` of one action on many rows, each with its label, to be written by `insert_batches`."""
    actor, now = ctx.actor, ctx.now()
    return AuditEntry, _AUDIT, [
        (entry_id, now, action, kind, row_id, label, {}, actor.kind, actor.id, actor.name, actor.on_behalf_of, actor.author,
         ctx.cause.request_id)
        for entry_id, (row_id, label) in zip(uuid7_texts(len(deeds)), deeds, strict=True)
    ]  # fmt: skip


def read_rows(session: Session, statement: Any) -> list[Any]:
    """The rows of a statement as named tuples with the names of its columns: a tenth of what mapped objects cost, where a
    batch reads ten thousands of them only to look at them.
    """
    sql, values = compile_hot(session, statement)
    with cursor(session) as cur:
        cur.row_factory = _named  # type: ignore[assignment]
        return cur.execute(sql, values).fetchall()


def _named(cur: psycopg.Cursor[Any]) -> Callable[[Sequence[Any]], Any]:
    """Rows as named tuples, made without a call of Python for each."""
    return partial(tuple.__new__, _row_type(tuple([one.name for one in cur.description or ()])))


@cache
def _row_type(names: tuple[str, ...]) -> type[tuple[Any, ...]]:
    return namedtuple("Row", names, rename=True)  # type: ignore[return-value]


def plain_columns(table: type[TenantTable]) -> list[Any]:
    """What a batch reads of a table: all but whose row it is and when it was written."""
    return [one for one in table.__table__.columns if one.name not in _UNASKED]


_UNASKED = {"tenant_id", "created_at", "updated_at"}


def among_asked(column: Any) -> ColumnElement[bool]:
    """`among` the ids that `read_together` is given."""
    wanted: ColumnElement[bool] = column == any_(bindparam("ids", type_=Ids()))
    return wanted


def read_together(session: Session, statements: Sequence[Select[Any]], ids: Iterable[UUID]) -> list[list[dict[str, Any]]]:
    """The rows of several statements as dictionaries, all asked before the first answer is waited for. The statements are
    constants, narrowed by `among_asked`: their SQL is made once.
    """
    for one in statements:
        if one not in _SQL:
            _SQL[one] = compile_hot(session, one)[0]
    values = {"ids": id_array(ids)}
    with cursor(session) as cur, cur.connection.pipeline():
        asked = [cur.connection.cursor(row_factory=dict_row).execute(_SQL[one], values) for one in statements]
    return [one.fetchall() for one in asked]


_SQL: dict[Select[Any], str] = {}


@cache
def _statements(table: type[TenantTable], columns: tuple[str, ...]) -> _Statements:
    name, stage, named = table.__tablename__, f"new_{table.__tablename__}", ", ".join(columns)
    kinds = [table.__table__.c[column].type for column in columns]
    types = [kind.compile(dialect=_DIALECT).lower() for kind in kinds]
    named_types = ", ".join(f"c{at} {kind}" for at, kind in enumerate(types))
    wanted = ", ".join(f"x.c{at}" for at in range(len(columns)))
    into = f"insert into {name} (tenant_id, {named})"
    return _Statements(
        few=f"{into} select %s, {wanted} from json_to_recordset(%s::json) as x({named_types})",
        stage=f"create temporary table if not exists {stage} on commit drop as select {named} from {name} with no data",
        copy=f"copy {stage} ({named}) from stdin",
        many=f"{into} select %s, {named} from {stage}",
        clear=f"truncate {stage}",
        writers=tuple(map(writer_of, kinds)),
    )
