"""Labels of catalog items, and palette entries for them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from kernel.context import CallContext
from kernel.hookspecs.accounting import Ours
from kernel.hookspecs.directory import Label, Ref
from kernel.hookspecs.screen import PaletteEntry, Panel
from plugins.catalog.categories import KIND as CATEGORY
from plugins.catalog.categories import name_categories
from plugins.catalog.lookups import describe_items, find_facts
from plugins.catalog.models import Category, Item
from plugins.catalog.services import KIND as ITEM


def describe(ctx: CallContext, refs: Sequence[Ref]) -> dict[Ref, Label]:
    """Names of items and categories."""
    items, shelves = ([ref.id for ref in refs if ref.kind == kind] for kind in (ITEM, CATEGORY))
    found = {
        Ref(ITEM, one): Label(name, f"/catalog/{one}") for one, name in (describe_items(ctx, items) if items else {}).items()
    }
    names = name_categories(ctx, shelves) if shelves else {}
    return found | {Ref(CATEGORY, one): Label(name, f"/catalog?category_id={one}") for one, name in names.items()}


def palette(ctx: CallContext, text: str) -> list[PaletteEntry]:
    """Items that the text may mean."""
    if len(text.strip()) < 2 or not ctx.actor.may("catalog.read"):
        return []
    return [PaletteEntry(one.name, f"/catalog/{one.id}", "Catalog") for one in find_facts(ctx, text, (), 6)]


def panels(ref: Ref) -> list[Panel]:
    """Of a client and of an item: the prices that were promised to clients."""
    addresses = {"client": "/catalog-client-prices/of-client/%s", ITEM: "/catalog-client-prices/of-item/%s"}
    if ref.kind not in addresses:
        return []
    return [Panel("Prices" if ref.kind == "client" else "Client prices", addresses[ref.kind] % ref.id, "catalog.read", 45)]


def ours(ctx: CallContext, kind: str) -> list[Ours]:
    """Active items, or categories, by name, for accounting systems."""
    if kind == "category":
        shelves = ctx.session.execute(select(Category.id, Category.name).order_by(Category.name_key))
        return [Ours(str(one.id), one.name, url=f"/catalog?category_id={one.id}") for one in shelves]
    if kind != "item":
        return []
    items = select(Item.id, Item.name, Item.category_id).where(Item.active).order_by(Item.name_key, Item.id)
    return [Ours(str(one.id), one.name, str(one.category_id or ""), f"/catalog/{one.id}") for one in ctx.session.execute(items)]
