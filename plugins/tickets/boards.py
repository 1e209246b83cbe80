"""Boards and their statuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from kernel import audit
from kernel.context import CallContext
from kernel.deletion import refuse_if_needed
from kernel.directory.clients import apply_changes
from kernel.errors import Conflict, Refused
from kernel.hookspecs.directory import Blocker, Ref
from plugins.tickets.errors import BoardNotFound, StatusNotOnBoard
from plugins.tickets.models import Board, Status, Ticket

STARTING_STATUSES = (
    ("New", False), ("In progress", False), ("Waiting for client", False), ("Resolved", True), ("Closed", True),
)  # fmt: skip


def get_board(ctx: CallContext, board_id: UUID) -> Board:
    """One board. Raises BoardNotFound."""
    board = ctx.session.scalar(select(Board).where(Board.id == board_id))
    if board is None:
        raise BoardNotFound("There is no board with this id.")
    return board


def list_boards(ctx: CallContext) -> list[Board]:
    """Boards, the default one first."""
    return list(ctx.session.scalars(select(Board).order_by(Board.is_default.desc(), Board.name)))


def list_statuses(ctx: CallContext, board_id: UUID | None = None) -> list[Status]:
    """Statuses of a board (or of all boards) in their order."""
    found = select(Status).order_by(Status.board_id, Status.position, Status.id)
    return list(ctx.session.scalars(found.where(Status.board_id == board_id) if board_id else found))


def add_board(ctx: CallContext, *, name: str, is_default: bool = False) -> Board:
    """Set up a board with the starting statuses. Raises Conflict for a used name."""
    if ctx.session.scalar(select(Board.id).where(Board.name == name)):
        raise Conflict("A board with this name exists.", errors={"name": "Used by another board."})
    if is_default:
        ctx.session.execute(update(Board).where(Board.is_default).values(is_default=False))
    board = Board(name=name, is_default=is_default)
    ctx.session.add(board)
    ctx.session.flush()
    for position, (status, closed) in enumerate(STARTING_STATUSES):
        ctx.session.add(Status(board_id=board.id, name=status, position=position, is_closed=closed, is_default=position == 0))
    ctx.session.flush()
    audit.record(ctx, "board.added", kind="board", row_id=board.id, label=name)
    return board


def change_board(ctx: CallContext, board_id: UUID, changes: Mapping[str, Any], version: int | None = None) -> Board:
    """Rename a board, switch it off, or make it the default."""
    board = get_board(ctx, board_id)
    if changes.get("is_default") and not board.is_default:
        ctx.session.execute(update(Board).where(Board.is_default).values(is_default=False))
    apply_changes(ctx, board, changes, version, kind="board", label=board.name)
    return board


def delete_board(ctx: CallContext, board_id: UUID) -> None:
    """Remove a board without tickets. Raises StillInUse; switching it off is the alternative."""
    board = get_board(ctx, board_id)
    if board.is_default:
        raise Refused("Make another board the default one first.")
    used = ctx.session.scalar(select(func.count()).where(Ticket.board_id == board_id)) or 0
    ref = Ref("ticket.board", board_id)
    own = [Blocker(ref, "ticket", used, f"{used} tickets")] if used else []
    refuse_if_needed(ctx, [ref], own, f"{board.name} cannot be deleted.", ["deactivate"])
    ctx.session.delete(board)
    audit.record(ctx, "board.deleted", kind="board", row_id=board_id, label=board.name)


def add_status(ctx: CallContext, board_id: UUID, *, name: str, is_closed: bool = False) -> Status:
    """Add a status at the end of a board's list. Raises Conflict for a used name."""
    statuses = list_statuses(ctx, get_board(ctx, board_id).id)
    if name in {one.name for one in statuses}:
        raise Conflict("The board has a status of this name.", errors={"name": "Used on this board."})
    position = max((one.position for one in statuses), default=-1) + 1
    status = Status(board_id=board_id, name=name, position=position, is_closed=is_closed, is_default=False)
    ctx.session.add(status)
    ctx.session.flush()
    return status


def delete_status(ctx: CallContext, board_id: UUID, status_id: UUID) -> None:
    """Remove a status that no ticket has. Raises StillInUse, and Refused for the one tickets begin with."""
    status = ctx.session.scalar(select(Status).where(Status.id == status_id, Status.board_id == board_id))
    if status is None:
        raise StatusNotOnBoard("This board has no such status.")
    if status.is_default:
        raise Refused("Tickets of this board begin with this status.")
    used = ctx.session.scalar(select(func.count()).where(Ticket.status_id == status_id)) or 0
    ref = Ref("ticket.status", status_id)
    own = [Blocker(ref, "ticket", used, f"{used} tickets")] if used else []
    refuse_if_needed(ctx, [ref], own, f"{status.name} cannot be deleted.", ["move its tickets"])
    ctx.session.delete(status)
