"""Items of the catalog and prices of clients, laid out for the house rules."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from kernel.context import CallContext
from plugins.catalog.categories import add_category
from plugins.catalog.client_prices import add_client_price
from plugins.catalog.services import add_item

NEEDS = ("client_id",)


def furnish(ctx: CallContext, there: Mapping[str, UUID]) -> dict[str, UUID]:
    """A service with a price in the tenant's currency, on a shelf; an empty shelf; and what the client pays for it."""
    prices = [{"currency": ctx.tenant.currency, "amount": 9600}]
    shelf, empty = add_category(ctx, name="Support"), add_category(ctx, name="Hardware")
    item = add_item(ctx, name="Remote support", kind="service", tax_category="standard", prices=prices, category_id=shelf.id)
    price = add_client_price(ctx, client_id=there["client_id"], item_id=item.id, amount=9000)
    return {
        "item_id": item.id, "catalog-items/ids": item.id, "category_id": shelf.id,
        "price_id": price.id, "DELETE catalog-categories/category_id": empty.id,
    }  # fmt: skip
