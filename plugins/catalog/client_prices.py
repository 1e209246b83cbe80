"""What single clients pay: prices that go before those of contract lines and the list, from one day to another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from kernel import audit
from kernel.api.listing import Page, paginate
from kernel.context import CallContext
from kernel.currencies import currencies
from kernel.db import among
from kernel.directory.clients import apply_changes, get_client, get_clients
from kernel.directory.models import Client
from kernel.errors import InvalidInput
from kernel.hookspecs.directory import Blocker, Ref
from kernel.hookspecs.pricing import ClientPrices, DatedPrice
from plugins.catalog.errors import ClientPriceNotFound, ClientPriceTaken
from plugins.catalog.models import ClientPrice, Item

KIND = "catalog.client_price"
_SORTABLE = {"start_on": ClientPrice.start_on, "updated_at": ClientPrice.updated_at}
_FILTERS = {"client_id": ClientPrice.client_id, "item_id": ClientPrice.item_id}
_ROWS: Select[Any] = (
    select(
        ClientPrice.id, ClientPrice.version, ClientPrice.client_id, Client.name.label("client_name"), ClientPrice.item_id,
        Item.name.label("item_name"), Item.unit, ClientPrice.currency, ClientPrice.amount, ClientPrice.start_on,
        ClientPrice.end_on, ClientPrice.note, ClientPrice.created_at, ClientPrice.updated_at,
    )
    .join(Client, (Client.tenant_id == ClientPrice.tenant_id) & (Client.id == ClientPrice.client_id))
    .join(Item, (Item.tenant_id == ClientPrice.tenant_id) & (Item.id == ClientPrice.item_id))
)  # fmt: skip


def list_client_prices(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of clients' prices with the names of client and item."""
    return paginate(ctx, _ROWS, query, sortable=_SORTABLE, default="-start_on", filters=_FILTERS)


def read_client_prices(ctx: CallContext, client_ids: Sequence[UUID], item_ids: Sequence[UUID]) -> ClientPrices:
    """What these clients pay for these items, of all days, in one query."""
    rows = select(ClientPrice).where(among(ClientPrice.client_id, client_ids), among(ClientPrice.item_id, item_ids))
    found: defaultdict[tuple[UUID, UUID, str], list[DatedPrice]] = defaultdict(list)
    for one in ctx.session.scalars(rows):
        found[one.client_id, one.item_id, one.currency].append(DatedPrice(one.amount, one.start_on, one.end_on))
    return dict(found)


def get_client_price(ctx: CallContext, price_id: UUID) -> ClientPrice:
    """One client's price. Raises ClientPriceNotFound."""
    price = ctx.session.scalar(select(ClientPrice).where(ClientPrice.id == price_id))
    if price is None:
        raise ClientPriceNotFound("There is no price of a client with this id.")
    return price


def add_client_price(ctx: CallContext, *, client_id: UUID, item_id: UUID, amount: int, currency: str | None = None,
                     start_on: date | None = None, **facts: Any) -> ClientPrice:  # fmt: skip
    """Let a client pay another price for an item from a day on (today, if not said), in the client's currency if none is named.

    Raises InvalidInput by field, and ClientPriceTaken when the client has one from the same day.
    """
    client, item = get_clients(ctx, [client_id]).get(client_id), ctx.session.get(Item, (ctx.tenant_id, item_id))
    if client is None:
        raise InvalidInput(errors={"client_id": "There is no client with this id."})
    if item is None:
        raise InvalidInput(errors={"item_id": "There is no catalog item with this id."})
    price = ClientPrice(client_id=client_id, item_id=item_id, amount=amount, currency=currency or client.currency,
                        start_on=start_on or ctx.today(), **facts)  # fmt: skip
    _check(price.currency, price.start_on, price.end_on)
    _refuse_taken(ctx, price, None)
    ctx.session.add(price)
    ctx.session.flush()
    audit.record(ctx, "client_price.added", kind=KIND, row_id=price.id, label=f"{item.name}: {client.name}")
    return price


def change_client_price(ctx: CallContext, price_id: UUID, changes: Mapping[str, Any], version: int | None = None) -> ClientPrice:
    """Change amount, days or note of a client's price; what is billed already stays as it is."""
    price = get_client_price(ctx, price_id)
    wanted = {"start_on": price.start_on, "end_on": price.end_on, "currency": price.currency} | changes
    _check(wanted["currency"], wanted["start_on"], wanted["end_on"])
    _refuse_taken(ctx, price, price_id, wanted["currency"], wanted["start_on"])
    apply_changes(ctx, price, changes, version, kind=KIND, label=_label(ctx, price))
    return price


def delete_client_price(ctx: CallContext, price_id: UUID) -> None:
    """Take a client's price back; the list price counts again for what is not billed yet."""
    price = get_client_price(ctx, price_id)
    audit.record(ctx, "client_price.deleted", kind=KIND, row_id=price_id, label=_label(ctx, price))
    ctx.session.delete(price)


def item_blockers(ctx: CallContext, item_id: UUID) -> list[Blocker]:
    """Prices promised to clients keep an item from being deleted."""
    count = ctx.session.scalar(select(func.count()).where(ClientPrice.item_id == item_id)) or 0
    return [Blocker(Ref("catalog.item", item_id), "client_price", count, f"{count} prices of clients")] if count else []


def _label(ctx: CallContext, price: ClientPrice) -> str:
    item = ctx.session.get_one(Item, (ctx.tenant_id, price.item_id))
    return f"{item.name}: {get_client(ctx, price.client_id).name}"


def _check(currency: str, start_on: date, end_on: date | None) -> None:
    if currency not in currencies():
        raise InvalidInput(errors={"currency": f"{currency} is not a currency of ISO 4217."})
    if end_on is not None and end_on < start_on:
        raise InvalidInput(errors={"end_on": "The last day is before the first."})


def _refuse_taken(ctx: CallContext, price: ClientPrice, but: UUID | None, currency: str | None = None,
                  start_on: date | None = None) -> None:  # fmt: skip
    first = start_on or price.start_on
    taken = select(ClientPrice.id).where(
        ClientPrice.client_id == price.client_id, ClientPrice.item_id == price.item_id, ClientPrice.start_on == first,
        ClientPrice.currency == (currency or price.currency), ClientPrice.id.is_distinct_from(but),
    )  # fmt: skip
    with ctx.session.no_autoflush:
        if ctx.session.scalar(taken):
            words = f"The client has a price for this item from {first.isoformat()} already. Change that one."
            raise ClientPriceTaken(words, errors={"start_on": words})
