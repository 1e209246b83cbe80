"""List prices: what an item costs whom nothing else was promised, by currency and day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import delete, func, select

from kernel import audit
from kernel.context import CallContext
from kernel.currencies import currencies
from kernel.errors import InvalidInput
from kernel.hookspecs.pricing import DatedPrice, price_on
from plugins.catalog.models import Item, Price

History = Mapping[str, Sequence[DatedPrice]]


class _Key(NamedTuple):
    """What there is one price of."""

    currency: str
    start_on: date | None


def list_prices(ctx: CallContext, item_id: UUID) -> list[Price]:
    """An item's prices by currency, each currency's in the order of their first days."""
    found = select(Price).where(Price.item_id == item_id)
    return list(ctx.session.scalars(found.order_by(Price.currency, Price.start_on.asc().nulls_first())))


def read_histories(ctx: CallContext, item_ids: Sequence[UUID]) -> dict[UUID, dict[str, list[DatedPrice]]]:
    """All prices of items by currency, in one query; an item without a price is absent."""
    found: defaultdict[UUID, dict[str, list[DatedPrice]]] = defaultdict(dict)
    rows = select(Price.item_id, Price.currency, Price.amount, Price.start_on).where(Price.item_id.in_(item_ids))
    for item_id, currency, amount, start_on in ctx.session.execute(rows):
        found[item_id].setdefault(currency, []).append(DatedPrice(amount, start_on))
    return dict(found)


def prices_on(history: History, on: date) -> dict[str, int]:
    """The price of a day in each currency that has one."""
    found = {currency: price_on(prices, on) for currency, prices in sorted(history.items())}
    return {currency: amount for currency, amount in found.items() if amount is not None}


def write_prices(ctx: CallContext, item: Item, prices: Sequence[Mapping[str, Any]]) -> bool:
    """Give an item exactly these prices, {currency, amount, start_on?} each; True if that changed any. Raises InvalidInput."""
    wanted: dict[_Key, int] = {}
    for position, one in enumerate(prices):
        key = _Key(one["currency"], one.get("start_on"))
        _check(position, key, wanted)
        wanted[key] = one["amount"]
    before = {_Key(one.currency, one.start_on): one.amount for one in list_prices(ctx, item.id)}
    if before == wanted:
        return False
    ctx.session.execute(delete(Price).where(Price.item_id == item.id))
    ctx.session.add_all(Price(item_id=item.id, amount=amount, **key._asdict()) for key, amount in wanted.items())
    ctx.session.flush()
    audit.record(ctx, "item.priced", kind="catalog.item", row_id=item.id, label=item.name,
                 changes={"from": _shown(before), "to": _shown(wanted)})  # fmt: skip
    return True


def set_prices(ctx: CallContext, item: Item, prices: Sequence[Mapping[str, Any]]) -> list[Price]:
    """Replace an item's prices; the item becomes a new version if that changed any. Raises InvalidInput by position."""
    if write_prices(ctx, item, prices):
        item.updated_at = func.now()
        ctx.session.flush()
    return list_prices(ctx, item.id)


def add_price(ctx: CallContext, item: Item, *, currency: str, amount: int, start_on: date | None = None) -> list[Price]:
    """A new price from a day on (today, if not said); the earlier ones stay for what was done before.

    Raises InvalidInput when that currency has a price from the same day.
    """
    first = start_on or ctx.today()
    present = list_prices(ctx, item.id)
    if any((one.currency, one.start_on) == (currency, first) for one in present):
        raise InvalidInput(errors={"start_on": f"{currency} has a price from this day already; change that one."})
    if currency not in currencies():
        raise InvalidInput(errors={"currency": f"{currency} is not a currency of ISO 4217."})
    rows = [{"currency": one.currency, "amount": one.amount, "start_on": one.start_on} for one in present]
    return set_prices(ctx, item, [*rows, {"currency": currency, "amount": amount, "start_on": first}])


def _check(position: int, key: _Key, taken: Mapping[_Key, int]) -> None:
    if key.currency not in currencies():
        raise InvalidInput(errors={f"prices[{position}].currency": f"{key.currency} is not a currency of ISO 4217."})
    if key in taken:
        words = "has a price already" if key.start_on is None else f"has a price from {key.start_on.isoformat()} already"
        raise InvalidInput(errors={f"prices[{position}].currency": f"{key.currency} {words}."})


def _shown(prices: Mapping[_Key, int]) -> dict[str, int]:
    """Prices as the audit trail keeps them."""
    return {f"{key.currency} {key.start_on.isoformat()}" if key.start_on else key.currency: amount
            for key, amount in prices.items()}  # fmt: skip
