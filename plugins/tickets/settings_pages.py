"""Web pages for the desk's settings: boards and their statuses."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.context import CallContext
from kernel.web.i18n import gettext as _
from kernel.web.pages import Pages, redirect_to, render
from plugins.tickets import boards, schemas

pages = Pages("tickets")


@pages.get("/boards", permission="ticket_settings.manage")
def all_boards(ctx: CallContext) -> ResponseReturnValue:
    return render("tickets/boards.html", boards=boards.list_boards(ctx))


@pages.form("/boards/new", permission="ticket_settings.manage", schema=schemas.BoardIn, template="tickets/board_form.html")
def new_board(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    added = boards.add_board(ctx, **data)
    return redirect_to(f"/boards/{added.id}", toast=_("Board added."))


@pages.get("/boards/<uuid:board_id>", permission="ticket_settings.manage")
def board(ctx: CallContext, board_id: UUID) -> ResponseReturnValue:
    return render("tickets/board.html", board=boards.get_board(ctx, board_id), statuses=boards.list_statuses(ctx, board_id))


@pages.post("/boards/<uuid:board_id>/default", permission="ticket_settings.manage")
def make_default(ctx: CallContext, board_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    boards.change_board(ctx, board_id, {"is_default": True})
    return redirect_to(f"/boards/{board_id}", toast=_("New tickets go to this board."))


@pages.post("/boards/<uuid:board_id>/delete", permission="ticket_settings.manage")
def delete_board(ctx: CallContext, board_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    boards.delete_board(ctx, board_id)
    return redirect_to("/boards", toast=_("Board deleted."))


@pages.post("/boards/<uuid:board_id>/statuses", permission="ticket_settings.manage", schema=schemas.StatusIn)
def add_status(ctx: CallContext, board_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    boards.add_status(ctx, board_id, **data)
    return redirect_to(f"/boards/{board_id}", toast=_("Status added."))


@pages.post("/boards/<uuid:board_id>/statuses/<uuid:status_id>/delete", permission="ticket_settings.manage")
def delete_status(ctx: CallContext, board_id: UUID, status_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    boards.delete_status(ctx, board_id, status_id)
    return redirect_to(f"/boards/{board_id}", toast=_("Status deleted."))
