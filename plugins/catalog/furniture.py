"""Items of the catalog, laid out for the house rules."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from kernel.context import CallContext
from plugins.catalog.categories import add_category
from plugins.catalog.services import add_item


def furnish(ctx: CallContext, there: Mapping[str, UUID]) -> dict[str, UUID]:
    """A service with a price in the tenant's currency, on a shelf; and an empty shelf."""
    prices = [{"currency": ctx.tenant.currency, "amount": 9600}]
    shelf, empty = add_category(ctx, name="Support"), add_category(ctx, name="Hardware")
    item = add_item(ctx, name="Remote support", kind="service", tax_category="standard", prices=prices, category_id=shelf.id)
    return {
        "item_id": item.id, "catalog-items/ids": item.id, "category_id": shelf.id,
        "DELETE catalog-categories/category_id": empty.id,
    }  # fmt: skip
