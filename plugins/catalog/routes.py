"""REST of the catalog."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.listing import Page
from kernel.api.rest import Rest
from kernel.context import CallContext
from plugins.catalog import listing, schemas, services

rest = Rest("catalog")
_ITEM = "/catalog-items/<uuid:item_id>"


@rest.get("/catalog-items", permission="catalog.read", query=schemas.ItemQuery, out=schemas.ItemPage)
def list_items(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List catalog items"""
    return listing.list_items(ctx, query)


@rest.post("/catalog-items", permission="catalog.manage", body=schemas.ItemIn, out=schemas.ItemOut)
def add_item(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Add a catalog item"""
    return services.add_item(ctx, **body)


@rest.get(_ITEM, permission="catalog.read", out=schemas.ItemOut)
def get_item(ctx: CallContext, item_id: UUID) -> Any:
    """Read a catalog item"""
    return services.get_item(ctx, item_id)


@rest.patch(_ITEM, permission="catalog.manage", body=schemas.ItemPatch, out=schemas.ItemOut, if_match=True)
def change_item(ctx: CallContext, item_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Change a catalog item"""
    return services.change_item(ctx, item_id, body, version)


@rest.delete(_ITEM, permission="catalog.manage")
def delete_item(ctx: CallContext, item_id: UUID) -> None:
    """Delete a catalog item that nothing refers to"""
    services.delete_item(ctx, item_id)


@rest.get(f"{_ITEM}/prices", permission="catalog.read", out=schemas.PriceList)
def list_prices(ctx: CallContext, item_id: UUID) -> Any:
    """List an item's prices"""
    services.get_item(ctx, item_id)
    return {"items": services.list_prices(ctx, item_id)}


@rest.put(f"{_ITEM}/prices", permission="catalog.manage", body=schemas.PricesIn, out=schemas.PriceList)
def set_prices(ctx: CallContext, item_id: UUID, body: dict[str, Any]) -> Any:
    """Replace an item's prices"""
    return {"items": services.set_prices(ctx, item_id, body["prices"])}
