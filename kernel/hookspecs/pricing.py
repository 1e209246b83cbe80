"""What things cost: the catalog answers for every room that needs a price or an item's facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from kernel.errors import Refused
from kernel.hookspecs import hookspec

if TYPE_CHECKING:
    from kernel.context import CallContext


class PriceMissingInCurrency(Refused):
    """Items have neither a price of their own nor a catalog price in the currency of the contract or invoice.

    `items` names them, `item_ids` are their ids where they are known, `currency` is the one that is wanting.
    """

    code = "price_missing_in_currency"
    title = "No price in this currency"


ClientPrices = Mapping[tuple[UUID, UUID, str], Sequence["DatedPrice"]]
"""Prices of clients by client, item and currency."""


class DatedPrice(NamedTuple):
    """A price in minor units, from its first day (None: from the beginning) to its last day (None: until another begins)."""

    amount: int
    start_on: date | None = None
    end_on: date | None = None


def price_on(prices: Sequence[DatedPrice], on: date) -> int | None:
    """The price of a day: of those in force the one that began last.

    >>> price_on([DatedPrice(900), DatedPrice(950, date(2026, 7, 1))], date(2026, 6, 30))
    900
    """
    found, begun = None, None
    for amount, start_on, end_on in prices:  # without a list between: it is asked for each line of a billing run
        in_force = (start_on is None or start_on <= on) and (end_on is None or on <= end_on)
        if in_force and (found is None or (start_on is not None and (begun is None or begun < start_on))):
            found, begun = amount, start_on
    return found


class ItemFacts(NamedTuple):
    """A catalog item: kind `service | product | license`, `unit` such as `hour` or `each`, `tax_category` as the tax rules
    know it (None: not taxable), today's list `prices` in minor units by currency, `active` if it may be sold.

    `history` has the list prices of every day, by currency; `category_id` is its category in the catalog.
    """

    id: UUID
    name: str
    sku: str | None
    kind: str
    unit: str
    tax_category: str | None
    prices: Mapping[str, int]
    active: bool = True
    default_quantity: Decimal = Decimal(1)
    history: Mapping[str, Sequence[DatedPrice]] = {}
    category_id: UUID | None = None

    def list_price(self, currency: str, on: date) -> int | None:
        """The list price of a day in minor units of the currency, if there is one."""
        return price_on(self.history.get(currency, ()), on)


@hookspec(firstresult=True)
def get_items(ctx: CallContext, item_ids: Sequence[UUID]) -> Mapping[UUID, ItemFacts] | None:
    """Ask: give the facts of these catalog items; unknown ids are left out. The catalog; once per batch.

    Example: `{id: ItemFacts(id, "Remote support", "SUP-1", "service", "hour", "standard", {"EUR": 9500})}`.
    """


class ItemWanted(NamedTuple):
    """An item that the catalog shall have, billed by piece: kind `service | product`, `price` in minor units of `currency`."""

    name: str
    kind: str
    sku: str | None = None
    description: str = ""
    tax_category: str | None = None
    currency: str = ""
    price: int | None = None


@hookspec(firstresult=True)
def add_items(ctx: CallContext, items: Sequence[ItemWanted]) -> Sequence[UUID | str] | None:
    """Ask: put these into the catalog, each by itself: its id, or in words why it cannot be. The catalog; once per batch.

    Example: `[UUID("0192…"), "SUP-1 is another item's SKU."]`.
    """


@hookspec(firstresult=True)
def get_client_prices(ctx: CallContext, client_ids: Sequence[UUID], item_ids: Sequence[UUID]) -> ClientPrices | None:
    """Ask: give the prices that hold for one of these clients only and go before list prices; whatever has none is left out.
    The catalog; once per batch, one query.

    Example: `{(client_id, item_id, "EUR"): [DatedPrice(8900, date(2026, 7, 1))]}`.
    """
