"""What other rooms and pickers ask of the catalog, each in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from kernel.context import CallContext
from kernel.hookspecs.pricing import ItemFacts, price_on
from plugins.catalog.client_prices import read_client_prices
from plugins.catalog.models import Item
from plugins.catalog.prices import prices_on, read_histories


def get_facts(ctx: CallContext, item_ids: Sequence[UUID]) -> dict[UUID, ItemFacts]:
    """What other rooms need to know of these items."""
    return {one.id: one for one in _facts(ctx, Item.id.in_(item_ids), len(item_ids))}


def find_facts(ctx: CallContext, text: str, kinds: Sequence[str], limit: int) -> list[ItemFacts]:
    """Active items whose name, SKU or part number holds the text; those that begin with it first."""
    wanted = text.strip().lower()
    condition = Item.active & (Item.kind.in_(kinds) if kinds else Item.kind.is_not(None))
    return _facts(ctx, condition & holds(wanted) if wanted else condition, limit, first=wanted)


def prices_for(ctx: CallContext, items: Sequence[ItemFacts], currency: str, client_id: UUID | None) -> dict[UUID, int | None]:
    """Today's price of each item in a currency, a client's own before the list's; None where there is none."""
    clients = [client_id] if client_id else []
    promised, today = read_client_prices(ctx, clients, [one.id for one in items]), ctx.today()
    own = {item_id: price_on(prices, today) for (_, item_id, code), prices in promised.items() if code == currency}
    return {one.id: one.prices.get(currency) if own.get(one.id) is None else own[one.id] for one in items}


def holds(wanted: str) -> ColumnElement[bool]:
    """Items that are meant by a text in lower case."""
    places = (Item.name_key, Item.sku_key, func.lower(Item.part_number))
    found = [func.strpos(place, wanted) > 0 for place in places]
    return found[0] | found[1] | found[2]


def describe_items(ctx: CallContext, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Names of items, in one query."""
    return dict(ctx.session.execute(select(Item.id, Item.name).where(Item.id.in_(ids))).all())


def _facts(ctx: CallContext, condition: Any, limit: int, first: str = "") -> list[ItemFacts]:
    found = (
        select(
            Item.id,
            Item.name,
            Item.sku,
            Item.kind,
            Item.unit,
            Item.tax_category,
            Item.active,
            Item.default_quantity,
            Item.category_id,
        )
        .where(condition)
        .order_by(func.strpos(Item.name_key, first) if first else Item.name_key, Item.name_key, Item.id)
        .limit(limit)
    )
    rows = ctx.session.execute(found).all()
    histories, today = read_histories(ctx, [row.id for row in rows]), ctx.today()
    return [
        ItemFacts(*row[:6], prices_on(histories.get(row.id, {}), today), *row[6:8], histories.get(row.id, {}), row.category_id)
        for row in rows
    ]
