"""Clients, their locations and contacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from kernel import audit, events
from kernel.context import CallContext
from kernel.directory.models import Client, Contact, Location
from kernel.errors import InvalidInput, NotFound, PreconditionFailed
from kernel.money import exponent


class ClientNotFound(NotFound):
    code = "client_not_found"
    title = "No such client"


class LocationNotFound(NotFound):
    code = "location_not_found"
    title = "No such location"


class ContactNotFound(NotFound):
    code = "contact_not_found"
    title = "No such contact"


def get_client(ctx: CallContext, client_id: UUID) -> Client:
    """One client. Raises ClientNotFound, also for another tenant's."""
    client = ctx.session.scalar(select(Client).where(Client.id == client_id))
    if client is None:
        raise ClientNotFound("There is no client with this id.")
    return client


def get_clients(ctx: CallContext, client_ids: Sequence[UUID]) -> dict[UUID, Client]:
    """The clients among these ids, in one query."""
    return {one.id: one for one in ctx.session.scalars(select(Client).where(Client.id.in_(client_ids)))}


def add_client(ctx: CallContext, *, name: str, currency: str | None = None, **fields: Any) -> Client:
    """Take a client on; the currency defaults to the tenant's."""
    client = Client(name=name, currency=currency or ctx.tenant.currency, **fields)
    _check_currency(client.currency)
    ctx.session.add(client)
    ctx.session.flush()
    audit.record(ctx, "client.added", kind="client", row_id=client.id, label=name)
    events.publish(ctx, "client.added", {"client_id": client.id})
    return client


def change_client(ctx: CallContext, client_id: UUID, changes: Mapping[str, Any], version: int | None = None) -> Client:
    """Change a client. Raises PreconditionFailed when it was changed since `version`."""
    client = get_client(ctx, client_id)
    if "currency" in changes:
        _check_currency(changes["currency"])
    apply_changes(ctx, client, changes, version, kind="client", label=client.name)
    events.publish(ctx, "client.changed", {"client_id": client.id})
    return client


def list_locations(ctx: CallContext, client_id: UUID) -> list[Location]:
    """A client's locations, the default one first."""
    order = (Location.is_default.desc(), Location.name, Location.id)
    return list(ctx.session.scalars(select(Location).where(Location.client_id == client_id).order_by(*order)))


def get_location(ctx: CallContext, location_id: UUID) -> Location:
    """One location. Raises LocationNotFound."""
    location = ctx.session.scalar(select(Location).where(Location.id == location_id))
    if location is None:
        raise LocationNotFound("There is no location with this id.")
    return location


def add_location(ctx: CallContext, *, client_id: UUID, name: str, country: str, is_default: bool = False,
                 **fields: Any) -> Location:  # fmt: skip
    """Add a location; the first one, or one that asks to be, is the client's default."""
    get_client(ctx, client_id)
    first = not list_locations(ctx, client_id)
    if is_default and not first:
        _clear_default(ctx, client_id)
    location = Location(client_id=client_id, name=name, country=country.upper(), is_default=is_default or first, **fields)
    ctx.session.add(location)
    ctx.session.flush()
    audit.record(ctx, "location.added", kind="location", row_id=location.id, label=name)
    return location


def change_location(ctx: CallContext, location_id: UUID, changes: Mapping[str, Any], version: int | None = None) -> Location:
    """Change a location; making it the default takes that from the one before."""
    location = get_location(ctx, location_id)
    if changes.get("is_default") and not location.is_default:
        _clear_default(ctx, location.client_id)
    apply_changes(ctx, location, changes, version, kind="location", label=location.name)
    return location


def _clear_default(ctx: CallContext, client_id: UUID) -> None:
    ctx.session.execute(update(Location).where(Location.client_id == client_id, Location.is_default).values(is_default=False))


def get_contact(ctx: CallContext, contact_id: UUID) -> Contact:
    """One contact. Raises ContactNotFound."""
    contact = ctx.session.scalar(select(Contact).where(Contact.id == contact_id))
    if contact is None:
        raise ContactNotFound("There is no contact with this id.")
    return contact


def list_contacts(ctx: CallContext, client_id: UUID) -> list[Contact]:
    """A client's contacts by name."""
    found = select(Contact).where(Contact.client_id == client_id).order_by(Contact.name_key, Contact.id)
    return list(ctx.session.scalars(found))


def add_contact(ctx: CallContext, *, client_id: UUID, name: str, **fields: Any) -> Contact:
    """Add a person at a client. Raises Conflict when the e-mail address is another contact's."""
    get_client(ctx, client_id)
    contact = Contact(client_id=client_id, name=name, **fields)
    ctx.session.add(contact)
    ctx.session.flush()
    audit.record(ctx, "contact.added", kind="contact", row_id=contact.id, label=name)
    return contact


def change_contact(ctx: CallContext, contact_id: UUID, changes: Mapping[str, Any], version: int | None = None) -> Contact:
    """Change a contact."""
    contact = get_contact(ctx, contact_id)
    if "client_id" in changes:
        get_client(ctx, changes["client_id"])
    apply_changes(ctx, contact, changes, version, kind="contact", label=contact.name)
    return contact


def apply_changes(ctx: CallContext, row: Any, changes: Mapping[str, Any], version: int | None, *, kind: str,
                  label: str) -> None:  # fmt: skip
    """Set columns of a row, guarded by its version, and note in the audit trail what became of what."""
    if version is not None and row.version != version:
        raise PreconditionFailed("Somebody else changed this meanwhile. Load it again and repeat the change.")
    changed = {name: value for name, value in changes.items() if getattr(row, name) != value}
    if not changed:
        return
    for name, value in changed.items():
        setattr(row, name, value)
    ctx.session.flush()
    audit.record(ctx, f"{kind}.changed", kind=kind, row_id=row.id, label=label,
                 changes={name: str(value) for name, value in changed.items()})  # fmt: skip


def _check_currency(currency: str) -> None:
    try:
        exponent(currency)
    except InvalidInput as error:
        raise InvalidInput(errors={"currency": f"{currency} is not a currency of ISO 4217."}) from error
