"""Rows of layouts for the house rules to knock with."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from uuid import UUID

from kernel.context import CallContext
from plugins.billing.layouts import choosing, images, store
from plugins.billing.layouts.schemas import PIXEL


def furnish_layouts(ctx: CallContext, client_id: UUID) -> Mapping[str, UUID]:
    """An own layout with two versions, one for a client; one that nobody has, to be deleted; a picture."""
    standard = next(one for one in store.find_layouts(ctx) if one.key == "compact")
    layout, lone = (store.clone_layout(ctx, standard.id, name) for name in ("Slim", "Spare layout"))
    document = store.document_of(ctx, layout)
    store.change_document(ctx, layout.id, {**document, "page": {**document["page"], "accent": "#123456"}})
    image = images.add_image(ctx, name="Logo", content=b64decode(PIXEL))
    choice = choosing.choose_layout(ctx, layout_id=layout.id, client_id=client_id, kind="credit_note")
    return {"layout_id": layout.id, "clone_of": standard.id, "DELETE invoice-layouts/layout_id": lone.id, "image_id": image.id,
            "choice_id": choice.id}  # fmt: skip
