"""The verbs of the catalog's items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select

from kernel import audit
from kernel.context import CallContext
from kernel.currencies import currencies
from kernel.deletion import refuse_if_needed
from kernel.directory.clients import apply_changes
from kernel.errors import InvalidInput, PermissionDenied
from kernel.hookspecs.directory import Ref
from kernel.tenancy import get_settings
from plugins.catalog.categories import get_category, name_categories
from plugins.catalog.client_prices import item_blockers
from plugins.catalog.errors import CategoryNotFound, ExternalIdTaken, ItemNotFound, SkuTaken
from plugins.catalog.models import ExternalId, Item
from plugins.catalog.prices import set_prices, write_prices

KIND = "catalog.item"
COST = ("cost", "cost_currency")
_METHODS = {"service": "hourly", "product": "per_unit", "license": "per_unit"}
_OF_LICENSES = ("license_term", "license_cadence")
_COLUMNS = (
    "id", "version", "name", "kind", "billing_method", "sku", "unit", "category_id", "tax_category", "license_term",
    "license_cadence", "vendor", "manufacturer", "part_number", "default_quantity", "description", "active", "created_at",
    "updated_at",
)  # fmt: skip


def get_item(ctx: CallContext, item_id: UUID) -> Item:
    """One item. Raises ItemNotFound, also for another tenant's."""
    item = ctx.session.scalar(select(Item).where(Item.id == item_id))
    if item is None:
        raise ItemNotFound("There is no catalog item with this id.")
    return item


def item_view(ctx: CallContext, item: Item) -> dict[str, Any]:
    """An item as interfaces show it; what it costs only to those who may see that."""
    names = (*_COLUMNS, *COST) if may_see_cost(ctx) else _COLUMNS
    category = name_categories(ctx, [item.category_id]).get(item.category_id) if item.category_id else None
    return {name: getattr(item, name) for name in names} | {
        "category": category,
        "external_ids": list_external_ids(ctx, item.id),
    }


def may_see_cost(ctx: CallContext) -> bool:
    """Whether the actor may see costs and margins."""
    return ctx.actor.may("catalog.read_cost")


def list_external_ids(ctx: CallContext, item_id: UUID) -> list[dict[str, str]]:
    """What other systems call an item: {system, value} each."""
    found = select(ExternalId.system, ExternalId.value).where(ExternalId.item_id == item_id).order_by(ExternalId.system)
    return [{"system": system, "value": value} for system, value in ctx.session.execute(found)]


def add_item(ctx: CallContext, *, name: str, kind: str, billing_method: str | None = None,
             prices: Sequence[Mapping[str, Any]] = (), external_ids: Sequence[Mapping[str, str]] = (),
             **facts: Any) -> Item:  # fmt: skip
    """Put something into the catalog; `prices` are {currency, amount, start_on?}, `external_ids` {system, value}.

    Raises SkuTaken, ExternalIdTaken, PermissionDenied for a cost that the actor may not see, and InvalidInput.
    """
    whole = {"sku": None, "category_id": None, **dict.fromkeys((*_OF_LICENSES, *COST)), **facts, "kind": kind}
    _check(ctx, whole, None, list(facts))
    item = Item(name=name, kind=kind, billing_method=billing_method or _METHODS[kind], **facts)
    ctx.session.add(item)
    ctx.session.flush()
    write_prices(ctx, item, prices)
    _write_external_ids(ctx, item, external_ids)
    audit.record(ctx, "item.added", kind=KIND, row_id=item.id, label=name)
    return item


def change_item(ctx: CallContext, item_id: UUID, changes: Mapping[str, Any], version: int | None = None) -> Item:
    """Change an item, its `prices` and `external_ids` too when they are among the changes.

    It stays the same item when it becomes of another kind; what only a license has is then dropped unless it is given.
    Raises as `add_item`.
    """
    item = get_item(ctx, item_id)
    facts = {name: value for name, value in changes.items() if name not in ("prices", "external_ids")}
    if facts.get("kind", "license") != "license":
        facts = dict.fromkeys(_OF_LICENSES) | facts
    present = {name: getattr(item, name) for name in ("kind", "sku", "category_id", *_OF_LICENSES, *COST)}
    _check(ctx, present | facts, item_id, list(facts))
    apply_changes(ctx, item, facts, version, kind=KIND, label=item.name)
    if "prices" in changes:
        set_prices(ctx, item, changes["prices"])
    if "external_ids" in changes and _write_external_ids(ctx, item, changes["external_ids"]):
        item.updated_at = func.now()
        ctx.session.flush()
    return item


def switch_items(ctx: CallContext, item_ids: Sequence[UUID], *, active: bool) -> int:
    """Let items be sold, or no longer; returns how many that changed. Raises ItemNotFound when one is unknown."""
    items = {one.id: one for one in ctx.session.scalars(select(Item).where(Item.id.in_(item_ids)))}
    if set(item_ids) - items.keys():
        raise ItemNotFound("One of these catalog items is not there any more. Load the list again.")
    moved = [items[one] for one in dict.fromkeys(item_ids) if items[one].active is not active]
    for item in moved:
        apply_changes(ctx, item, {"active": active}, None, kind=KIND, label=item.name)
    return len(moved)


def delete_item(ctx: CallContext, item_id: UUID) -> None:
    """Remove an item that nothing was sold or agreed with. Raises StillInUse; switching it off is the alternative."""
    item = get_item(ctx, item_id)
    refuse_if_needed(ctx, [Ref(KIND, item_id)], item_blockers(ctx, item_id), f"{item.name} cannot be deleted.", ["deactivate"])
    ctx.session.delete(item)
    audit.record(ctx, "item.deleted", kind=KIND, row_id=item_id, label=item.name)


def _check(ctx: CallContext, whole: Mapping[str, Any], item_id: UUID | None, given: Sequence[str]) -> None:
    """Check what was given of an item, in the light of the whole."""
    errors = {}
    if whole["kind"] != "license":
        errors |= {name: "Only a license has this." for name in _OF_LICENSES if whole[name]}
    if (whole["cost"] is None) != (whole["cost_currency"] is None):
        errors["cost_currency"] = "A cost is an amount and its currency, both or neither."
    elif whole["cost_currency"] and whole["cost_currency"] not in currencies():
        errors["cost_currency"] = f"{whole['cost_currency']} is not a currency of ISO 4217."
    asked = item_id is None or "sku" in given or "kind" in given
    if asked and not whole["sku"] and sku_required(ctx, whole["kind"]):
        errors["sku"] = "Products and licenses need an SKU here."
    if errors:
        raise InvalidInput(errors=errors)
    if {*COST} & {*given} and not may_see_cost(ctx):
        raise PermissionDenied("You may not see or change what items cost.", permission="catalog.read_cost")
    _check_category(ctx, whole["category_id"] if "category_id" in given else None)
    _check_sku(ctx, whole["sku"] if "sku" in given else None, item_id)


def sku_required(ctx: CallContext, kind: str) -> bool:
    """Whether an item of this kind needs an SKU with this tenant."""
    return kind != "service" and bool(get_settings(ctx, "catalog")["sku_required"])


def _check_sku(ctx: CallContext, sku: str | None, item_id: UUID | None) -> None:
    taken = select(Item.name).where(Item.sku_key == func.lower(sku), Item.id.is_distinct_from(item_id))
    if sku and (owner := ctx.session.scalar(taken)):
        raise SkuTaken(f"{owner} has the SKU {sku}.", errors={"sku": f"Used by {owner}."})


def _check_category(ctx: CallContext, category_id: UUID | None) -> None:
    if category_id is None:
        return
    try:
        get_category(ctx, category_id)
    except CategoryNotFound as error:
        raise InvalidInput(errors={"category_id": error.detail}) from error


def _write_external_ids(ctx: CallContext, item: Item, wanted: Sequence[Mapping[str, str]]) -> bool:
    """Give an item exactly these ids in other systems; True if that changed any."""
    after = _systems(wanted)
    before = {one["system"]: one["value"] for one in list_external_ids(ctx, item.id)}
    if before == after:
        return False
    _refuse_taken_ids(ctx, item.id, wanted)
    ctx.session.execute(delete(ExternalId).where(ExternalId.item_id == item.id))
    ctx.session.add_all(ExternalId(item_id=item.id, system=system, value=value) for system, value in after.items())
    ctx.session.flush()
    audit.record(ctx, "item.mapped", kind=KIND, row_id=item.id, label=item.name, changes={"from": before, "to": after})
    return True


def _systems(wanted: Sequence[Mapping[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for position, one in enumerate(wanted):
        if one["system"] in found:
            raise InvalidInput(errors={f"external_ids[{position}].system": f"{one['system']} has an id already."})
        found[one["system"]] = one["value"]
    return found


def _refuse_taken_ids(ctx: CallContext, item_id: UUID, wanted: Sequence[Mapping[str, str]]) -> None:
    for position, one in enumerate(wanted):
        taken = (ExternalId.system == one["system"]) & (ExternalId.value == one["value"]) & (ExternalId.item_id != item_id)
        owner = select(Item.name).join(ExternalId, (ExternalId.tenant_id == Item.tenant_id) & (ExternalId.item_id == Item.id))
        if name := ctx.session.scalar(owner.where(taken)):
            words = f"{one['system']} knows {name} by this id."
            raise ExternalIdTaken(words, errors={f"external_ids[{position}].value": words})
