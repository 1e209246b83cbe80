"""Items that other rooms want in the catalog."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kernel.context import CallContext
from kernel.errors import DeskhandError
from kernel.hookspecs.pricing import ItemWanted
from plugins.catalog.services import add_item

_LONGEST = {"name": 255, "sku": 100}


def add_items(ctx: CallContext, items: Sequence[ItemWanted]) -> list[UUID | str]:
    """Put them in, each by itself: its id, or in words why it cannot be."""
    return [_add(ctx, one) for one in items]


def _add(ctx: CallContext, wanted: ItemWanted) -> UUID | str:
    too_long = [name for name, most in _LONGEST.items() if len(getattr(wanted, name) or "") > most]
    if too_long:
        return " ".join(f"The {name} has more than {_LONGEST[name]} characters." for name in too_long)
    prices = [{"currency": wanted.currency, "amount": wanted.price}] if wanted.price is not None and wanted.currency else []
    try:
        with ctx.session.begin_nested():
            return add_item(ctx, name=wanted.name, kind=wanted.kind, billing_method="per_unit", sku=wanted.sku, prices=prices,
                            tax_category=wanted.tax_category, description=wanted.description).id  # fmt: skip
    except DeskhandError as error:
        return " ".join(error.errors.values()) or error.detail
