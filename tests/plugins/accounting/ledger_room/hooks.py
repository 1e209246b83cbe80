"""This room's only door to the rest of the house."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from kernel.context import CallContext
from kernel.hookspecs import hookimpl
from kernel.hookspecs.accounting import AccountingSystem, Document, ExportFile
from kernel.hookspecs.connections import Access, Connection, ConsentWithdrawn
from tests.plugins.accounting.ledger_room.books import WORLD, BooksGateway

STATE = {"connected": True, "token": "fresh", "account": "4711"}
CONNECTION = UUID(int=4711)


def _file(_ctx: CallContext, documents: Sequence[Document]) -> list[ExportFile]:
    rows = [f"{one.number};{line.item};{line.net}" for one in documents for line in one.lines]
    return [ExportFile("sales.csv", "text/csv", "\n".join(rows).encode())]


@hookimpl
def register_accounting_systems() -> Sequence[AccountingSystem]:
    maps = {"item": "Products", "client": "Customers", "tax": "Tax codes"}
    return [
        AccountingSystem("ledger", "Ledger Online", "Books in memory.", maps, frozenset({"item", "tax"}), "ledger",
                         open=BooksGateway, pays_back=True, accounts={"income": "Income account"}),
        AccountingSystem("ledger_csv", "Ledger CSV", "A file.", {"item": "Products"}, frozenset({"item"}), write=_file),
    ]  # fmt: skip


@hookimpl
def list_connections(ctx: CallContext, provider: str) -> list[Connection]:
    state = "connected" if STATE["connected"] else "withdrawn"
    account = str(STATE["account"])
    return [Connection(CONNECTION, "ledger", "production", account, WORLD[account].name, state)] if provider == "ledger" else []


@hookimpl
def withdraw_connection(ctx: CallContext, connection_id: UUID, detail: str) -> Connection:
    STATE["withdrawn"] = detail
    [connection] = list_connections(ctx, "ledger")
    return connection._replace(state="withdrawn")


@hookimpl
def open_connection(ctx: CallContext, connection_id: UUID, refused: str = "") -> Access:
    if not STATE["connected"]:
        raise ConsentWithdrawn("Disconnected.")
    if refused == STATE["token"]:
        STATE["token"] = "fresh"
    account = str(STATE["account"])
    return Access(connection_id, "ledger", "production", account, WORLD[account].name, str(STATE["token"]),
                  ctx.now() + timedelta(hours=1))  # fmt: skip
