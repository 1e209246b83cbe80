"""An item of the catalog, laid out for the house rules."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from kernel.context import CallContext
from plugins.catalog.services import add_item


def furnish(ctx: CallContext, there: Mapping[str, UUID]) -> dict[str, UUID]:
    """A service with a price in the tenant's currency."""
    prices = [{"currency": ctx.tenant.currency, "amount": 9600}]
    item = add_item(ctx, name="Remote support", kind="service", tax_category="standard", prices=prices)
    return {"item_id": item.id}
