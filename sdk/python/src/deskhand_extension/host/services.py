# Made by `deskhand sdk` from the host functions that plugins register.
"""What the tenant sells: services, products and licenses. Costs are not told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from deskhand_extension._wire import Interface

__all__ = [
    "Price",
    "Service",
    "ServiceKind",
    "ServicePage",
    "ServiceQuery",
    "ServiceRow",
    "get",
    "list",
]
_host = Interface("services", __name__)


ServiceKind = Literal["service", "product", "license"]


@dataclass(kw_only=True)
class ServiceQuery:
    """Which items of the catalog, by name. What is left out narrows nothing."""
    text: str | None = None
    """Part of the name, SKU or part number. At most 255 characters."""
    kind: ServiceKind | None = None
    active: bool | None = None
    sku: str | None = None
    """The whole SKU, whatever its case."""
    updated_since: str | None = None
    """ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`."""
    limit: int = 50
    """From 1 to 200."""
    cursor: str | None = None
    """`next_cursor` of the page before."""


@dataclass(kw_only=True)
class Price:
    """Today's list price of one unit, in minor units of the currency."""
    currency: str
    """ISO 4217."""
    amount: int


@dataclass(kw_only=True)
class ServiceRow:
    """An item of the catalog as lists show it."""
    id: str
    """A UUID."""
    name: str
    kind: ServiceKind
    sku: str | None
    billing_method: str
    """One of `fixed`, `hourly`, `usage`, `per_unit`."""
    unit: str
    category: str | None
    tax_category: str | None
    """None where it is not taxed at all. One of `standard`, `reduced`, `exempt`."""
    active: bool
    prices: Sequence[Price]
    updated_at: str
    """ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`."""


@dataclass(kw_only=True)
class ServicePage:
    """Some items, and where the next page starts: none after the last."""
    items: Sequence[ServiceRow]
    next_cursor: str | None


@dataclass(kw_only=True)
class Service:
    """An item of the catalog."""
    id: str
    """A UUID."""
    name: str
    kind: ServiceKind
    sku: str | None
    billing_method: str
    """One of `fixed`, `hourly`, `usage`, `per_unit`."""
    unit: str
    category: str | None
    tax_category: str | None
    """One of `standard`, `reduced`, `exempt`."""
    vendor: str | None
    manufacturer: str | None
    part_number: str | None
    default_quantity: str
    """Decimal text."""
    description: str
    active: bool
    prices: Sequence[Price]
    updated_at: str
    """ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`."""


def list(input: ServiceQuery | None = None) -> ServicePage:
    """Items of the catalog by name, a page at a time.
    Raises HostRefusal without `cap:service.read`.
    """
    answer: ServicePage = _host.call("list", "cap:service.read", input or ServiceQuery())
    return answer


def get(service_id: str) -> Service:
    """One item of the catalog.
    `service_id`: A UUID.
    Raises HostRefusal without `cap:service.read`.
    """
    answer: Service = _host.call("get", "cap:service.read", service_id)
    return answer
