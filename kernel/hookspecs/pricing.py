"""What things cost: the catalog answers for every room that needs a price or an item's facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from kernel.hookspecs import hookspec

if TYPE_CHECKING:
    from kernel.context import CallContext


class ItemFacts(NamedTuple):
    """A catalog item: kind `service | product | license`, `unit` such as `hour` or `each`, list prices in minor units
    by currency, `tax_category` as the tax rules know it (None: not taxable), `active` if it may be sold.
    """

    id: UUID
    name: str
    sku: str | None
    kind: str
    unit: str
    tax_category: str | None
    prices: Mapping[str, int]
    active: bool = True


@hookspec(firstresult=True)
def get_items(ctx: CallContext, item_ids: Sequence[UUID]) -> Mapping[UUID, ItemFacts] | None:
    """Ask: give the facts of these catalog items; unknown ids are left out. The catalog; once per batch.

    Example: `{id: ItemFacts(id, "Remote support", "SUP-1", "service", "hour", "standard", {"EUR": 9500})}`.
    """
