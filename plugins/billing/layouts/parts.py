"""What layouts bring to billing's door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

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


def _labels(ctx: CallContext, refs: Sequence[Ref], kind: str, table: type[Layout | LayoutImage], url: str) -> dict[Ref, Label]:
    ids = [ref.id for ref in refs if ref.kind == kind]
    if not ids:
        return {}
    names: Mapping[UUID, str] = {row.id: row.name for row in ctx.session.scalars(select(table).where(table.id.in_(ids)))}
    return {Ref(kind, one): Label(name, url.format(one)) for one, name in names.items()}
