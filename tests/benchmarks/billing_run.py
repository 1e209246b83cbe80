"""A month's billing run, held against COPY of the very rows it wrote into tables with the same columns, checks and indexes.

The work of an invoice is all there is: eight lines priced and explained, two taxes, number, ledger, seal, events, records
marked as billed. The invoices are final at the end; one line tells what drafts alone cost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from subprocess import Popen
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from kernel import jobs
from kernel.app import Kernel
from kernel.tenancy import change_settings
from plugins.billing import runs
from tests.benchmarks.measuring import Reading, compare, seconds_of
from tests.benchmarks.run_worker import Worked, let_go, workers
from tests.ground import analyze, connect_owner, found, sign_contracts, window

BARE = ("billing_invoices", "billing_invoice_lines", "billing_invoice_taxes")
"""What Odoo, Tryton and others write as well."""
TABLES = (*BARE, "billing_sources")
Text = list[bytes | memoryview]


class Variant(NamedTuple):
    """A way to run: how many worker processes, whether to the final invoice, and the least ratio to reach."""

    name: str
    workers: int
    final: bool
    least: float | None


VARIANTS = (
    Variant("one worker", 1, True, 1 / 4),
    Variant("two workers", 2, True, 1 / 3),
    Variant("one worker, drafts only", 1, False, None),
)


class Round(NamedTuple):
    """One run: what it needed, and the seconds of COPY for the same rows and for the bare ones."""

    worked: Worked
    copied: float
    bare: float


def measure(kernel: Kernel, clients: int, rounds: int) -> list[Reading]:
    """Invoices a second; each variant bills `rounds` months of this many clients, in turns with the others."""
    tenant_id = found(kernel, "bench-billing")
    with kernel.call(tenant_id) as ctx:
        sign_contracts(ctx, clients, months=rounds * len(VARIANTS))
    analyze(kernel)
    measured: dict[Variant, list[Round]] = {one: [] for one in VARIANTS}
    with _database(kernel, tenant_id) as database, workers(kernel.settings, [tenant_id], 2) as crew:
        for turn in range(rounds * len(VARIANTS)):
            variant = VARIANTS[turn % len(VARIANTS)]
            measured[variant].append(_round(kernel, database, tenant_id, crew[: variant.workers], variant.final, turn + 1))
    return [reading for one in VARIANTS for reading in _readings(one, clients, measured[one])]


def _round(kernel: Kernel, database: psycopg.Connection[Any], tenant_id: UUID, crew: Sequence[Popen[str]], final: bool,
           month: int) -> Round:  # fmt: skip
    with kernel.call(tenant_id) as ctx:
        change_settings(ctx, "billing", {"runs_finalize": final})
        run_id = runs.start_run(ctx, **window(month)).id
    worked = let_go(crew)
    written = {table: _rows_of_run(database, table, run_id) for table in TABLES}
    copied = seconds_of(lambda: _copy(database, written))
    _empty_copies(database)
    bare = seconds_of(lambda: _copy(database, {table: written[table] for table in BARE}))
    _empty_copies(database)
    jobs.drain(kernel, tenant_id)
    return Round(worked, copied, bare)


def _readings(variant: Variant, clients: int, rounds: Sequence[Round]) -> Iterator[Reading]:
    """Against the same rows, which the target is about; and against the bare ones."""
    ours = [[one.worked.seconds] for one in rounds]
    rate = clients * len(rounds) / sum(one.worked.seconds for one in rounds)
    busy = sum(one.worked.busy for one in rounds) / sum(one.worked.seconds for one in rounds)
    limit = (
        f"Python busy {busy:.0%} of the time, {sum(one.worked.busy for one in rounds) / clients / len(rounds) * 1e6:,.0f} µs each"
    )
    for words, theirs, least in (
        ("COPY", [one.copied for one in rounds], variant.least), ("COPY of the bare rows", [one.bare for one in rounds], None),
    ):  # fmt: skip
        ratio, spread = compare(ours, [[one] for one in theirs])
        target, met = ("", None) if least is None else (f"ratio at least {least:.3g}", ratio >= least)
        yield Reading(f"billing run, {variant.name}, against {words}", rate, "invoices/s", clients * len(rounds) / sum(theirs),
                      ratio, spread, target, met, limit)  # fmt: skip


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


def _empty_copies(database: psycopg.Connection[Any]) -> None:
    for table in TABLES:
        database.execute(f"truncate copied_{table}")
