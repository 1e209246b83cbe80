"""An entry, laid out for the house rules: they knock at every address of this room with it."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from deskhand_wishlist import services
from kernel.context import CallContext


def furnish(ctx: CallContext, there: Mapping[str, UUID]) -> dict[str, UUID]:
    """An entry about the client, by the name that addresses have for it."""
    return {"entry_id": services.add_entry(ctx, client_id=there["client_id"], title="Likes to be called").id}
