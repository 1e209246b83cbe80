"""A small MSP for long histories: three clients with two tax systems and two currencies, and the deeds of a month."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

import psycopg

from house.tenant_copy import Pattern
from kernel.app import Kernel
from kernel.context import Actor, CallContext
from kernel.directory.clients import add_client
from kernel.directory.staff import add_user
from kernel.jobs.schedules import list_schedules, remove_schedule
from plugins.billing.contracts import services, usage_records
from plugins.catalog.services import add_item
from plugins.tax import services as taxes
from plugins.tickets import materials
from plugins.tickets.services import open_ticket
from plugins.timesheets import approval
from plugins.timesheets.services import log_time
from tests.ground import found

START = date(2024, 1, 1)
ITEMS = {
    "support": ("service", "hour", "standard", 9_000), "seat": ("product", "each", "standard", 1_250),
    "license": ("license", "each", "reduced", 799), "traffic": ("service", "GB", "standard", 33),
    "backup": ("service", "each", "standard", 4_999), "training": ("service", "hour", "exempt", 12_000),
}  # fmt: skip
KINDS = ("fixed", "bundle", "hourly", "usage", "tiers", "product", "license", "hours", "units")
CLIENTS = (("Hill & Sons", "EUR", "AT"), ("Boulangerie Québec", "EUR", "QC"), ("Sakura", "JPY", "AT"))


@dataclass(frozen=True)
class Msp:
    """A tenant with its catalog, clients (each with a ticket to work on), tax regions and a technician."""

    kernel: Kernel
    tenant_id: UUID
    items: dict[str, UUID]
    clients: list[UUID]
    tickets: dict[UUID, UUID]
    regions: dict[str, UUID]
    bob: Actor

    @contextmanager
    def call(self, actor: Actor | None = None) -> Iterator[CallContext]:
        """A transaction of this tenant."""
        with self.kernel.call(self.tenant_id, actor) as ctx:
            yield ctx


def open_msp(kernel: Kernel, slug: str) -> Msp:
    """Found it and lay out what the deeds need."""
    tenant_id = found(kernel, slug)
    with kernel.call(tenant_id) as ctx:
        for schedule in list_schedules(ctx):  # what they do is done by deeds; the auditor wants to see old events as well
            remove_schedule(ctx, schedule.id)
        regions = {"AT": _austria(ctx), "QC": _quebec(ctx)}
        items = {
            name: add_item(ctx, name=name, kind=kind, unit=unit, tax_category=tax,
                           prices=[{"currency": code, "amount": price} for code in ("EUR", "JPY")]).id
            for name, (kind, unit, tax, price) in ITEMS.items()
        }  # fmt: skip
        clients = [_client(ctx, name, currency, regions[region]) for name, currency, region in CLIENTS]
        tickets = {one: open_ticket(ctx, client_id=one, title="Everything").id for one in clients}
        bob = add_user(ctx, name="Bob", email=f"bob@{slug}.example", roles=["technician"])
    return Msp(kernel, tenant_id, items, clients, tickets, regions, Actor("user", bob.id, "Bob", frozenset({"*"})))


def copy_msp(msp: Msp, slug: str, admin: psycopg.Connection[Any]) -> Msp:
    """The same MSP once more, row by row: a fraction of the work of founding one."""
    return replace(msp, tenant_id=_pattern(admin, msp.tenant_id).copy(slug))


@cache
def _pattern(admin: psycopg.Connection[Any], tenant_id: UUID) -> Pattern:
    return Pattern(admin, tenant_id)


def _austria(ctx: CallContext) -> UUID:
    region_id = taxes.add_region(ctx, code="AT", name="Austria", country="AT").id
    for category, percent in (("standard", Decimal(20)), ("reduced", Decimal(10))):
        taxes.add_rate(ctx, region_id=region_id, category=category, name="VAT", percent=percent, starts=START)
    return region_id


def _quebec(ctx: CallContext) -> UUID:
    region_id = taxes.add_region(ctx, code="CA-QC", name="Québec", country="CA").id
    parts = [{"name": "GST", "percent": Decimal(5)}, {"name": "QST", "percent": Decimal("9.975"), "compound": True}]
    for category in ("standard", "reduced"):
        taxes.add_rate(ctx, region_id=region_id, category=category, name="Sales tax", starts=START, components=parts)
    return region_id


def _client(ctx: CallContext, name: str, currency: str, region_id: UUID) -> UUID:
    client_id = add_client(ctx, name=name, currency=currency).id
    taxes.set_client_facts(ctx, client_id, region_id=region_id)
    return client_id


def line_of(msp: Msp, kind: str, price: int, **terms: Any) -> dict[str, Any]:
    """A contract line of one of the KINDS; `price` in minor units, also decides quantities."""
    item = msp.items
    shapes: dict[str, dict[str, Any]] = {
        "fixed": {"kind": "fixed", "price": price},
        "bundle": {"kind": "fixed", "price": price, "items": [
            {"item_id": item["support"], "quantity": Decimal(2)}, {"item_id": item["license"], "quantity": Decimal(3)}]},
        "hourly": {"kind": "hourly", "hourly_rate": price, "minimum_minutes": 15, "round_up_minutes": 10},
        "usage": {"kind": "usage", "items": [{"item_id": item["traffic"], "minimum_quantity": Decimal(5)}]},
        "tiers": {"kind": "usage", "items": [{"item_id": item["backup"], "tiers": [
            {"from_quantity": Decimal(0), "to_quantity": Decimal(10), "unit_price": price},
            {"from_quantity": Decimal(10), "unit_price": price // 2}]}]},
        "product": {"kind": "product", "items": [{"item_id": item["seat"], "quantity": Decimal(price % 9 + 1)}]},
        "hours": {"kind": "bucket", "price": price if price % 3 else None, "bucket": {
            "included": Decimal(price % 5), "overage_rate": price, "covers_all": price % 2 == 0, "rollover": price % 7 < 3,
            "members": [{"item_id": item["support"], "multiplier": Decimal("1.5")}]}},
        "units": {"kind": "bucket", "price": price if price % 2 else None, "bucket": {
            "unit": "each", "included": Decimal(price % 40), "overage_rate": price % 500, "rollover": price % 3 == 0,
            "members": [{"item_id": item["backup"]}]}},
        "license": {"kind": "license", "items": [{"item_id": item["license"], "quantity": Decimal(price % 7 + 1)}]},
    }  # fmt: skip
    shape = shapes[kind]
    if shape["kind"] in ("hourly", "usage"):
        terms = {name: value for name, value in terms.items() if name not in ("timing", "prorate")}
    return {"name": kind.title(), **shape, **terms}


def sign(ctx: CallContext, client_id: UUID, start: date, *lines: dict[str, Any], **facts: Any) -> UUID:
    """A contract in force."""
    contract = services.create_contract(ctx, client_id=client_id, name="Care", start_on=start, lines=lines, status="active",
                                        **facts)  # fmt: skip
    return contract.id


def work(msp: Msp, client_id: UUID, began: datetime, minutes: int, *, item: str = "support", approved: bool = True) -> UUID:
    """Time of Bob, submitted, perhaps approved."""
    with msp.call(msp.bob) as ctx:
        entry_id = log_time(ctx, work_id=msp.tickets[client_id], item_id=msp.items[item], started_at=began,
                            ended_at=began + timedelta(minutes=minutes)).id  # fmt: skip
        approval.submit(ctx, [entry_id])
    if approved:
        with msp.call() as ctx:
            approval.approve(ctx, [entry_id])
    return entry_id


def morning(day: date, zone_hours: int = 8) -> datetime:
    """An instant of a day, early enough that it is that day in Berlin as well."""
    return datetime.combine(day, time(zone_hours), tzinfo=UTC)


def use(msp: Msp, ctx: CallContext, client_id: UUID, item: str, on: date, quantity: Decimal) -> None:
    """Something a client used."""
    usage_records.add_usage(ctx, client_id=client_id, item_id=msp.items[item], used_on=on, quantity=quantity)


def fit(msp: Msp, ctx: CallContext, client_id: UUID, on: date, quantity: Decimal, rate: int) -> None:
    """A product built in on a ticket."""
    materials.add_material(ctx, msp.tickets[client_id], item_id=msp.items["seat"], quantity=quantity, rate=rate, used_on=on)
