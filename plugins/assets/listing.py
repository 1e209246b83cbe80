"""Lists of assets: for REST, pages, exports, the palette and other rooms' pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select

from kernel.api.listing import Page, every_row, paginate
from kernel.context import CallContext
from kernel.directory.models import Client, Location
from plugins.assets.models import Asset

WARNING_DAYS = 60
_SORTABLE = {
    "name": Asset.name_key,
    "tag": Asset.tag_key,
    "warranty_ends_on": Asset.warranty_ends_on,
    "created_at": Asset.created_at,
    "updated_at": Asset.updated_at,
}
_ROWS: Select[Any] = (
    select(
        Asset.id, Asset.tag, Asset.name, Asset.asset_type, Asset.status, Asset.serial_number, Asset.client_id,
        Client.name.label("client_name"), Asset.location_id, Location.name.label("location_name"), Asset.contact_id,
        Asset.purchased_on, Asset.warranty_ends_on, Asset.created_at, Asset.updated_at,
    )
    .join(Client, (Client.tenant_id == Asset.tenant_id) & (Client.id == Asset.client_id))
    .outerjoin(Location, (Location.tenant_id == Asset.tenant_id) & (Location.id == Asset.location_id))
)  # fmt: skip


def list_assets(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of assets with the names of client and location; `q` narrows by name, tag or serial number."""
    wanted = dict(query)
    text = wanted.pop("q", "")
    return paginate(ctx, _holding(_ROWS, text), wanted, sortable=_SORTABLE, default="name")


def every_asset(ctx: CallContext, query: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All assets of a list, page by page; for exports."""
    return every_row(lambda wanted: list_assets(ctx, wanted), query)


def _holding(rows: Select[Any], text: str) -> Select[Any]:
    wanted = text.strip().lower()
    if not wanted:
        return rows
    places = (Asset.name_key, Asset.tag_key, func.lower(func.coalesce(Asset.serial_number, "")))
    return rows.where(or_(*(func.strpos(place, wanted) > 0 for place in places)))


def find_assets(ctx: CallContext, text: str, limit: int = 8, client_id: UUID | None = None) -> list[Mapping[str, Any]]:
    """Assets not retired that the text may mean, by name."""
    found = _holding(_ROWS, text).where(Asset.status != "retired").order_by(Asset.name_key, Asset.id).limit(limit)
    if client_id is not None:
        found = found.where(Asset.client_id == client_id)
    return [dict(row) for row in ctx.session.execute(found).mappings()]


def ending_warranties(ctx: CallContext, limit: int = 6) -> tuple[int, Sequence[Mapping[str, Any]]]:
    """How many warranties of active assets end within WARNING_DAYS, and the first of them."""
    today = ctx.today()
    soon = (Asset.status == "active", Asset.warranty_ends_on.between(today, today + timedelta(days=WARNING_DAYS)))
    count = ctx.session.scalar(select(func.count()).select_from(Asset).where(*soon)) or 0
    first = _ROWS.where(*soon).order_by(Asset.warranty_ends_on, Asset.id).limit(limit)
    return count, [dict(row) for row in ctx.session.execute(first).mappings()]
