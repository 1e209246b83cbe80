"""Ground for soaks and benchmarks: a PostgreSQL of its own, MSPs with many like contracts, processes as they are in use."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from sqlalchemy.engine import make_url

from house.leftovers import make_folder, remove_folder
from house.stage import TEMPLATE
from kernel import jobs
from kernel.app import Kernel, build_kernel
from kernel.clock import Clock
from kernel.config import Settings
from kernel.context import CallContext
from kernel.db import TenantTable
from kernel.directory.clients import add_client
from kernel.founding import found_tenant
from kernel.ids import uuid7
from kernel.migrations.runner import upgrade
from kernel.plugins import Plugins
from local.postgres import DATABASE, EmbeddedPostgres
from plugins.billing import runs
from plugins.billing.models.contracts import Contract, ContractItem, ContractLine, UsageEntry
from plugins.catalog.services import add_item
from plugins.tax import services as taxes

ROOT = Path(__file__).parents[1]
YEAR = 2026
KINDS = ("fixed", "fixed", "fixed", "fixed", "product", "license", "usage", "usage")
"""The lines of each contract; the usage lines have two records a month."""


@contextmanager
def ground(*, durable: bool = False, clock: Clock | None = None, **changes: Any) -> Iterator[tuple[Kernel, EmbeddedPostgres]]:
    """A kernel on a database of its own, and the server; both are gone afterwards."""
    folder = make_folder("ground")
    postgres = EmbeddedPostgres(folder / "postgres", durable=durable)
    try:
        postgres.start()
        upgrade(postgres.owner_url, Plugins.discover())
        kernel = build_kernel(settings_on(postgres, folder, **changes), clock=clock)
        yield kernel, postgres
        kernel.db.dispose()
    finally:
        postgres.stop()
        remove_folder(folder)


@contextmanager
def ground_beside(postgres: EmbeddedPostgres, folder: Path, *, clock: Clock | None = None, **changes: Any) -> Iterator[Kernel]:
    """A kernel on a database of its own in the tests' server; the database is gone afterwards."""
    name = f"ground_{uuid7().hex}"
    postgres.create_database(name, template=TEMPLATE)
    kernel = build_kernel(settings_on(postgres, folder, name, **changes), clock=clock)
    try:
        yield kernel
    finally:
        kernel.db.dispose()
        postgres.drop_database(name)


def settings_on(postgres: EmbeddedPostgres, folder: Path, database: str = DATABASE, **changes: Any) -> Settings:
    """Settings of a process on a database of this server."""
    return Settings(
        data_dir=folder, database_url=postgres.app_url_for(database), owner_url=postgres.owner_url_for(database),
        queue_url=postgres.queue_url_for(database), public_url="http://localhost", log_level="ERROR",
        api_burst=10_000_000, **changes,
    )  # fmt: skip


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """The environment of a process that is to have these settings."""
    values = {f"DESKHAND_{one.name.upper()}": str(getattr(settings, one.name)) for one in fields(settings)}
    return {**os.environ, **values, **more}


@contextmanager
def process(settings: Settings, *command: str, quiet: bool = False, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process on these settings, such as `-m tests.soak.worker`; killed at the end if it still runs.

    `quiet` drops what it complains about, for those whose database is killed on purpose.
    """
    complaints = subprocess.DEVNULL if quiet else None
    child = subprocess.Popen([sys.executable, *command], env=environment(settings, **more), cwd=ROOT, stderr=complaints)
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def found(kernel: Kernel, slug: str) -> UUID:
    """An MSP in euros whose administrator is Alice."""
    return found_tenant(kernel, slug=slug, name=slug.title(), admin_email=f"alice@{slug}.example", admin_name="Alice",
                        admin_password="correct horse battery", zone="Europe/Berlin", currency="EUR")  # fmt: skip


def window(month: int) -> dict[str, Any]:
    """The window of a month's billing run."""
    end = date(YEAR + month // 12, month % 12 + 1, 1)
    return {"window_start": date(YEAR, month, 1), "window_end": end, "invoice_date": end}


def bill_month(kernel: Kernel, tenant_id: UUID, month: int) -> None:
    """A month's billing run in this process, from beginning to end, and what follows from it."""
    with kernel.call(tenant_id) as ctx:
        runs.start_run(ctx, **window(month))
    jobs.drain(kernel, tenant_id)


def connect(url: str) -> psycopg.Connection[Any]:
    """A connection of one role; each statement is a transaction of its own."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(address, autocommit=True)


def connect_owner(kernel: Kernel, tenant_id: UUID) -> psycopg.Connection[Any]:
    """A connection of the tables' owner, who sees the rows of one tenant."""
    database = connect(kernel.settings.owner_url)
    database.execute("select set_config('app.tenant_id', %s, false)", [str(tenant_id)])
    return database


def analyze(kernel: Kernel) -> None:
    """What autovacuum does within a minute or two of such work, now."""
    with connect(kernel.settings.owner_url) as database:
        database.execute("analyze")


def sign_contracts(ctx: CallContext, clients: int, months: int, seed: int = 1) -> list[UUID]:
    """Take on clients, each with two taxes, a contract of eight monthly lines since January, and usage of some months.

    What is agreed and used depends on the seed alone. Returns the clients.
    """
    random = Random(seed)
    return sign_more(ctx, random, lay_out_goods(ctx, random), clients, months)


class Goods(NamedTuple):
    """What is sold, and the region of those it is sold to."""

    region_id: UUID
    items: list[UUID]


def lay_out_goods(ctx: CallContext, random: Random) -> Goods:
    """Twenty items at random prices, with two taxes."""
    region_id = lay_out_taxes(ctx)
    return Goods(region_id, [_item(ctx, f"Item {number}", random.randint(100, 20_000)) for number in range(20)])


def sign_more(ctx: CallContext, random: Random, goods: Goods, clients: int, months: int, first: int = 0) -> list[UUID]:
    """`sign_contracts` for some more clients, numbered from `first`."""
    signed = [_client(ctx, goods.region_id, f"Client {number:05}") for number in range(first, first + clients)]
    agreed = [row for client_id in signed for row in _agreed(client_id, random, random.sample(goods.items, len(KINDS)), months)]
    for kind in (Contract, ContractLine, ContractItem, UsageEntry):
        ctx.session.add_all(row for row in agreed if isinstance(row, kind))
        ctx.session.flush()
    return signed


def lay_out_taxes(ctx: CallContext) -> UUID:
    """A region with two taxes on everything that is sold."""
    region = taxes.add_region(ctx, code="CA-QC", name="Québec", country="CA")
    parts = [{"name": "GST", "percent": Decimal(5)}, {"name": "QST", "percent": Decimal("9.975")}]
    taxes.add_rate(ctx, region_id=region.id, category="standard", name="Sales tax", starts=date(2020, 1, 1), components=parts)
    return region.id


def _item(ctx: CallContext, name: str, price: int) -> UUID:
    prices = [{"currency": "EUR", "amount": price}]
    return add_item(ctx, name=name, kind="service", unit="each", tax_category="standard", prices=prices).id


def _client(ctx: CallContext, region_id: UUID, name: str) -> UUID:
    client_id = add_client(ctx, name=name, currency="EUR").id
    taxes.set_client_facts(ctx, client_id, region_id=region_id)
    return client_id


def _agreed(client_id: UUID, random: Random, items: Sequence[UUID], months: int) -> Iterator[TenantTable]:
    contract = Contract(id=uuid7(), client_id=client_id, name="Care", currency="EUR", start_on=date(YEAR, 1, 1), status="active")
    yield contract
    for position, (kind, item_id) in enumerate(zip(KINDS, items, strict=True), 1):
        line = ContractLine(
            id=uuid7(), contract_id=contract.id, position=position, name=f"{kind.title()} {position}", kind=kind,
            timing="arrears" if kind == "usage" else "advance", price=random.randint(1_000, 90_000) if kind == "fixed" else None,
        )  # fmt: skip
        yield line
        yield ContractItem(line_id=line.id, item_id=item_id, quantity=Decimal(random.randint(1, 40)))
        if kind == "usage":
            yield from _usage(client_id, line.id, item_id, random, months)


def _usage(client_id: UUID, line_id: UUID, item_id: UUID, random: Random, months: int) -> list[UsageEntry]:
    return [
        UsageEntry(client_id=client_id, contract_line_id=line_id, item_id=item_id, used_on=date(YEAR, month, day),
                   quantity=Decimal(random.randint(1, 99_999)) / 100)
        for month in range(1, months + 1) for day in (5, 20)
    ]  # fmt: skip
