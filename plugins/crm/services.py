"""What only this room does with clients: set them aside with their contacts, and remove what nothing refers to."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import delete, select, update

from kernel import audit
from kernel.deletion import refuse_if_needed
from kernel.directory.clients import change_client, get_client, get_contact, get_location
from kernel.directory.models import Client, Contact
from kernel.hookspecs.directory import Blocker, Ref

if TYPE_CHECKING:
    from kernel.context import CallContext


def deactivate_client(ctx: CallContext, client_id: UUID) -> Client:
    """Set a client and all its contacts inactive; nothing is lost."""
    client = change_client(ctx, client_id, {"status": "inactive"})
    ctx.session.execute(update(Contact).where(Contact.client_id == client_id).values(active=False))
    return client


def reactivate_client(ctx: CallContext, client_id: UUID, *, contacts: bool = False) -> Client:
    """Set a client active again, its contacts too if asked."""
    client = change_client(ctx, client_id, {"status": "active"})
    if contacts:
        ctx.session.execute(update(Contact).where(Contact.client_id == client_id).values(active=True))
    return client


def delete_client(ctx: CallContext, client_id: UUID) -> None:
    """Remove a client that nothing refers to. Raises StillInUse with what is in the way."""
    client = get_client(ctx, client_id)
    ref = Ref("client", client_id)
    own = _contact_blockers(ctx, ref)
    refuse_if_needed(ctx, [ref], own, f"{client.name} cannot be deleted.", ["deactivate"])
    audit.record(ctx, "client.deleted", kind="client", row_id=client_id, label=client.name)
    ctx.session.delete(client)


def _contact_blockers(ctx: CallContext, ref: Ref) -> list[Blocker]:
    count = len(ctx.session.scalars(select(Contact.id).where(Contact.client_id == ref.id)).all())
    return [Blocker(ref, "contact", count, f"{count} contacts")] if count else []


def delete_location(ctx: CallContext, location_id: UUID) -> None:
    """Remove a location that nothing refers to."""
    location = get_location(ctx, location_id)
    refuse_if_needed(ctx, [Ref("location", location_id)], [], f"{location.name} cannot be deleted.", [])
    audit.record(ctx, "location.deleted", kind="location", row_id=location_id, label=location.name)
    ctx.session.delete(location)


def delete_contact(ctx: CallContext, contact_id: UUID) -> None:
    """Remove a contact that nothing refers to. Raises StillInUse."""
    contact = get_contact(ctx, contact_id)
    refuse_if_needed(ctx, [Ref("contact", contact_id)], [], f"{contact.name} cannot be deleted.", ["deactivate"])
    audit.record(ctx, "contact.deleted", kind="contact", row_id=contact_id, label=contact.name)
    ctx.session.execute(delete(Contact).where(Contact.id == contact_id))
