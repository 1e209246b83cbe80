"""Lists of catalog items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Select, select

from kernel.api.listing import Page, every_row, paginate
from kernel.context import CallContext
from plugins.catalog.lookups import holds
from plugins.catalog.margins import margin
from plugins.catalog.models import Category, Item
from plugins.catalog.prices import prices_on, read_histories
from plugins.catalog.services import may_see_cost

_SORTABLE = {"name": Item.name_key, "sku": Item.sku_key, "updated_at": Item.updated_at}
_FILTERS = {"sku": Item.sku_key}
_ROWS: Select[Any] = select(
    Item.id, Item.name, Item.sku, Item.kind, Item.billing_method, Item.unit, Item.category_id, Category.name.label("category"),
    Item.tax_category, Item.vendor, Item.manufacturer, Item.part_number, Item.active, Item.updated_at,
).outerjoin(Category, (Category.tenant_id == Item.tenant_id) & (Category.id == Item.category_id))  # fmt: skip
_WITH_COST = _ROWS.add_columns(Item.cost, Item.cost_currency)


def list_items(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of items with today's prices; `q` narrows by name, SKU or part number."""
    return _with_prices(ctx, paginate(ctx, *_asked(_ROWS, query), sortable=_SORTABLE, default="name", filters=_FILTERS))


def list_offers(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of items with their primary price: that of the tenant's currency, else the first.

    Those who may see costs get `cost`, `cost_currency` and `margin` (percent of the price) as well.
    """
    costs = may_see_cost(ctx)
    rows = _WITH_COST if costs else _ROWS
    page = _with_prices(ctx, paginate(ctx, *_asked(rows, query), sortable=_SORTABLE, default="name", filters=_FILTERS))
    return Page([_offer(ctx.tenant.currency, row, costs=costs) for row in page.items], page.next_cursor)


def every_offer(ctx: CallContext, query: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All offers of a list, page by page; for exports."""
    return every_row(lambda wanted: list_offers(ctx, wanted), query)


def _asked(rows: Select[Any], query: Mapping[str, Any]) -> tuple[Select[Any], dict[str, Any]]:
    wanted = dict(query)
    if "sku" in wanted:
        wanted["sku"] = wanted["sku"].lower()
    if "sku__in" in wanted:
        wanted["sku__in"] = [one.lower() for one in wanted["sku__in"]]
    text = wanted.pop("q", "").strip().lower()
    return rows.where(holds(text)) if text else rows, wanted


def _with_prices(ctx: CallContext, page: Page) -> Page:
    histories, today = read_histories(ctx, [row["id"] for row in page.items]), ctx.today()
    rows = [{**row, "prices": prices_on(histories.get(row["id"], {}), today)} for row in page.items]
    return Page(rows, page.next_cursor)


def _offer(currency: str, row: Mapping[str, Any], *, costs: bool) -> dict[str, Any]:
    prices = row["prices"]
    primary = currency if currency in prices else next(iter(prices), None)
    offer = {**row, "currency": primary, "price": prices[primary] if primary else None}
    offer["others"] = [(code, amount) for code, amount in prices.items() if code != primary]
    if costs:
        comparable = prices.get(row["cost_currency"])
        offer["margin"] = None if row["cost"] is None or comparable is None else margin(comparable, row["cost"])
    return offer
