"""What guests may read of clients: `clients.list`, `clients.get`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, validate

from kernel.capabilities import GuestCall
from kernel.context import CallContext
from kernel.directory import clients
from kernel.hookspecs.start import HostFunction, HostInterface
from plugins.crm import listing

_STATUSES = validate.OneOf(("active", "inactive"))
_KINDS = validate.OneOf(("company", "individual"))


class ClientQuery(Schema):
    """Which clients, by name. What is left out narrows nothing."""

    text = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=255),
                         metadata={"description": "Part of the name."})  # fmt: skip
    status = fields.String(load_default=None, allow_none=True, validate=_STATUSES, metadata={"enum": "client_status"})
    updated_since = fields.AwareDateTime(load_default=None, allow_none=True)
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200), metadata={"wit": "u32"})
    cursor = fields.String(load_default=None, allow_none=True, metadata={"description": "`next_cursor` of the page before."})


class ClientArguments(Schema):
    input = fields.Nested(ClientQuery, load_default=lambda: ClientQuery().load({}))


class ClientId(Schema):
    client_id = fields.UUID(required=True)


class ClientRow(Schema):
    """A client as lists show it; place and country are those of its default location."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True, validate=_KINDS, metadata={"enum": "client_kind"})
    status = fields.String(required=True, validate=_STATUSES, metadata={"enum": "client_status"})
    currency = fields.String(required=True, metadata={"description": "ISO 4217."})
    email = fields.String(required=True, allow_none=True)
    billing_email = fields.String(required=True, allow_none=True)
    phone = fields.String(required=True, allow_none=True)
    city = fields.String(required=True, allow_none=True)
    country = fields.String(required=True, allow_none=True, metadata={"description": "ISO 3166."})
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class ClientPage(Schema):
    """Some clients, and where the next page starts: none after the last."""

    items = fields.List(fields.Nested(ClientRow), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class Client(Schema):
    """A client."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True, validate=_KINDS, metadata={"enum": "client_kind"})
    status = fields.String(required=True, validate=_STATUSES, metadata={"enum": "client_status"})
    currency = fields.String(required=True, metadata={"description": "ISO 4217."})
    email = fields.String(required=True, allow_none=True)
    billing_email = fields.String(required=True, allow_none=True)
    phone = fields.String(required=True, allow_none=True)
    website = fields.String(required=True, allow_none=True)
    notes = fields.String(required=True)
    account_manager_id = fields.UUID(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


def list_clients(ctx: CallContext, _invocation: GuestCall, input: Mapping[str, Any]) -> dict[str, Any]:
    """One page of clients. Raises CursorInvalid."""
    wanted = {name: value for name, value in input.items() if value is not None}
    page = listing.list_clients(ctx, wanted, text=wanted.pop("text", ""))
    return {"items": page.items, "next_cursor": page.next_cursor}


def get_client(ctx: CallContext, _invocation: GuestCall, client_id: UUID) -> Any:
    """One client. Raises ClientNotFound."""
    return clients.get_client(ctx, client_id)


READ = "cap:client.read"
CLIENTS = HostInterface("clients", "The companies and people that the tenant serves.")
HOST_FUNCTIONS = (
    HostFunction("clients", "list", READ, "Clients by name, a page at a time.", ClientArguments, ClientPage, list_clients),
    HostFunction("clients", "get", READ, "One client.", ClientId, Client, get_client),
)
