"""Labels of catalog items, and palette entries for them."""

from __future__ import annotations

from collections.abc import Sequence

from kernel.context import CallContext
from kernel.hookspecs.directory import Label, Ref
from kernel.hookspecs.screen import PaletteEntry
from plugins.catalog.services import describe_items, find_facts


def describe(ctx: CallContext, refs: Sequence[Ref]) -> dict[Ref, Label]:
    """Names of items."""
    ids = [ref.id for ref in refs if ref.kind == "catalog.item"]
    names = describe_items(ctx, ids) if ids else {}
    return {Ref("catalog.item", one): Label(name, f"/catalog/{one}") for one, name in names.items()}


def palette(ctx: CallContext, text: str) -> list[PaletteEntry]:
    """Items that the text may mean."""
    if len(text.strip()) < 2 or not ctx.actor.may("catalog.read"):
        return []
    return [PaletteEntry(one.name, f"/catalog/{one.id}", "Catalog") for one in find_facts(ctx, text, (), 6)]
