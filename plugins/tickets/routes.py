"""REST of the service desk."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.listing import Page
from kernel.api.rest import Rest
from kernel.context import CallContext
from plugins.tickets import boards, listing, materials, schemas, services

rest = Rest("tickets")
_TICKET = "/tickets/<uuid:ticket_id>"
_BOARD = "/boards/<uuid:board_id>"


@rest.get("/tickets", permission="ticket.read", query=schemas.TicketQuery, out=schemas.TicketPage)
def list_tickets(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List tickets"""
    return listing.list_tickets(ctx, query)


@rest.post("/tickets", permission="ticket.create", body=schemas.TicketIn, out=schemas.TicketOut)
def open_ticket(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Open a ticket"""
    return services.open_ticket(ctx, **body, origin="api")


@rest.get(_TICKET, permission="ticket.read", out=schemas.TicketOut)
def get_ticket(ctx: CallContext, ticket_id: UUID) -> Any:
    """Read a ticket"""
    return services.get_ticket(ctx, ticket_id)


@rest.patch(_TICKET, permission="ticket.update", body=schemas.TicketPatch, out=schemas.TicketOut, if_match=True)
def change_ticket(ctx: CallContext, ticket_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Change a ticket"""
    return services.change_ticket(ctx, ticket_id, body, version)


@rest.delete(_TICKET, permission="ticket.delete")
def delete_ticket(ctx: CallContext, ticket_id: UUID) -> None:
    """Delete a ticket that nothing depends on"""
    services.delete_ticket(ctx, ticket_id)


@rest.get(f"{_TICKET}/comments", permission="ticket.read", out=schemas.CommentList)
def list_comments(ctx: CallContext, ticket_id: UUID) -> Any:
    """List a ticket's comments"""
    services.get_ticket(ctx, ticket_id)
    return {"items": services.list_comments(ctx, ticket_id)}


@rest.post(f"{_TICKET}/comments", permission="ticket.update", body=schemas.CommentIn, out=schemas.CommentOut)
def add_comment(ctx: CallContext, ticket_id: UUID, body: dict[str, Any]) -> Any:
    """Comment on a ticket"""
    return services.add_comment(ctx, ticket_id, **body)


@rest.patch(f"{_TICKET}/comments/<uuid:comment_id>", permission="ticket.update", body=schemas.CommentPatch,
            out=schemas.CommentOut, if_match=True)  # fmt: skip
def change_comment(ctx: CallContext, ticket_id: UUID, comment_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Change one's own comment"""
    return services.change_comment(ctx, ticket_id, comment_id, body, version)


@rest.get(f"{_TICKET}/materials", permission="ticket.read", out=schemas.MaterialList)
def list_materials(ctx: CallContext, ticket_id: UUID) -> Any:
    """List the materials used on a ticket"""
    services.get_ticket(ctx, ticket_id)
    return {"items": materials.list_materials(ctx, ticket_id)}


@rest.post(f"{_TICKET}/materials", permission="ticket.update", body=schemas.MaterialIn, out=schemas.MaterialOut)
def add_material(ctx: CallContext, ticket_id: UUID, body: dict[str, Any]) -> Any:
    """Note a material used on a ticket"""
    return materials.add_material(ctx, ticket_id, **body)


@rest.patch(f"{_TICKET}/materials/<uuid:material_id>", permission="ticket.update", body=schemas.MaterialPatch,
            out=schemas.MaterialOut, if_match=True)  # fmt: skip
def change_material(ctx: CallContext, ticket_id: UUID, material_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Change an unbilled material"""
    return materials.change_material(ctx, ticket_id, material_id, body, version)


@rest.delete(f"{_TICKET}/materials/<uuid:material_id>", permission="ticket.update")
def delete_material(ctx: CallContext, ticket_id: UUID, material_id: UUID) -> None:
    """Take an unbilled material off a ticket"""
    materials.delete_material(ctx, ticket_id, material_id)


@rest.get("/ticket-priorities", permission="ticket.read", out=schemas.PriorityList)
def list_priorities(ctx: CallContext) -> Any:
    """List priorities"""
    return {"items": services.list_priorities(ctx)}


@rest.get("/boards", permission="ticket.read", out=schemas.BoardList)
def list_boards(ctx: CallContext) -> Any:
    """List boards"""
    return {"items": boards.list_boards(ctx)}


@rest.post("/boards", permission="ticket_settings.manage", body=schemas.BoardIn, out=schemas.BoardOut)
def add_board(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Set up a board"""
    return boards.add_board(ctx, **body)


@rest.get(_BOARD, permission="ticket.read", out=schemas.BoardOut)
def get_board(ctx: CallContext, board_id: UUID) -> Any:
    """Read a board"""
    return boards.get_board(ctx, board_id)


@rest.patch(_BOARD, permission="ticket_settings.manage", body=schemas.BoardPatch, out=schemas.BoardOut, if_match=True)
def change_board(ctx: CallContext, board_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Change a board"""
    return boards.change_board(ctx, board_id, body, version)


@rest.delete(_BOARD, permission="ticket_settings.manage")
def delete_board(ctx: CallContext, board_id: UUID) -> None:
    """Delete a board without tickets"""
    boards.delete_board(ctx, board_id)


@rest.get(f"{_BOARD}/statuses", permission="ticket.read", out=schemas.StatusList)
def list_statuses(ctx: CallContext, board_id: UUID) -> Any:
    """List a board's statuses"""
    boards.get_board(ctx, board_id)
    return {"items": boards.list_statuses(ctx, board_id)}


@rest.post(f"{_BOARD}/statuses", permission="ticket_settings.manage", body=schemas.StatusIn, out=schemas.StatusOut)
def add_status(ctx: CallContext, board_id: UUID, body: dict[str, Any]) -> Any:
    """Add a status to a board"""
    return boards.add_status(ctx, board_id, **body)


@rest.delete(f"{_BOARD}/statuses/<uuid:status_id>", permission="ticket_settings.manage")
def delete_status(ctx: CallContext, board_id: UUID, status_id: UUID) -> None:
    """Delete a status that no ticket has"""
    boards.delete_status(ctx, board_id, status_id)
