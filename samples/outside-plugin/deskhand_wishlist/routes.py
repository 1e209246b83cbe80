"""REST: parse → one service call → dump."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from deskhand_wishlist import schemas, services
from kernel.api.listing import Page
from kernel.api.rest import Rest
from kernel.context import CallContext

rest = Rest("wishlist")
_ENTRY = "/wishlist-entries/<uuid:entry_id>"


@rest.get("/wishlist-entries", permission="wishlist.read", query=schemas.EntryQuery, out=schemas.EntryPage)
def list_entries(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List entries"""
    return services.list_entries(ctx, query)


@rest.post("/wishlist-entries", permission="wishlist.manage", body=schemas.EntryIn, out=schemas.EntryOut)
def add_entry(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Add an entry"""
    return services.add_entry(ctx, **body)


@rest.get(_ENTRY, permission="wishlist.read", out=schemas.EntryOut)
def get_entry(ctx: CallContext, entry_id: UUID) -> Any:
    """Read an entry"""
    return services.get_entry(ctx, entry_id)


@rest.patch(_ENTRY, permission="wishlist.manage", body=schemas.EntryPatch, out=schemas.EntryOut, if_match=True)
def change_entry(ctx: CallContext, entry_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Change an entry"""
    return services.change_entry(ctx, entry_id, body, version)


@rest.delete(_ENTRY, permission="wishlist.manage")
def delete_entry(ctx: CallContext, entry_id: UUID) -> None:
    """Delete an entry"""
    services.delete_entry(ctx, entry_id)
