"""What guests may read of the catalog: `services.list`, `services.get`. Costs and margins are never told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, validate

from kernel.capabilities import GuestCall
from kernel.context import CallContext
from kernel.hookspecs.start import HostFunction, HostInterface
from plugins.catalog import listing, services
from plugins.catalog.prices import prices_on, read_histories

_KINDS = validate.OneOf(("service", "product", "license"))
_METHODS = validate.OneOf(("fixed", "hourly", "usage", "per_unit"))
_TAX = validate.OneOf(("standard", "reduced", "exempt"))


class ServiceQuery(Schema):
    """Which items of the catalog, by name. What is left out narrows nothing."""

    text = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=255),
                         metadata={"description": "Part of the name, SKU or part number."})  # fmt: skip
    kind = fields.String(load_default=None, allow_none=True, validate=_KINDS, metadata={"enum": "service_kind"})
    active = fields.Boolean(load_default=None, allow_none=True)
    sku = fields.String(load_default=None, allow_none=True, metadata={"description": "The whole SKU, whatever its case."})
    updated_since = fields.AwareDateTime(load_default=None, allow_none=True)
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200), metadata={"wit": "u32"})
    cursor = fields.String(load_default=None, allow_none=True, metadata={"description": "`next_cursor` of the page before."})


class ServiceArguments(Schema):
    input = fields.Nested(ServiceQuery, load_default=lambda: ServiceQuery().load({}))


class ServiceId(Schema):
    service_id = fields.UUID(required=True)


class Price(Schema):
    """Today's list price of one unit, in minor units of the currency."""

    currency = fields.String(required=True, metadata={"description": "ISO 4217."})
    amount = fields.Integer(required=True)


class ServiceRow(Schema):
    """An item of the catalog as lists show it."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True, validate=_KINDS, metadata={"enum": "service_kind"})
    sku = fields.String(required=True, allow_none=True)
    billing_method = fields.String(required=True, validate=_METHODS)
    unit = fields.String(required=True)
    category = fields.String(required=True, allow_none=True)
    tax_category = fields.String(required=True, allow_none=True, validate=_TAX,
                                 metadata={"description": "None where it is not taxed at all."})  # fmt: skip
    active = fields.Boolean(required=True)
    prices = fields.List(fields.Nested(Price), required=True)
    updated_at = fields.AwareDateTime(required=True)


class ServicePage(Schema):
    """Some items, and where the next page starts: none after the last."""

    items = fields.List(fields.Nested(ServiceRow), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class Service(Schema):
    """An item of the catalog."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True, validate=_KINDS, metadata={"enum": "service_kind"})
    sku = fields.String(required=True, allow_none=True)
    billing_method = fields.String(required=True, validate=_METHODS)
    unit = fields.String(required=True)
    category = fields.String(required=True, allow_none=True)
    tax_category = fields.String(required=True, allow_none=True, validate=_TAX)
    vendor = fields.String(required=True, allow_none=True)
    manufacturer = fields.String(required=True, allow_none=True)
    part_number = fields.String(required=True, allow_none=True)
    default_quantity = fields.Decimal(required=True, as_string=True)
    description = fields.String(required=True)
    active = fields.Boolean(required=True)
    prices = fields.List(fields.Nested(Price), required=True)
    updated_at = fields.AwareDateTime(required=True)


def list_services(ctx: CallContext, _invocation: GuestCall, input: Mapping[str, Any]) -> dict[str, Any]:
    """One page of items with today's list prices. Raises CursorInvalid."""
    wanted = {"q" if name == "text" else name: value for name, value in input.items() if value is not None}
    page = listing.list_items(ctx, wanted)
    return {"items": [{**row, "prices": _listed(row["prices"])} for row in page.items], "next_cursor": page.next_cursor}


def get_service(ctx: CallContext, _invocation: GuestCall, service_id: UUID) -> dict[str, Any]:
    """One item with today's list prices. Raises ItemNotFound."""
    item = services.get_item(ctx, service_id)
    prices = prices_on(read_histories(ctx, [service_id]).get(service_id, {}), ctx.today())
    return services.item_view(ctx, item) | {"prices": _listed(prices)}


def _listed(prices: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"currency": currency, "amount": amount} for currency, amount in prices.items()]


READ = "cap:service.read"
SERVICES = HostInterface("services", "What the tenant sells: services, products and licenses. Costs are not told.")
HOST_FUNCTIONS = (
    HostFunction("services", "list", READ, "Items of the catalog by name, a page at a time.", ServiceArguments, ServicePage,
                 list_services),
    HostFunction("services", "get", READ, "One item of the catalog.", ServiceId, Service, get_service),
)  # fmt: skip
