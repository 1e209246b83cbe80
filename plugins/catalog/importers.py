"""Catalog items, their prices and what single clients pay, from files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kernel.context import CallContext
from kernel.db import upsert
from kernel.hookspecs.transfer import Column, Importer, ImportRow, Resolver, RowError
from plugins.catalog.categories import meet_categories
from plugins.catalog.models import ClientPrice, Item, Price
from plugins.catalog.services import sku_required

_KEPT = ("license_cadence", "vendor", "manufacturer", "part_number", "cost", "cost_currency", "default_quantity")
"""What an empty cell leaves as it was: other systems seldom know it."""
_NEGATIVE = "An amount is not below zero."


def load_items(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Items; an SKU belongs to one item only. Categories are met by name and put up where they are missing."""
    ids = resolver.claim("catalog_item", [row.external_id for row in rows])
    wrong = [error for row in rows for error in _fact_errors(row)] + list(_sku_errors(ctx, rows, ids))
    if not wrong:
        names = [row.values["category"] for row in rows if (row.values["category"] or "").strip()]
        shelves = meet_categories(ctx, names)
        present = {one.id: one for one in ctx.session.scalars(select(Item).where(Item.id.in_(ids.values())))}
        upsert(ctx.session, Item, [
            {"id": ids[row.external_id], "name": row.values["name"], "sku": row.values["sku"], "kind": row.values["kind"],
             "billing_method": row.values["billing_method"], "unit": row.values["unit"] or "each",
             "category_id": shelves.get(row.values["category"]), "tax_category": row.values["tax_category"],
             "license_term": row.values["license_term"], "description": row.values["description"] or "",
             "active": row.values["active"] is not False, **_kept(row, present.get(ids[row.external_id]))}
            for row in rows
        ])  # fmt: skip
    return wrong


def _kept(row: ImportRow, present: Item | None) -> dict[str, Any]:
    given = {name: row.values[name] for name in _KEPT}
    if given["cost"] is None:
        given["cost_currency"] = None
    whole = {name: getattr(present, name, None) if value is None else value for name, value in given.items()}
    if row.values["kind"] != "license":
        whole["license_cadence"] = None
    return whole | {"default_quantity": whole["default_quantity"] or Decimal(1)}


def _fact_errors(row: ImportRow) -> Iterator[RowError]:
    for name, words in (("license_term", "Only a license has a term."), ("license_cadence", "Only a license has a cadence.")):
        if row.values[name] and row.values["kind"] != "license":
            yield RowError(row.line, name, words)
    if (row.values["cost"] or 0) < 0:
        yield RowError(row.line, "cost", _NEGATIVE)
    quantity = row.values["default_quantity"]
    if quantity is not None and not 0 < round(quantity, 4) < 10**9:
        yield RowError(row.line, "default_quantity", "Give more than zero, with at most four decimals.")


def _sku_errors(ctx: CallContext, rows: Sequence[ImportRow], ids: Mapping[str, UUID]) -> Iterator[RowError]:
    keys = [row.values["sku"].lower() for row in rows if row.values["sku"]]
    found = select(Item.sku_key, Item.id).where(Item.sku_key.in_(keys))
    owners: dict[str, UUID] = dict(ctx.session.execute(found).all())
    needed = {kind: sku_required(ctx, kind) for kind in {row.values["kind"] for row in rows}}
    for row in rows:
        mine, sku = ids[row.external_id], row.values["sku"]
        if sku and owners.setdefault(sku.lower(), mine) != mine:
            yield RowError(row.line, "sku", f"{sku} is another item's SKU.")
        if not sku and needed[row.values["kind"]]:
            yield RowError(row.line, "sku", "Products and licenses need an SKU here.")


def load_prices(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Prices: one for each item, currency and first day; a later row of the same takes the earlier one's place."""
    wanted = {row.values["item"] for row in rows}
    known = {(one.item_id, one.currency, one.start_on): one.id
             for one in ctx.session.scalars(select(Price).where(Price.item_id.in_(wanted)))}  # fmt: skip
    externals = [row.external_id for row in rows]
    remembered = resolver.resolve("catalog_price", externals)
    resolver.remember("catalog_price", {
        row.external_id: known[_price_key(row)] for row in rows
        if row.external_id not in remembered and _price_key(row) in known
    })  # fmt: skip
    ids = resolver.claim("catalog_price", externals)
    wrong = [RowError(row.line, "valid_from", "The item has a price in this currency from this day already.") for row in rows
             if known.setdefault(_price_key(row), ids[row.external_id]) != ids[row.external_id]]  # fmt: skip
    wrong += [RowError(row.line, "unit_price", _NEGATIVE) for row in rows if row.values["unit_price"] < 0]
    if not wrong:
        upsert(ctx.session, Price, [
            {"id": ids[row.external_id], "item_id": row.values["item"], "currency": row.values["currency"],
             "start_on": row.values["valid_from"], "amount": row.values["unit_price"]}
            for row in rows
        ])  # fmt: skip
    return wrong


def _price_key(row: ImportRow) -> tuple[UUID, str, date | None]:
    return row.values["item"], row.values["currency"], row.values["valid_from"]


def load_client_prices(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Prices of single clients: one for each client, item, currency and first day."""
    ids = resolver.claim("client_price", [row.external_id for row in rows])
    wanted = {row.values["client"] for row in rows}
    present = ctx.session.scalars(select(ClientPrice).where(ClientPrice.client_id.in_(wanted)))
    known = {(one.client_id, one.item_id, one.currency, one.start_on): one.id for one in present}
    wrong = [error for row in rows for error in _client_price_errors(row, ids[row.external_id], known)]
    if not wrong:
        upsert(ctx.session, ClientPrice, [
            {"id": ids[row.external_id], "client_id": row.values["client"], "item_id": row.values["item"],
             "currency": row.values["currency"], "amount": row.values["unit_price"], "start_on": row.values["start_date"],
             "end_on": row.values["end_date"], "note": row.values["note"] or ""}
            for row in rows
        ])  # fmt: skip
    return wrong


def _client_price_errors(row: ImportRow, mine: UUID, known: dict[tuple[UUID, UUID, str, date], UUID]) -> Iterator[RowError]:
    values = row.values
    if values["end_date"] is not None and values["end_date"] < values["start_date"]:
        yield RowError(row.line, "end_date", "The last day is before the first.")
    if values["unit_price"] < 0:
        yield RowError(row.line, "unit_price", _NEGATIVE)
    if known.setdefault((values["client"], values["item"], values["currency"], values["start_date"]), mine) != mine:
        yield RowError(row.line, "start_date", "The client has a price for this item in this currency from this day already.")


IMPORTERS = (
    Importer("catalog_item", "catalog_items.csv", 60, (
        Column("name", required=True, max_length=255),
        Column("kind", "enum", required=True, choices=("service", "product", "license")),
        Column("billing_method", "enum", required=True, choices=("fixed", "hourly", "usage", "per_unit")),
        Column("category", max_length=100), Column("unit", max_length=40), Column("sku", max_length=100),
        Column("tax_category", "enum", required=True, choices=("standard", "reduced", "exempt")),
        Column("license_term", "enum", choices=("monthly", "annual", "perpetual")),
        Column("license_cadence", "enum", choices=("monthly", "annual")),
        Column("vendor", max_length=200), Column("manufacturer", max_length=200), Column("part_number", max_length=100),
        Column("cost_currency", "currency"), Column("cost", "money", currency_column="cost_currency"),
        Column("default_quantity", "decimal"), Column("description"), Column("active", "boolean"),
    ), load_items, "Catalog items"),
    Importer("catalog_price", "catalog_prices.csv", 70, (
        Column("item", "reference", required=True, refers_to="catalog_item"),
        Column("currency", "currency", required=True), Column("unit_price", "money", required=True),
        Column("valid_from", "date"),
    ), load_prices, "Catalog prices"),
    Importer("client_price", "client_prices.csv", 84, (
        Column("client", "reference", required=True, refers_to="client"),
        Column("item", "reference", required=True, refers_to="catalog_item"),
        Column("currency", "currency", required=True), Column("unit_price", "money", required=True),
        Column("start_date", "date", required=True), Column("end_date", "date"), Column("note", max_length=500),
    ), load_client_prices, "Prices of clients"),
)  # fmt: skip
