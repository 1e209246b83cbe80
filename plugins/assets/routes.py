"""REST of assets and their links to tickets."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.listing import Page
from kernel.api.rest import Rest
from kernel.context import CallContext
from plugins.assets import listing, schemas, services

rest = Rest("assets")
_ASSET = "/assets/<uuid:asset_id>"


@rest.get("/assets", permission="asset.read", query=schemas.AssetQuery, out=schemas.AssetPage)
def list_assets(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List assets"""
    return listing.list_assets(ctx, query)


@rest.post("/assets", permission="asset.create", body=schemas.AssetIn, out=schemas.AssetOut)
def add_asset(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Take an asset in"""
    return services.add_asset(ctx, **body)


@rest.get(_ASSET, permission="asset.read", out=schemas.AssetOut)
def get_asset(ctx: CallContext, asset_id: UUID) -> Any:
    """Read an asset"""
    return services.get_asset(ctx, asset_id)


@rest.patch(_ASSET, permission="asset.update", body=schemas.AssetPatch, out=schemas.AssetOut, if_match=True)
def change_asset(ctx: CallContext, asset_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Change an asset"""
    return services.change_asset(ctx, asset_id, body, version)


@rest.delete(_ASSET, permission="asset.delete")
def delete_asset(ctx: CallContext, asset_id: UUID) -> None:
    """Delete an asset that nothing refers to"""
    services.delete_asset(ctx, asset_id)


@rest.get(f"{_ASSET}/tickets", permission="asset.read", out=schemas.LinkList)
def list_links(ctx: CallContext, asset_id: UUID) -> Any:
    """List the tickets about an asset"""
    return {"items": services.tickets_of(ctx, services.get_asset(ctx, asset_id).id)}


@rest.post(f"{_ASSET}/tickets", permission="asset.update", body=schemas.LinkIn, out=schemas.LinkOut)
def link_ticket(ctx: CallContext, asset_id: UUID, body: dict[str, Any]) -> Any:
    """Link an asset to a ticket"""
    return services.link_ticket(ctx, asset_id, **body)


@rest.delete(f"{_ASSET}/tickets/<uuid:ticket_id>", permission="asset.update")
def unlink_ticket(ctx: CallContext, asset_id: UUID, ticket_id: UUID) -> None:
    """Take the link to a ticket away"""
    services.unlink_ticket(ctx, asset_id, ticket_id)
