"""What layouts bring to billing's door."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from kernel.hookspecs.directory import Label, Ref
from plugins.billing.layouts import editor_pages, pages, routes
from plugins.billing.models import Layout, LayoutImage

if TYPE_CHECKING:
    from kernel.context import CallContext

RESTS = (routes.rest,)
PAGES = (pages.pages, editor_pages.pages)


def describe_layouts(ctx: CallContext, refs: Sequence[Ref]) -> dict[Ref, Label]:
    """Labels of layouts and their pictures."""
    return _labels(ctx, refs, "billing.layout", Layout, "/invoice-layouts/{}") | _labels(
        ctx, refs, "billing.layout_image", LayoutImage, "/invoice-layouts/images")  # fmt: skip


def _labels(ctx: CallContext, refs: Sequence[Ref], kind: str, table: Any, url: str) -> dict[Ref, Label]:
    ids = [ref.id for ref in refs if ref.kind == kind]
    rows = ctx.session.execute(select(table.id, table.name).where(table.id.in_(ids))) if ids else ()
    return {Ref(kind, row.id): Label(row.name, url.format(row.id)) for row in rows}
