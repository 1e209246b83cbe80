"""REST of clients, locations and contacts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.listing import Page
from kernel.api.rest import Rest
from kernel.context import CallContext
from kernel.directory import clients
from plugins.crm import listing, schemas, services

rest = Rest("crm")
_CLIENT = "/clients/<uuid:client_id>"
_LOCATION = "/locations/<uuid:location_id>"
_CONTACT = "/contacts/<uuid:contact_id>"


@rest.get("/clients", permission="client.read", query=schemas.ClientQuery, out=schemas.ClientPage)
def list_clients(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List clients"""
    return listing.list_clients(ctx, query)


@rest.post("/clients", permission="client.create", body=schemas.ClientIn, out=schemas.ClientOut)
def add_client(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Take a client on"""
    return clients.add_client(ctx, **body)


@rest.get(_CLIENT, permission="client.read", out=schemas.ClientOut)
def get_client(ctx: CallContext, client_id: UUID) -> Any:
    """Read a client"""
    return clients.get_client(ctx, client_id)


@rest.patch(_CLIENT, permission="client.update", body=schemas.ClientPatch, out=schemas.ClientOut, if_match=True)
def change_client(ctx: CallContext, client_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Change a client"""
    return clients.change_client(ctx, client_id, body, version)


@rest.delete(_CLIENT, permission="client.delete")
def delete_client(ctx: CallContext, client_id: UUID) -> None:
    """Delete a client that nothing refers to"""
    services.delete_client(ctx, client_id)


@rest.post(f"{_CLIENT}/deactivate", permission="client.update", out=schemas.ClientOut, status=200)
def deactivate_client(ctx: CallContext, client_id: UUID) -> Any:
    """Set a client and its contacts inactive"""
    return services.deactivate_client(ctx, client_id)


@rest.post(f"{_CLIENT}/reactivate", permission="client.update", body=schemas.ReactivateIn, out=schemas.ClientOut, status=200)
def reactivate_client(ctx: CallContext, client_id: UUID, body: dict[str, Any]) -> Any:
    """Set a client active again"""
    return services.reactivate_client(ctx, client_id, **body)


@rest.get(f"{_CLIENT}/locations", permission="client.read", out=schemas.LocationList)
def list_locations(ctx: CallContext, client_id: UUID) -> Any:
    """List a client's locations"""
    clients.get_client(ctx, client_id)
    return {"items": clients.list_locations(ctx, client_id)}


@rest.post(f"{_CLIENT}/locations", permission="client.create", body=schemas.LocationIn, out=schemas.LocationOut)
def add_location(ctx: CallContext, client_id: UUID, body: dict[str, Any]) -> Any:
    """Add a location"""
    return clients.add_location(ctx, client_id=client_id, **body)


@rest.get(_LOCATION, permission="client.read", out=schemas.LocationOut)
def get_location(ctx: CallContext, location_id: UUID) -> Any:
    """Read a location"""
    return clients.get_location(ctx, location_id)


@rest.patch(_LOCATION, permission="client.update", body=schemas.LocationPatch, out=schemas.LocationOut, if_match=True)
def change_location(ctx: CallContext, location_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Change a location"""
    return clients.change_location(ctx, location_id, body, version)


@rest.delete(_LOCATION, permission="client.delete")
def delete_location(ctx: CallContext, location_id: UUID) -> None:
    """Delete a location that nothing refers to"""
    services.delete_location(ctx, location_id)


@rest.get("/contacts", permission="client.read", query=schemas.ContactQuery, out=schemas.ContactPage)
def list_contacts(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List contacts"""
    return listing.list_contacts(ctx, query)


@rest.post("/contacts", permission="client.create", body=schemas.ContactIn, out=schemas.ContactOut)
def add_contact(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Add a contact"""
    return clients.add_contact(ctx, **body)


@rest.get(_CONTACT, permission="client.read", out=schemas.ContactOut)
def get_contact(ctx: CallContext, contact_id: UUID) -> Any:
    """Read a contact"""
    return clients.get_contact(ctx, contact_id)


@rest.patch(_CONTACT, permission="client.update", body=schemas.ContactPatch, out=schemas.ContactOut, if_match=True)
def change_contact(ctx: CallContext, contact_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Change a contact"""
    return clients.change_contact(ctx, contact_id, body, version)


@rest.delete(_CONTACT, permission="client.delete")
def delete_contact(ctx: CallContext, contact_id: UUID) -> None:
    """Delete a contact that nothing refers to"""
    services.delete_contact(ctx, contact_id)
