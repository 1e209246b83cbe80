"""Lists of catalog items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import cast, func, select
from sqlalchemy.dialects.postgresql import JSONB

from kernel.api.listing import Page, paginate
from kernel.context import CallContext
from plugins.catalog.models import Item, Price

_SORTABLE = {"name": Item.name_key, "updated_at": Item.updated_at}


def list_items(ctx: CallContext, query: Mapping[str, Any], text: str = "") -> Page:
    """One page of items with their prices; `text` narrows by name or SKU."""
    prices = select(func.coalesce(func.jsonb_object_agg(Price.currency, Price.amount), cast("{}", JSONB))).where(
        Price.tenant_id == Item.tenant_id, Price.item_id == Item.id
    )
    rows = select(
        Item.id, Item.name, Item.sku, Item.kind, Item.billing_method, Item.unit, Item.category, Item.tax_category,
        Item.active, prices.scalar_subquery().label("prices"), Item.updated_at,
    )  # fmt: skip
    if wanted := text.strip().lower():
        rows = rows.where((func.strpos(Item.name_key, wanted) > 0) | (func.strpos(func.lower(Item.sku), wanted) > 0))
    return paginate(ctx, rows, query, sortable=_SORTABLE, default="name")
