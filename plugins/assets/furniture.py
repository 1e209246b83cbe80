"""A device of a client, laid out for the house rules."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from kernel.context import CallContext
from plugins.assets.services import add_asset, link_ticket

NEEDS = ("ticket_id",)


def furnish(ctx: CallContext, there: Mapping[str, UUID]) -> dict[str, UUID]:
    """A server with a ticket about it."""
    place = {name: there[name] for name in ("client_id", "location_id", "contact_id")}
    asset = add_asset(ctx, tag="SRV-1", name="File server", asset_type="server", **place)
    link_ticket(ctx, asset.id, there["ticket_id"])
    return {"asset_id": asset.id}
