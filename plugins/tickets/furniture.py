"""A ticket and what hangs on it, laid out for the house rules."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from kernel.context import CallContext
from plugins.tickets.boards import list_statuses
from plugins.tickets.materials import add_material
from plugins.tickets.services import add_comment, open_ticket

NEEDS = ("item_id",)


def furnish(ctx: CallContext, there: Mapping[str, UUID]) -> dict[str, UUID]:
    """A ticket with a comment and material, its board, status and priority."""
    ticket = open_ticket(ctx, client_id=there["client_id"], title="Printer on fire", assignee_id=there["user_id"])
    comment = add_comment(ctx, ticket.id, body="On my way")
    material = add_material(ctx, ticket.id, item_id=there["item_id"], quantity=Decimal(1))
    return {
        "ticket_id": ticket.id, "comment_id": comment.id, "material_id": material.id, "board_id": ticket.board_id,
        "tickets/status_id": ticket.status_id,
        "status_id": list_statuses(ctx, ticket.board_id)[-1].id, "priority_id": ticket.priority_id,
    }  # fmt: skip
