"""Lists of clients and contacts, and the finding of them by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, func, select

from kernel.api.listing import Page, paginate
from kernel.context import CallContext
from kernel.directory.models import Client, Contact, Location

_CLIENTS = {"name": Client.name_key, "created_at": Client.created_at, "updated_at": Client.updated_at}
_CONTACTS = {"name": Contact.name_key, "created_at": Contact.created_at, "updated_at": Contact.updated_at}


def list_clients(ctx: CallContext, query: Mapping[str, Any], text: str = "") -> Page:
    """One page of clients with the place of their default location; `text` narrows by name."""
    rows = _client_rows()
    if text.strip():
        rows = rows.where(func.strpos(Client.name_key, text.strip().lower()) > 0)
    return paginate(ctx, rows, query, sortable=_CLIENTS, default="name",
                    filters={"account_manager_id": Client.account_manager_id})  # fmt: skip


def _client_rows() -> Select[Any]:
    default = (Location.tenant_id == Client.tenant_id) & (Location.client_id == Client.id) & Location.is_default
    return select(
        Client.id, Client.name, Client.kind, Client.status, Client.currency, Client.email, Client.billing_email,
        Client.phone, Location.city, Location.country, Client.created_at, Client.updated_at,
    ).outerjoin(Location, default)  # fmt: skip


def list_contacts(ctx: CallContext, query: Mapping[str, Any], text: str = "") -> Page:
    """One page of contacts with their client's name; `text` narrows by name or e-mail address."""
    rows = select(
        Contact.id, Contact.name, Contact.client_id, Client.name.label("client_name"), Contact.email, Contact.phone,
        Contact.title, Contact.active, Contact.created_at, Contact.updated_at,
    ).join(Client, (Client.tenant_id == Contact.tenant_id) & (Client.id == Contact.client_id))  # fmt: skip
    if wanted := text.strip().lower():
        rows = rows.where((func.strpos(Contact.name_key, wanted) > 0) | (func.strpos(Contact.email_key, wanted) > 0))
    return paginate(ctx, rows, query, sortable=_CONTACTS, default="name")


def find_clients(ctx: CallContext, text: str, limit: int = 12) -> list[Client]:
    """Active clients whose name begins with the text, then those that hold it."""
    wanted = text.strip().lower()
    place = func.strpos(Client.name_key, wanted)
    found = select(Client).where(Client.status == "active", place > 0 if wanted else Client.id.is_not(None))
    return list(ctx.session.scalars(found.order_by(place, Client.name_key, Client.id).limit(limit)))
