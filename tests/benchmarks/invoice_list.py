"""`GET /api/v1/invoices?limit=50` with an API key, held against bare WSGI handlers that answer the same rows.

A bare handler has one connection of its own, asks one query, writes the rows as JSON, and knows no users, keys, permissions,
plugins, limits, pages, logs or errors. The first one serves any tenant, as a handler on this database must: it names the
tenant in a transaction for each request. The second one is bound to a single tenant once and for all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

import orjson
import psycopg
from psycopg.rows import dict_row

from kernel.app import Kernel, create_app
from tests.benchmarks.calling import Caller, Wsgi, key_of_alice, middle_ms
from tests.benchmarks.measuring import Reading, busy_ms, compare, in_turns
from tests.ground import analyze, bill_month, connect, found, sign_contracts

ADDRESS = "/api/v1/invoices?limit=50"
_ROWS = """
select i.id, i.kind, i.origin, i.number, i.status,
  case when i.status <> 'finalized' then i.status when i.kind = 'credit_note' then 'issued'
    when i.settled >= i.total then 'paid' when i.due_date < current_date then 'overdue'
    when i.settled > 0 then 'partly_paid' else 'open' end as state,
  i.client_id, c.name as client_name, i.currency, i.invoice_date, i.due_date, i.po_number, i.subtotal, i.tax, i.total,
  i.settled, i.run_id, i.created_by_name, i.author, i.created_at, i.updated_at
from billing_invoices i join clients c on c.tenant_id = i.tenant_id and c.id = i.client_id
order by i.created_at desc, i.id desc limit 50
"""


def bare_handler(database: psycopg.Connection[Any], tenant_id: UUID) -> Wsgi:
    """One transaction for each request: the tenant, the query."""

    def handler(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with database.transaction():
            database.execute("select set_config('app.tenant_id', %s, true)", [str(tenant_id)])
            rows = database.execute(_ROWS).fetchall()
        return _answer(rows, start_response)

    return handler


def bound_handler(database: psycopg.Connection[Any], tenant_id: UUID) -> Wsgi:
    """One query for each request, of the one tenant that it can serve."""
    database.execute("select set_config('app.tenant_id', %s, false)", [str(tenant_id)])

    def handler(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return _answer(database.execute(_ROWS).fetchall(), start_response)

    return handler


def _answer(rows: list[Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    body = orjson.dumps({"items": rows})
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def measure(kernel: Kernel, invoices: int, rounds: int, times: int) -> list[Reading]:
    """Milliseconds to answer, where the tenant has this many invoices."""
    tenant_id = found(kernel, "bench-list")
    with kernel.call(tenant_id) as ctx:
        sign_contracts(ctx, invoices, months=0)
    bill_month(kernel, tenant_id, 1)
    analyze(kernel)
    ours = Caller(create_app(kernel), ADDRESS, **{"X-Api-Key": key_of_alice(kernel, tenant_id)})
    readings = []
    for make, name, least in _HANDLERS:
        with connect(kernel.settings.database_url) as database:
            database.row_factory = dict_row
            theirs = Caller(make(database, tenant_id), ADDRESS)
            _check_same(ours(), theirs(), min(invoices, 50))
            in_turns(ours, theirs, times)
            taken = [in_turns(ours, theirs, times) for _ in range(rounds)]
            readings.append(_reading(name, least, taken, (busy_ms(ours, times), busy_ms(theirs, times))))
    return readings


_HANDLERS = (
    (bare_handler, "bare WSGI and psycopg", 1 / 2),
    (bound_handler, "one that serves a single tenant", None),
)


def _check_same(ours: bytes, theirs: bytes, rows: int) -> None:
    items = orjson.loads(ours)["items"]
    assert len(items) == rows
    assert items == orjson.loads(theirs)["items"]


def _reading(
    against: str, least: float | None, rounds: list[tuple[list[float], list[float]]], busy: tuple[float, float]
) -> Reading:
    our, their = [one for one, _ in rounds], [other for _, other in rounds]
    ratio, spread = compare(our, their)
    target, met = ("", None) if least is None else (f"ratio at least {least:.3g}", ratio >= least)
    limit = f"Python: {busy[0]:.2f} ms against {busy[1]:.2f} for who calls, what is on, limits, the query made, and the log"
    return Reading(f"list of 50 invoices, against {against}", middle_ms(our), "ms", middle_ms(their), ratio, spread, target, met,
                   limit)  # fmt: skip
