"""The verbs of the assets room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from kernel import audit, events
from kernel.context import CallContext
from kernel.deletion import refuse_if_needed
from kernel.directory.clients import apply_changes, get_client, get_contact, get_location
from kernel.errors import InvalidInput
from kernel.hookspecs.directory import Blocker, Ref
from kernel.ids import uuid7
from plugins.assets.errors import AlreadyLinked, AssetNotFound, LinkNotFound, TagTaken, TicketUnknown
from plugins.assets.models import Asset, TicketLink


def get_asset(ctx: CallContext, asset_id: UUID) -> Asset:
    """One asset. Raises AssetNotFound, also for another tenant's."""
    asset = ctx.session.scalar(select(Asset).where(Asset.id == asset_id))
    if asset is None:
        raise AssetNotFound("There is no asset with this id.")
    return asset


def add_asset(ctx: CallContext, *, client_id: UUID, tag: str, name: str, **facts: Any) -> Asset:
    """Take an asset in. `facts`: location_id, contact_id, asset_type, serial_number, status, purchased_on,
    warranty_ends_on, notes.

    Raises TagTaken, and InvalidInput when the location or contact is another client's or the warranty ends too early.
    """
    get_client(ctx, client_id)
    _refuse_taken_tag(ctx, tag)
    asset = Asset(client_id=client_id, tag=tag.strip(), name=name.strip(), created_at=ctx.now(), **facts)
    _check(ctx, asset)
    ctx.session.add(asset)
    ctx.session.flush()
    audit.record(ctx, "asset.added", kind="asset", row_id=asset.id, label=_label(asset))
    events.publish(ctx, "asset.added", {"asset_id": asset.id, "client_id": client_id})
    return asset


def change_asset(ctx: CallContext, asset_id: UUID, changes: Mapping[str, Any], version: int | None = None) -> Asset:
    """Change an asset; with another client it needs that client's location and contact. Raises as `add_asset`."""
    asset = get_asset(ctx, asset_id)
    wanted = {name: value.strip() if name in ("tag", "name") else value for name, value in changes.items()}
    if "tag" in wanted:
        _refuse_taken_tag(ctx, wanted["tag"], but=asset_id)
    if "client_id" in wanted:
        get_client(ctx, wanted["client_id"])
    apply_changes(ctx, asset, wanted, version, kind="asset", label=_label(asset))
    _check(ctx, asset)
    events.publish(ctx, "asset.changed", {"asset_id": asset.id, "client_id": asset.client_id})
    return asset


def _refuse_taken_tag(ctx: CallContext, tag: str, but: UUID | None = None) -> None:
    owner = ctx.session.scalar(select(Asset.id).where(Asset.tag_key == func.lower(tag.strip())))
    if owner not in (None, but):
        raise TagTaken(f"Another asset has the tag {tag.strip()}.", errors={"tag": "Used by another asset."})


def _check(ctx: CallContext, asset: Asset) -> None:
    """Location and contact are the client's own; a warranty does not end before the purchase."""
    if asset.location_id and get_location(ctx, asset.location_id).client_id != asset.client_id:
        raise InvalidInput(errors={"location_id": "This location is another client's."})
    if asset.contact_id and get_contact(ctx, asset.contact_id).client_id != asset.client_id:
        raise InvalidInput(errors={"contact_id": "This contact is another client's."})
    if asset.purchased_on and asset.warranty_ends_on and asset.warranty_ends_on < asset.purchased_on:
        raise InvalidInput(errors={"warranty_ends_on": "The warranty would end before the purchase."})


def delete_asset(ctx: CallContext, asset_id: UUID) -> None:
    """Remove an asset that nothing refers to. Raises StillInUse; retiring is the alternative."""
    asset = get_asset(ctx, asset_id)
    ref = Ref("asset", asset_id)
    links = ctx.session.scalar(select(func.count()).where(TicketLink.asset_id == asset_id)) or 0
    own = [Blocker(ref, "ticket", links, f"{links} tickets")] if links else []
    refuse_if_needed(ctx, [ref], own, f"{_label(asset)} cannot be deleted.", ["retire"])
    ctx.session.delete(asset)
    audit.record(ctx, "asset.deleted", kind="asset", row_id=asset_id, label=_label(asset))


def link_ticket(ctx: CallContext, asset_id: UUID, ticket_id: UUID) -> TicketLink:
    """Note that a ticket is about an asset. Raises AssetNotFound, TicketUnknown, AlreadyLinked."""
    asset = get_asset(ctx, asset_id)
    require_ticket(ctx, ticket_id)
    row = {"tenant_id": ctx.tenant_id, "id": uuid7(), "asset_id": asset_id, "ticket_id": ticket_id, "created_at": ctx.now()}
    fresh = insert(TicketLink).values(row).on_conflict_do_nothing().returning(TicketLink.id)
    if ctx.session.scalar(fresh) is None:
        raise AlreadyLinked(f"{_label(asset)} is linked to this ticket already.")
    audit.record(ctx, "asset.linked", kind="asset", row_id=asset_id, label=_label(asset), changes={"ticket": str(ticket_id)})
    return ctx.session.scalars(select(TicketLink).where(TicketLink.id == row["id"])).one()


def unlink_ticket(ctx: CallContext, asset_id: UUID, ticket_id: UUID) -> None:
    """Take the link away. Raises AssetNotFound, LinkNotFound."""
    asset = get_asset(ctx, asset_id)
    gone = delete(TicketLink).where(TicketLink.asset_id == asset_id, TicketLink.ticket_id == ticket_id)
    if ctx.session.scalar(gone.returning(TicketLink.id)) is None:
        raise LinkNotFound
    audit.record(ctx, "asset.unlinked", kind="asset", row_id=asset_id, label=_label(asset), changes={"ticket": str(ticket_id)})


def require_ticket(ctx: CallContext, ticket_id: UUID) -> UUID:
    """The client of a ticket of whichever room keeps tickets. Raises TicketUnknown."""
    ref = Ref("ticket", ticket_id)
    for answer in ctx.hooks.get_work_items(ctx=ctx, refs=[ref]):
        if ref in answer:
            client_id: UUID = answer[ref].client_id
            return client_id
    raise TicketUnknown("There is no ticket with this id.", errors={"ticket_id": "Choose a ticket from the list."})


def tickets_of(ctx: CallContext, asset_id: UUID) -> list[TicketLink]:
    """The links of an asset, the newest first."""
    found = select(TicketLink).where(TicketLink.asset_id == asset_id).order_by(TicketLink.id.desc())
    return list(ctx.session.scalars(found))


def assets_of_ticket(ctx: CallContext, ticket_id: UUID) -> list[Asset]:
    """The assets that a ticket is about, by name."""
    found = select(Asset).join(TicketLink, TicketLink.asset_id == Asset.id).where(TicketLink.ticket_id == ticket_id)
    return list(ctx.session.scalars(found.order_by(Asset.name_key, Asset.id)))


def _label(asset: Asset) -> str:
    return f"{asset.tag} {asset.name}"
