"""Many rows in one statement, through row-level security: `INSERT … SELECT FROM unnest(…)`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import orjson
import psycopg
from sqlalchemy import JSON
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from kernel.db import TenantTable, cursor
from kernel.errors import Conflict

PORTION = 5000
_DIALECT = postgresql.dialect()


def insert_rows(session: Session, table: type[TenantTable], columns: tuple[str, ...],
                rows: Sequence[tuple[Any, ...]]) -> None:  # fmt: skip
    """Insert rows of the bound tenant; JSON columns take plain values. Raises Conflict when a row is there already."""
    statement, json_at = _statement(table, columns)
    tenant_id = session.info["tenant_id"]
    for start in range(0, len(rows), PORTION):
        arrays = [list(column) for column in zip(*rows[start : start + PORTION], strict=True)]
        for at in json_at:
            arrays[at] = [None if one is None else orjson.dumps(one, default=str).decode() for one in arrays[at]]
        with cursor(session) as cur:
            try:
                cur.execute(statement, [tenant_id, *arrays])
            except psycopg.errors.UniqueViolation as error:
                raise Conflict("Such an entry exists already.", constraint=error.diag.constraint_name) from error


@cache
def _statement(table: type[TenantTable], columns: tuple[str, ...]) -> tuple[str, tuple[int, ...]]:
    """The statement, and which of its parameters are JSON."""
    kinds = [table.__table__.c[name].type for name in columns]
    json_at = tuple(at for at, kind in enumerate(kinds) if isinstance(kind, JSON))
    types = [kind.compile(dialect=_DIALECT).lower() for kind in kinds]
    arrays = ", ".join("%s::text[]" if at in json_at else f"%s::{name}[]" for at, name in enumerate(types))
    wanted = ", ".join(f"x.c{at}::{types[at]}" if at in json_at else f"x.c{at}" for at in range(len(columns)))
    names = ", ".join(f"c{at}" for at in range(len(columns)))
    return (
        f"insert into {table.__tablename__} (tenant_id, {', '.join(columns)})"
        f" select %s, {wanted} from unnest({arrays}) as x({names})"
    ), json_at
