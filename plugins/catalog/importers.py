"""Catalog items and prices from files."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from kernel.context import CallContext
from kernel.db import upsert
from kernel.hookspecs.transfer import Column, Importer, ImportRow, Resolver, RowError
from plugins.catalog.models import Item, Price


def load_items(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Items; an SKU belongs to one item only."""
    ids = resolver.claim("catalog_item", [row.external_id for row in rows])
    skus = [row.values["sku"] for row in rows if row.values["sku"]]
    owners = dict(ctx.session.execute(select(Item.sku, Item.id).where(Item.sku.in_(skus))).all())
    wrong = [RowError(row.line, "sku", f"{row.values['sku']} is another item's SKU.") for row in rows
             if owners.get(row.values["sku"], ids[row.external_id]) != ids[row.external_id]]  # fmt: skip
    wrong += [RowError(row.line, "license_term", "Only a license has a term.")
              for row in rows if row.values["license_term"] and row.values["kind"] != "license"]  # fmt: skip
    if not wrong:
        upsert(ctx.session, Item, [
            {"id": ids[row.external_id], "name": row.values["name"], "sku": row.values["sku"], "kind": row.values["kind"],
             "billing_method": row.values["billing_method"], "unit": row.values["unit"] or "each",
             "category": row.values["category"], "tax_category": row.values["tax_category"],
             "license_term": row.values["license_term"], "description": row.values["description"] or "",
             "active": row.values["active"] is not False}
            for row in rows
        ])  # fmt: skip
    return wrong


def load_prices(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Prices: one for each item and currency; a later row of the same takes the earlier one's place."""
    wanted = {row.values["item"] for row in rows}
    known = {(one.item_id, one.currency): one.id for one in ctx.session.scalars(select(Price).where(Price.item_id.in_(wanted)))}
    externals = [row.external_id for row in rows]
    remembered = resolver.resolve("catalog_price", externals)
    resolver.remember("catalog_price", {
        row.external_id: known[row.values["item"], row.values["currency"]] for row in rows
        if row.external_id not in remembered and (row.values["item"], row.values["currency"]) in known
    })  # fmt: skip
    ids = resolver.claim("catalog_price", externals)
    upsert(ctx.session, Price, [
        {"id": ids[row.external_id], "item_id": row.values["item"], "currency": row.values["currency"],
         "amount": row.values["unit_price"]}
        for row in rows
    ])  # fmt: skip
    return []


IMPORTERS = (
    Importer("catalog_item", "catalog_items.csv", 60, (
        Column("name", required=True, max_length=255),
        Column("kind", "enum", required=True, choices=("service", "product", "license")),
        Column("billing_method", "enum", required=True, choices=("fixed", "hourly", "usage", "per_unit")),
        Column("category"), Column("unit"), Column("sku"),
        Column("tax_category", "enum", required=True, choices=("standard", "reduced", "exempt")),
        Column("license_term", "enum", choices=("monthly", "annual", "perpetual")),
        Column("description"), Column("active", "boolean"),
    ), load_items, "Catalog items"),
    Importer("catalog_price", "catalog_prices.csv", 70, (
        Column("item", "reference", required=True, refers_to="catalog_item"),
        Column("currency", "currency", required=True), Column("unit_price", "money", required=True),
    ), load_prices, "Catalog prices"),
)  # fmt: skip
