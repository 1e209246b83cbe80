"""A month's billing run, held against COPY of the very rows it wrote into tables with the same columns, checks and indexes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg

from kernel import jobs
from kernel.app import Kernel
from plugins.billing import runs
from tests.benchmarks.measuring import Reading, compare, seconds_of
from tests.ground import analyze, connect_owner, found, sign_contracts, window

TABLES = ("billing_invoices", "billing_invoice_lines", "billing_invoice_taxes", "billing_sources")
LEAST = 1 / 20
Text = list[bytes | memoryview]


def measure(kernel: Kernel, clients: int, rounds: int) -> list[Reading]:
    """Rows a second of invoices, lines, taxes and sources: `rounds` months of this many clients."""
    tenant_id = found(kernel, "bench-billing")
    with kernel.call(tenant_id) as ctx:
        sign_contracts(ctx, clients, months=rounds)
    analyze(kernel)
    ours, theirs, rows = [], [], []
    with _database(kernel, tenant_id) as database:
        for month in range(1, rounds + 1):
            with kernel.call(tenant_id) as ctx:
                run_id = runs.start_run(ctx, **window(month)).id
            ours.append(seconds_of(lambda: _work(kernel, tenant_id)))
            written = {table: _rows_of_run(database, table, run_id) for table in TABLES}
            theirs.append(seconds_of(lambda written=written: _copy(database, written)))  # type: ignore[misc]
            rows.append(_empty_copies(database))
            jobs.drain(kernel, tenant_id)
    return [_reading(rows, ours, theirs)]


def _work(kernel: Kernel, tenant_id: UUID) -> None:
    while jobs.work(kernel, tenant_id, "jobs"):
        pass


def _reading(rows: list[int], ours: list[float], theirs: list[float]) -> Reading:
    ratio, spread = compare([[one] for one in ours], [[one] for one in theirs])
    return Reading(f"billing run of {min(rows):,} rows, against COPY", sum(rows) / sum(ours), "rows/s",
                   sum(rows) / sum(theirs), ratio, spread, f"ratio at least {LEAST:g}", ratio >= LEAST)  # fmt: skip


@contextmanager
def _database(kernel: Kernel, tenant_id: UUID) -> Iterator[psycopg.Connection[Any]]:
    """A connection of the tables' owner that sees the tenant, with an empty `copied_…` beside each table."""
    with connect_owner(kernel, tenant_id) as database:
        for table in TABLES:
            database.execute(f"create table copied_{table} (like {table} including all)")
        try:
            yield database
        finally:
            for table in TABLES:
                database.execute(f"drop table copied_{table}")


def _rows_of_run(database: psycopg.Connection[Any], table: str, run_id: UUID) -> Text:
    own = "id" if table == "billing_invoices" else "invoice_id"
    wanted = f"select * from {table} where {own} in (select id from billing_invoices where run_id = '{run_id}')"
    with database.cursor() as cursor, cursor.copy(f"copy ({wanted}) to stdout") as copy:
        return list(copy)


def _copy(database: psycopg.Connection[Any], written: dict[str, Text]) -> None:
    with database.transaction(), database.cursor() as cursor:
        for table, text in written.items():
            with cursor.copy(f"copy copied_{table} from stdin") as copy:
                copy.write(b"".join(text))


def _empty_copies(database: psycopg.Connection[Any]) -> int:
    """How many rows were copied; the next round begins anew."""
    counted = sum(database.execute(f"select count(*) from copied_{table}").fetchone()[0] for table in TABLES)
    for table in TABLES:
        database.execute(f"truncate copied_{table}")
    return counted
