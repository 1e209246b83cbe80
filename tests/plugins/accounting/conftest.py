"""Acme with books to deliver to, and three services that are sold."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from kernel.app import Kernel, create_app
from kernel.context import Actor
from kernel.jobs.work import drain
from kernel.plugins import Plugins
from kernel.tenancy import TenantPlugin
from plugins.accounting import batches, mapping, targets
from plugins.accounting.models import ExportDocument, Outgoing
from tests.audit.closing import auditor, books_are_right_at_the_end, pytest_configure
from tests.conftest import World
from tests.plugins.accounting import ledger_room
from tests.plugins.accounting.ledger_room.books import WORLD, Books
from tests.plugins.accounting.ledger_room.hooks import CONNECTION, STATE
from tests.plugins.billing.invoice_desk import final, item, lay_out_taxes, line, taxed_client

__all__ = ["auditor", "books_are_right_at_the_end", "pytest_configure"]


@dataclass
class Desk:
    """Carol's desk: the world, the target of Ledger Online, a client and items."""

    world: World
    books: Books
    target_id: UUID
    client_id: UUID
    items: dict[str, UUID]

    def call(self, who: Any = "carol") -> Any:
        return self.world.call(who)

    def invoice(self, *rates: int, item: str = "Support", client_id: UUID | None = None, **facts: Any) -> UUID:
        """A final invoice with a line for each rate."""
        with self.call(Actor.system()) as ctx:
            lines = [line(rate=one, item_id=self.items[item]) for one in rates or (10000,)]
            return final(ctx, client_id or self.client_id, *lines, **facts).id

    def target(self, **changes: Any) -> None:
        with self.call() as ctx:
            targets.change_target(ctx, self.target_id, changes)

    def map(self, kind: str, key: str, theirs: str) -> None:
        with self.call() as ctx:
            mapping.set_mapping(ctx, targets.get_target(ctx, self.target_id), kind, key, theirs)

    def batch(self, **filters: Any) -> UUID:
        with self.call() as ctx:
            return batches.create_batch(ctx, self.target_id, **filters).id

    def deliver(self, batch_id: UUID) -> None:
        with self.call() as ctx:
            batches.deliver_batch(ctx, batch_id)
        self.drain()

    def drain(self) -> None:
        drain(self.world.kernel, self.world.tenant_id)

    def states(self) -> dict[str, str]:
        """The state of each document by its number."""
        with self.call() as ctx:
            rows = ctx.session.scalars(select(ExportDocument).order_by(ExportDocument.id))
            return {one.number: one.code or one.state for one in rows}

    def work(self, kind: str) -> list[tuple[str, str]]:
        """State and code of outgoing work of a kind."""
        with self.call() as ctx:
            rows = ctx.session.scalars(select(Outgoing).where(Outgoing.kind == kind).order_by(Outgoing.id))
            return [(one.state, one.code) for one in rows]


@pytest.fixture(scope="session")
def _with_ledgers(_shared_kernel: Kernel) -> tuple[Kernel, Flask]:
    """A kernel that has the room of ledgers as well, and its application."""
    packages = [importlib.import_module(one.package) for one in _shared_kernel.plugins.installed.values()]
    plugins = Plugins([*packages, ledger_room])
    plugins.register_hooks()
    kernel = replace(_shared_kernel, plugins=plugins)
    return kernel, create_app(kernel)


@pytest.fixture
def house(acme: World, _with_ledgers: tuple[Kernel, Flask]) -> World:
    """Acme with the room of ledgers in place of the room of connections."""
    kernel, app = _with_ledgers
    with acme.call(Actor.system()) as ctx:
        for row in ctx.session.scalars(select(TenantPlugin).where(TenantPlugin.plugin.in_(["connections"]))):
            row.enabled = False
        ctx.session.add(TenantPlugin(plugin="ledger_room", enabled=True, offered=[]))
    return replace(acme, kernel=kernel, app=app)


@pytest.fixture
def desk(house: World) -> Desk:
    """Carol has connected Ledger Online, which knows VAT and has one product."""
    WORLD.clear()
    books = WORLD["4711"] = Books()
    STATE.update(connected=True, token="fresh", account="4711")
    with house.call(Actor.system()) as ctx:
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
        items = {name: item(ctx, name, EUR=10000) for name in ("Support", "Backup", "Seats")}
    with house.call("carol") as ctx:
        made = targets.add_target(ctx, system="ledger", starts_on=date(2026, 1, 1), connection_id=CONNECTION, provision=True)
        mapping.set_mapping(ctx, made, "item", str(items["Support"]), "S1", "Services")
        mapping.set_mapping(ctx, made, "tax", "AT S 20", "20")
    return Desk(house, books, made.id, client_id, items)
