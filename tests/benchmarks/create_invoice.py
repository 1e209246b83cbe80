"""An invoice of eight lines created and finalized over HTTP by four clients at once, in two requests and in one, held against
one connection that writes the rows of one invoice after the other, each in a transaction of its own that reaches the disk.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any
from uuid import UUID

import psycopg

from kernel.app import Kernel
from kernel.directory.clients import add_client
from plugins.tax import services as taxes
from tests.benchmarks.calling import key_of_alice
from tests.benchmarks.measuring import Reading, compare, seconds_of
from tests.ground import connect_owner, found, lay_out_taxes, process

TABLES = ("billing_invoices", "billing_invoice_lines", "billing_invoice_taxes")
CLIENTS = 4
LEAST = 1 / 3
LINES = 8
PATIENCE_SECONDS = 30.0


def measure(kernel: Kernel, rounds: int, times: int) -> list[Reading]:
    """Invoices a second: `times` by each of the clients, round after round."""
    tenant_id = found(kernel, "bench-create")
    with kernel.call(tenant_id) as ctx:
        region_id = lay_out_taxes(ctx)
        client_id = add_client(ctx, name="Client", currency="EUR").id
        taxes.set_client_facts(ctx, client_id, region_id=region_id)
    key, ours = key_of_alice(kernel, tenant_id), {way: list[float]() for way in _WAYS}
    theirs = list[float]()
    with web_server(kernel) as port, _database(kernel, tenant_id) as database, ThreadPoolExecutor(CLIENTS) as clients:
        first = _invoices(port, key, client_id, 1, True)[0]
        rows = _rows(database, first)
        for _ in range(rounds):
            for way, at_once in _WAYS.items():
                asked = [(port, key, client_id, times, at_once)] * CLIENTS
                ours[way].append(seconds_of(lambda asked=asked: list(clients.map(lambda one: _invoices(*one), asked))))
            theirs.append(seconds_of(lambda: [_write(database, rows) for _ in range(times * CLIENTS)]))
    return [_reading(way, ours[way], theirs, times * CLIENTS * rounds) for way in _WAYS]


_WAYS = {"two requests": False, "one request": True}


def _reading(way: str, ours: list[float], theirs: list[float], many: int) -> Reading:
    ratio, spread = compare([[one] for one in ours], [[one] for one in theirs])
    return Reading(f"create and finalize over HTTP in {way}, {CLIENTS} clients, against a fsynced transaction each",
                   many / sum(ours), "invoices/s", many / sum(theirs), ratio, spread, f"ratio at least {LEAST:.3g}",
                   ratio >= LEAST, "Python and PostgreSQL on the same cores; two commits in two requests")  # fmt: skip


@contextmanager
def web_server(kernel: Kernel) -> Iterator[int]:
    """The web server as `deskhand web` starts it; its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    with process(kernel.settings, "-c", "from cli import main; main()", "web", DESKHAND_PORT=str(port)) as server:
        _await(port)
        yield port
        server.terminate()
        server.wait(PATIENCE_SECONDS)


def _await(port: int) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def _invoices(port: int, key: str, client_id: UUID, times: int, at_once: bool) -> list[UUID]:
    """Create and finalize invoices, each in one request or two, one after the other on one connection; their ids."""
    connection = HTTPConnection("127.0.0.1", port)
    lines = [
        {"description": f"Line {number}", "quantity": f"{number}.5", "rate": 1000 + number} for number in range(1, LINES + 1)
    ]
    ids = []
    for _ in range(times):
        asked = {"client_id": str(client_id), "lines": lines, "finalize": at_once}
        created = _post(connection, key, "/api/v1/invoices", asked)
        done = created if at_once else _post(connection, key, f"/api/v1/invoices/{created['id']}/finalize", {})
        assert done["status"] == "finalized"
        ids.append(UUID(created["id"]))
    connection.close()
    return ids


def _post(connection: HTTPConnection, key: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    connection.request("POST", path, json.dumps(body), {"X-Api-Key": key, "Content-Type": "application/json"})
    answer = connection.getresponse()
    told: dict[str, Any] = json.loads(answer.read())
    assert answer.status in {200, 201}, told
    return told


@contextmanager
def _database(kernel: Kernel, tenant_id: UUID) -> Iterator[psycopg.Connection[Any]]:
    """A connection of the tables' owner with an empty table beside each, of the same columns and checks, without indexes."""
    with connect_owner(kernel, tenant_id) as database:
        for table in TABLES:
            database.execute(f"create table single_{table} (like {table} including defaults including constraints)")
        try:
            yield database
        finally:
            for table in TABLES:
                database.execute(f"drop table single_{table}")


def _rows(database: psycopg.Connection[Any], invoice_id: UUID) -> dict[str, bytes]:
    """The rows of one invoice as COPY writes them."""
    found = {}
    for table in TABLES:
        own = "id" if table == "billing_invoices" else "invoice_id"
        with (
            database.cursor() as cursor,
            cursor.copy(f"copy (select * from {table} where {own} = '{invoice_id}') to stdout") as copy,
        ):
            found[table] = b"".join(copy)
    return found


def _write(database: psycopg.Connection[Any], rows: dict[str, bytes]) -> None:
    with database.transaction(), database.cursor() as cursor:
        for table, text in rows.items():
            with cursor.copy(f"copy single_{table} from stdin") as copy:
                copy.write(text)
