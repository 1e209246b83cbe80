"""What clients see of the seller beyond paper: the name and logo that stand on their invoices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import select

from kernel.hookspecs.papers import Letterhead
from plugins.billing.layouts.choosing import instead_of
from plugins.billing.layouts.document import every_block
from plugins.billing.models import LayoutImage, LayoutVersion
from plugins.billing.parties import seller_now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kernel.context import CallContext


def letterhead_of(ctx: CallContext, client_id: UUID) -> Letterhead:
    """Name and logo by the layout that prints a client's invoices now; without a logo where the layout has no picture, or is
    printed by code.
    """
    name = str(seller_now(ctx)["name"])
    version = LayoutVersion.id == instead_of(ctx, client_id, "invoice")
    wanted = _logo_of(ctx.session.scalars(select(LayoutVersion.document).where(version)).one())
    image = ctx.session.scalar(select(LayoutImage).where(LayoutImage.id == wanted)) if wanted else None
    return Letterhead(name, image.file_key, image.content_type) if image else Letterhead(name)


def _logo_of(document: Mapping[str, Any]) -> UUID | None:
    """The picture of the letterhead, else the first one that is printed."""
    pictures = [one for one in every_block(document) if one.get("image")] if "blocks" in document else []
    pictures.sort(key=lambda one: one["kind"] != "letterhead")
    return UUID(str(pictures[0]["image"])) if pictures else None
