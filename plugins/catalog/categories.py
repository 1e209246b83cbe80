"""Categories: the shelves of the catalog."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from kernel import audit
from kernel.context import CallContext
from kernel.deletion import refuse_if_needed
from kernel.directory.clients import apply_changes
from kernel.errors import InvalidInput
from kernel.hookspecs.directory import Blocker, Ref
from plugins.catalog.errors import CategoryNotFound, CategoryTaken
from plugins.catalog.models import Category, Item

KIND = "catalog.category"


def list_categories(ctx: CallContext) -> list[dict[str, Any]]:
    """Every category by name, with the number of its items."""
    count = select(func.count()).where(Item.tenant_id == Category.tenant_id, Item.category_id == Category.id)
    names = (Category.id, Category.version, Category.name, Category.created_at, Category.updated_at)
    found = select(*names, count.scalar_subquery().label("items")).order_by(Category.name_key)
    return [dict(row) for row in ctx.session.execute(found).mappings()]


def get_category(ctx: CallContext, category_id: UUID) -> Category:
    """One category. Raises CategoryNotFound."""
    category = ctx.session.scalar(select(Category).where(Category.id == category_id))
    if category is None:
        raise CategoryNotFound("There is no category with this id.")
    return category


def add_category(ctx: CallContext, *, name: str) -> Category:
    """Put up a shelf. Raises CategoryTaken."""
    category = Category(name=_checked(ctx, name))
    ctx.session.add(category)
    ctx.session.flush()
    audit.record(ctx, "category.added", kind=KIND, row_id=category.id, label=category.name)
    return category


def change_category(ctx: CallContext, category_id: UUID, changes: Mapping[str, Any], version: int | None = None) -> Category:
    """Rename a category. Raises CategoryTaken."""
    category = get_category(ctx, category_id)
    wanted = {**changes, "name": _checked(ctx, changes["name"], category_id)} if "name" in changes else dict(changes)
    apply_changes(ctx, category, wanted, version, kind=KIND, label=category.name)
    return category


def delete_category(ctx: CallContext, category_id: UUID) -> None:
    """Take down an empty shelf. Raises StillInUse."""
    category, ref = get_category(ctx, category_id), Ref(KIND, category_id)
    count = ctx.session.scalar(select(func.count()).where(Item.category_id == category_id)) or 0
    own = [Blocker(ref, "catalog_item", count, f"{count} catalog items")] if count else []
    refuse_if_needed(ctx, [ref], own, f"{category.name} cannot be deleted.", ["move the items"])
    ctx.session.delete(category)
    audit.record(ctx, "category.deleted", kind=KIND, row_id=category_id, label=category.name)


def name_categories(ctx: CallContext, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Names of categories, in one query."""
    return dict(ctx.session.execute(select(Category.id, Category.name).where(Category.id.in_(list(ids)))).all())


def meet_categories(ctx: CallContext, names: Sequence[str]) -> dict[str, UUID]:
    """The category of each name, whatever its case; those that are missing are put up."""
    keys = dict.fromkeys(name.strip().lower() for name in names)
    known = dict(ctx.session.execute(select(Category.name_key, Category.id).where(Category.name_key.in_(list(keys)))).all())
    for name in names:
        if (key := name.strip().lower()) not in known:
            known[key] = add_category(ctx, name=name).id
    return {name: known[name.strip().lower()] for name in names}


def _checked(ctx: CallContext, name: str, but: UUID | None = None) -> str:
    plain = name.strip()
    if not plain:
        raise InvalidInput(errors={"name": "A category needs a name."})
    if ctx.session.scalar(select(Category.id).where(Category.name_key == func.lower(plain), Category.id.is_distinct_from(but))):
        raise CategoryTaken(f"There is a category {plain} already.", errors={"name": "Another category is called so."})
    return plain
