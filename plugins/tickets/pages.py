"""Web pages of the service desk."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.api.listing import every_row
from kernel.context import CallContext
from kernel.directory import clients, staff
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.i18n import ngettext
from kernel.web.pages import Pages, csv_download, redirect_to, render, render_options
from plugins.tickets import boards, listing, materials, schemas, services

pages = Pages("tickets")
OPEN_STATES = {"false": (_l("Open"), "info"), "true": (_l("Closed"), "done")}


@pages.get("/tickets", permission="ticket.read", query=schemas.TicketQuery)
def tickets(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    return render(
        "tickets/list.html", page=listing.list_tickets(ctx, query, request.args.get("q", "")), states=OPEN_STATES, **_choices(ctx)
    )


@pages.get("/tickets.csv", permission="ticket.read", query=schemas.TicketQuery)
def tickets_csv(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    words = request.args.get("q", "")
    columns = ("number", "title", "client_name", "status_name", "priority_name", "assignee_name", "created_at")
    rows = every_row(lambda wanted: listing.list_tickets(ctx, wanted, words), query)
    return csv_download("tickets.csv", columns, ([row[name] for name in columns] for row in rows))


@pages.get("/tickets/<uuid:ticket_id>", permission="ticket.read")
def ticket(ctx: CallContext, ticket_id: UUID) -> ResponseReturnValue:
    row = services.get_ticket(ctx, ticket_id)
    return render(
        "tickets/detail.html",
        ticket=row,
        comments=services.list_comments(ctx, ticket_id),
        materials=materials.list_materials(ctx, ticket_id),
        statuses=boards.list_statuses(ctx, row.board_id),
        status=next(one for one in boards.list_statuses(ctx, row.board_id) if one.id == row.status_id),
        priority=next(one for one in services.list_priorities(ctx) if one.id == row.priority_id),
        board=boards.get_board(ctx, row.board_id),
    )


def _choices(ctx: CallContext) -> dict[str, Any]:
    """The choices of filters: boards, statuses with their board's name, priorities, people."""
    names = {one.id: one.name for one in boards.list_boards(ctx)}
    several = len(names) > 1
    return {
        "boards": list(names.items()),
        "board_statuses": [
            (one.id, f"{names[one.board_id]}: {one.name}" if several else one.name) for one in boards.list_statuses(ctx)
        ],
        "priorities": [(one.id, one.name) for one in services.list_priorities(ctx)],
        "people": [(one.id, one.name) for one in staff.list_users(ctx)],
    }


def _form_choices(ctx: CallContext, ticket_id: UUID | None = None) -> dict[str, Any]:
    row = services.get_ticket(ctx, ticket_id) if ticket_id else None
    places = clients.list_locations(ctx, row.client_id) if row else []
    people = clients.list_contacts(ctx, row.client_id) if row else []
    return _choices(ctx) | {
        "ticket": row,
        "locations": [(one.id, one.name) for one in places],
        "contacts": [(one.id, one.name) for one in people],
        "teams": [(one.id, one.name) for one in staff.list_teams(ctx)],
        "statuses": [(one.id, one.name) for one in boards.list_statuses(ctx, row.board_id)] if row else [],
    }


@pages.form("/tickets/new", permission="ticket.create", schema=schemas.TicketIn, template="tickets/form.html",
            context=_form_choices)  # fmt: skip
def new_ticket(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    opened = services.open_ticket(ctx, **data)
    return redirect_to(f"/tickets/{opened.id}", toast=_("Ticket #%(number)s opened.", number=opened.number))


@pages.form("/tickets/<uuid:ticket_id>/edit", permission="ticket.update", schema=schemas.TicketPatch,
            template="tickets/form.html", initial=services.get_ticket, context=_form_choices, if_match=True)  # fmt: skip
def edit_ticket(ctx: CallContext, ticket_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    services.change_ticket(ctx, ticket_id, data, version)
    return redirect_to(f"/tickets/{ticket_id}", toast=_("Saved."))


@pages.post("/tickets/<uuid:ticket_id>/status", permission="ticket.update")
def set_status(ctx: CallContext, ticket_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    services.change_ticket(ctx, ticket_id, {"status_id": UUID(form["status_id"])})
    return redirect_to(f"/tickets/{ticket_id}", toast=_("Status changed."))


@pages.post("/tickets/<uuid:ticket_id>/take", permission="ticket.update")
def take(ctx: CallContext, ticket_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    services.change_ticket(ctx, ticket_id, {"assignee_id": ctx.actor.user_id})
    return redirect_to(f"/tickets/{ticket_id}", toast=_("The ticket is yours."))


@pages.post("/tickets/<uuid:ticket_id>/close", permission="ticket.update")
def close(ctx: CallContext, ticket_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    services.close_ticket(ctx, ticket_id)
    return redirect_to(f"/tickets/{ticket_id}", toast=_("Ticket closed."), undo=f"/tickets/{ticket_id}/reopen")


@pages.post("/tickets/<uuid:ticket_id>/reopen", permission="ticket.update")
def reopen(ctx: CallContext, ticket_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    services.reopen_ticket(ctx, ticket_id)
    return redirect_to(f"/tickets/{ticket_id}", toast=_("Ticket reopened."))


@pages.post("/tickets/close", permission="ticket.update", schema=schemas.Ticked)
def close_many(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    for ticket_id in data["ids"]:
        services.close_ticket(ctx, ticket_id)
    return redirect_to("/tickets", toast=ngettext("%(num)d ticket closed.", "%(num)d tickets closed.", len(data["ids"])))


@pages.post("/tickets/<uuid:ticket_id>/delete", permission="ticket.delete")
def delete(ctx: CallContext, ticket_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    services.delete_ticket(ctx, ticket_id)
    return redirect_to("/tickets", toast=_("Ticket deleted."))


@pages.post("/tickets/<uuid:ticket_id>/comments", permission="ticket.update", schema=schemas.CommentIn)
def comment(ctx: CallContext, ticket_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    services.add_comment(ctx, ticket_id, **data)
    return redirect_to(f"/tickets/{ticket_id}", toast=_("Comment added."))


def _material_context(ctx: CallContext, ticket_id: UUID) -> dict[str, Any]:
    row = services.get_ticket(ctx, ticket_id)
    return {"ticket": row, "currency": clients.get_client(ctx, row.client_id).currency}


@pages.form("/tickets/<uuid:ticket_id>/materials/new", permission="ticket.update", schema=schemas.MaterialIn,
            template="tickets/material.html", context=_material_context)  # fmt: skip
def new_material(ctx: CallContext, ticket_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    materials.add_material(ctx, ticket_id, **data)
    return redirect_to(f"/tickets/{ticket_id}", toast=_("Material added."))


@pages.post("/tickets/<uuid:ticket_id>/materials/<uuid:material_id>/delete", permission="ticket.update")
def remove_material(ctx: CallContext, ticket_id: UUID, material_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    materials.delete_material(ctx, ticket_id, material_id)
    return redirect_to(f"/tickets/{ticket_id}", toast=_("Material removed."))


@pages.get("/tickets/of-client/<uuid:client_id>", permission="ticket.read")
def of_client(ctx: CallContext, client_id: UUID) -> ResponseReturnValue:
    clients.get_client(ctx, client_id)
    return render(
        "tickets/panel.html", page=listing.list_tickets(ctx, {"client_id": client_id, "limit": 25}), client_id=client_id
    )


@pages.get("/tickets/card", permission="ticket.read")
def card(ctx: CallContext) -> ResponseReturnValue:
    mine = {"assignee_id": ctx.actor.user_id, "is_closed": False, "limit": 6}
    return render(
        "tickets/card.html",
        page=listing.list_tickets(ctx, mine),
        open_count=listing.count_open(ctx),
        mine_count=listing.count_open(ctx, assignee_id=ctx.actor.user_id),
    )


@pages.get("/tickets/pick", permission="ticket.read")
def pick(ctx: CallContext) -> ResponseReturnValue:
    found = listing.find_tickets(ctx, request.args.get("q", ""), 12)
    return render_options((row["id"], f"#{row['number']} {row['title']}", row["client_name"]) for row in found)
