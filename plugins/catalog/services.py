"""The verbs of the catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select

from kernel import audit
from kernel.context import CallContext
from kernel.deletion import refuse_if_needed
from kernel.directory.clients import apply_changes
from kernel.errors import InvalidInput
from kernel.hookspecs.directory import Ref
from kernel.hookspecs.pricing import ItemFacts
from kernel.money import exponent
from plugins.catalog.errors import ItemNotFound, SkuTaken
from plugins.catalog.models import Item, Price

_METHODS = {"service": "hourly", "product": "per_unit", "license": "per_unit"}


def get_item(ctx: CallContext, item_id: UUID) -> Item:
    """One item. Raises ItemNotFound, also for another tenant's."""
    item = ctx.session.scalar(select(Item).where(Item.id == item_id))
    if item is None:
        raise ItemNotFound("There is no catalog item with this id.")
    return item


def list_prices(ctx: CallContext, item_id: UUID) -> list[Price]:
    """An item's prices by currency."""
    return list(ctx.session.scalars(select(Price).where(Price.item_id == item_id).order_by(Price.currency)))


def add_item(ctx: CallContext, *, name: str, kind: str, billing_method: str | None = None,
             prices: Sequence[Mapping[str, Any]] = (), **facts: Any) -> Item:  # fmt: skip
    """Put something into the catalog; `prices` are {currency, amount}. Raises SkuTaken, InvalidInput."""
    _check_sku(ctx, facts.get("sku"), None)
    _check_license(kind, facts.get("license_term"))
    item = Item(name=name, kind=kind, billing_method=billing_method or _METHODS[kind], **facts)
    ctx.session.add(item)
    ctx.session.flush()
    set_prices(ctx, item.id, prices)
    audit.record(ctx, "item.added", kind="catalog.item", row_id=item.id, label=name)
    return item


def change_item(ctx: CallContext, item_id: UUID, changes: Mapping[str, Any], version: int | None = None) -> Item:
    """Change an item, its prices too when `prices` is among the changes."""
    item = get_item(ctx, item_id)
    facts = {name: value for name, value in changes.items() if name != "prices"}
    if "sku" in facts:
        _check_sku(ctx, facts["sku"], item_id)
    _check_license(facts.get("kind", item.kind), facts.get("license_term", item.license_term))
    apply_changes(ctx, item, facts, version, kind="catalog.item", label=item.name)
    if "prices" in changes:
        set_prices(ctx, item_id, changes["prices"])
    return item


def set_prices(ctx: CallContext, item_id: UUID, prices: Sequence[Mapping[str, Any]]) -> list[Price]:
    """Give an item exactly these prices, at most one in each currency. Raises InvalidInput."""
    item = get_item(ctx, item_id)
    currencies = [one["currency"] for one in prices]
    for position, currency in enumerate(currencies):
        if currency in currencies[:position]:
            raise InvalidInput(errors={f"prices[{position}].currency": f"{currency} has a price already."})
        _check_currency(position, currency)
    before = {one.currency: one.amount for one in list_prices(ctx, item_id)}
    after = {one["currency"]: one["amount"] for one in prices}
    if before != after:
        ctx.session.execute(delete(Price).where(Price.item_id == item_id))
        ctx.session.add_all(Price(item_id=item_id, currency=one["currency"], amount=one["amount"]) for one in prices)
        ctx.session.flush()
        audit.record(ctx, "item.priced", kind="catalog.item", row_id=item_id, label=item.name,
                     changes={"from": before, "to": after})  # fmt: skip
    return list_prices(ctx, item_id)


def delete_item(ctx: CallContext, item_id: UUID) -> None:
    """Remove an item that nothing was sold or agreed with. Raises StillInUse; switching it off is the alternative."""
    item = get_item(ctx, item_id)
    refuse_if_needed(ctx, [Ref("catalog.item", item_id)], [], f"{item.name} cannot be deleted.", ["deactivate"])
    ctx.session.delete(item)
    audit.record(ctx, "item.deleted", kind="catalog.item", row_id=item_id, label=item.name)


def get_facts(ctx: CallContext, item_ids: Sequence[UUID]) -> dict[UUID, ItemFacts]:
    """What other rooms need to know of these items, in one query."""
    return {one.id: one for one in _facts(ctx, Item.id.in_(item_ids), len(item_ids))}


def find_facts(ctx: CallContext, text: str, kinds: Sequence[str], limit: int) -> list[ItemFacts]:
    """Active items whose name or SKU holds the text; those that begin with it first."""
    wanted = text.strip().lower()
    holds = (func.strpos(Item.name_key, wanted) > 0) | (func.strpos(func.lower(Item.sku), wanted) > 0)
    condition = Item.active & (Item.kind.in_(kinds) if kinds else Item.kind.is_not(None))
    return _facts(ctx, condition & holds if wanted else condition, limit, first=wanted)


def _facts(ctx: CallContext, condition: Any, limit: int, first: str = "") -> list[ItemFacts]:
    prices = select(func.jsonb_object_agg(Price.currency, Price.amount)).where(
        Price.tenant_id == Item.tenant_id, Price.item_id == Item.id
    )
    found = (
        select(Item.id, Item.name, Item.sku, Item.kind, Item.unit, Item.tax_category, prices.scalar_subquery(), Item.active)
        .where(condition)
        .order_by(func.strpos(Item.name_key, first) if first else Item.name_key, Item.name_key, Item.id)
        .limit(limit)
    )
    return [ItemFacts(*row[:6], row[6] or {}, row[7]) for row in ctx.session.execute(found)]


def describe_items(ctx: CallContext, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Names of items, in one query."""
    return {row.id: row.name for row in ctx.session.execute(select(Item.id, Item.name).where(Item.id.in_(ids)))}


def _check_sku(ctx: CallContext, sku: str | None, item_id: UUID | None) -> None:
    if sku and ctx.session.scalar(select(Item.id).where(Item.sku == sku, Item.id.is_distinct_from(item_id))):
        raise SkuTaken(f"Another item has the SKU {sku}.", errors={"sku": "Used by another item."})


def _check_license(kind: str, term: str | None) -> None:
    if term and kind != "license":
        raise InvalidInput(errors={"license_term": "Only a license has a term."})


def _check_currency(position: int, currency: str) -> None:
    try:
        exponent(currency)
    except InvalidInput as error:
        raise InvalidInput(errors={f"prices[{position}].currency": f"{currency} is not a currency of ISO 4217."}) from error
