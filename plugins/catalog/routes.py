"""REST of the catalog."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.listing import Page
from kernel.api.rest import Rest
from kernel.context import CallContext
from plugins.catalog import categories, client_prices, listing, prices, schemas, services

rest = Rest("catalog")
_ITEM = "/catalog-items/<uuid:item_id>"
_CLIENT_PRICE = "/catalog-client-prices/<uuid:price_id>"
_CATEGORY = "/catalog-categories/<uuid:category_id>"


@rest.get("/catalog-items", permission="catalog.read", query=schemas.ItemQuery, out=schemas.ItemPage)
def list_items(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List catalog items"""
    return listing.list_items(ctx, query)


@rest.post("/catalog-items", permission="catalog.manage", body=schemas.ItemIn, out=schemas.ItemOut)
def add_item(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Add a catalog item"""
    return services.item_view(ctx, services.add_item(ctx, **body))


@rest.post("/catalog-items/switch", permission="catalog.manage", body=schemas.ItemIds, out=schemas.Switched, status=200)
def switch_items(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Let catalog items be sold, or no longer"""
    return {"changed": services.switch_items(ctx, body["ids"], active=body["active"])}


@rest.get(_ITEM, permission="catalog.read", out=schemas.ItemOut)
def get_item(ctx: CallContext, item_id: UUID) -> Any:
    """Read a catalog item"""
    return services.item_view(ctx, services.get_item(ctx, item_id))


@rest.patch(_ITEM, permission="catalog.manage", body=schemas.ItemPatch, out=schemas.ItemOut, if_match=True)
def change_item(ctx: CallContext, item_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Change a catalog item, its kind too"""
    return services.item_view(ctx, services.change_item(ctx, item_id, body, version))


@rest.delete(_ITEM, permission="catalog.manage")
def delete_item(ctx: CallContext, item_id: UUID) -> None:
    """Delete a catalog item that nothing refers to"""
    services.delete_item(ctx, item_id)


@rest.get(f"{_ITEM}/prices", permission="catalog.read", out=schemas.PriceList)
def list_prices(ctx: CallContext, item_id: UUID) -> Any:
    """List an item's prices, the past and coming ones too"""
    services.get_item(ctx, item_id)
    return {"items": prices.list_prices(ctx, item_id)}


@rest.put(f"{_ITEM}/prices", permission="catalog.manage", body=schemas.PricesIn, out=schemas.PriceList)
def set_prices(ctx: CallContext, item_id: UUID, body: dict[str, Any]) -> Any:
    """Replace an item's prices"""
    return {"items": prices.set_prices(ctx, services.get_item(ctx, item_id), body["prices"])}


@rest.post(f"{_ITEM}/prices", permission="catalog.manage", body=schemas.PriceIn, out=schemas.PriceList)
def add_price(ctx: CallContext, item_id: UUID, body: dict[str, Any]) -> Any:
    """Give an item another price from a day on; what was done before keeps the earlier one"""
    return {"items": prices.add_price(ctx, services.get_item(ctx, item_id), **body)}


@rest.get("/catalog-categories", permission="catalog.read", out=schemas.CategoryList)
def list_categories(ctx: CallContext) -> Any:
    """List the categories of the catalog"""
    return {"items": categories.list_categories(ctx)}


@rest.post("/catalog-categories", permission="catalog.manage", body=schemas.CategoryIn, out=schemas.CategoryOut)
def add_category(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Add a category"""
    return categories.add_category(ctx, **body)


@rest.get(_CATEGORY, permission="catalog.read", out=schemas.CategoryOut)
def get_category(ctx: CallContext, category_id: UUID) -> Any:
    """Read a category"""
    return categories.get_category(ctx, category_id)


@rest.patch(_CATEGORY, permission="catalog.manage", body=schemas.CategoryIn, out=schemas.CategoryOut, if_match=True)
def change_category(ctx: CallContext, category_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Rename a category"""
    return categories.change_category(ctx, category_id, body, version)


@rest.delete(_CATEGORY, permission="catalog.manage")
def delete_category(ctx: CallContext, category_id: UUID) -> None:
    """Delete a category without items"""
    categories.delete_category(ctx, category_id)


@rest.get("/catalog-client-prices", permission="catalog.read", query=schemas.ClientPriceQuery, out=schemas.ClientPricePage)
def list_client_prices(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List what single clients pay"""
    return client_prices.list_client_prices(ctx, query)


@rest.post("/catalog-client-prices", permission="catalog.manage", body=schemas.ClientPriceIn, out=schemas.ClientPriceOut)
def add_client_price(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Let a client pay another price for an item"""
    return client_prices.add_client_price(ctx, **body)


@rest.get(_CLIENT_PRICE, permission="catalog.read", out=schemas.ClientPriceOut)
def get_client_price(ctx: CallContext, price_id: UUID) -> Any:
    """Read a client's price"""
    return client_prices.get_client_price(ctx, price_id)


@rest.patch(_CLIENT_PRICE, permission="catalog.manage", body=schemas.ClientPricePatch, out=schemas.ClientPriceOut, if_match=True)
def change_client_price(ctx: CallContext, price_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Change a client's price"""
    return client_prices.change_client_price(ctx, price_id, body, version)


@rest.delete(_CLIENT_PRICE, permission="catalog.manage")
def delete_client_price(ctx: CallContext, price_id: UUID) -> None:
    """Take a client's price back"""
    client_prices.delete_client_price(ctx, price_id)
