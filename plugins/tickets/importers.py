"""What the service desk loads from files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from kernel.context import CallContext
from kernel.db import upsert
from kernel.directory.models import Contact, User
from kernel.hookspecs.transfer import Column, Importer, ImportRow, Resolver, RowError
from plugins.tickets.models import Board, Comment, Counter, Material, Priority, Status, Ticket

_ORIGINS = {"internal": "internal", "client_portal": "portal", "inbound_email": "email", "api": "api"}


def _met(resolver: Resolver, kind: str, rows: Sequence[ImportRow], known: dict[Any, UUID],
         key: Callable[[ImportRow], Any]) -> dict[str, UUID]:  # fmt: skip
    """Ids for the rows: those remembered, those met by their natural key, and new ones."""
    externals = [row.external_id for row in rows]
    remembered = resolver.resolve(kind, externals)
    met = {row.external_id: known[key(row)] for row in rows if row.external_id not in remembered and key(row) in known}
    resolver.remember(kind, met)
    return dict(resolver.claim(kind, externals))


def load_boards(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Boards by name; one that asks to be the default takes that from the board before."""
    known = {one.name: one.id for one in ctx.session.scalars(select(Board))}
    ids = _met(resolver, "ticket_board", rows, known, lambda row: row.values["name"])
    chosen = next((ids[row.external_id] for row in rows if row.values["is_default"]), None)
    if chosen is not None:
        ctx.session.execute(update(Board).where(Board.is_default).values(is_default=False))
    upsert(ctx.session, Board, [
        {"id": ids[row.external_id], "name": row.values["name"], "is_default": ids[row.external_id] == chosen}
        for row in rows
    ])  # fmt: skip
    return []


def load_statuses(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Statuses by board and name; a board's default is where its tickets begin."""
    known = {(one.board_id, one.name): one.id for one in ctx.session.scalars(select(Status))}
    ids = _met(resolver, "ticket_status", rows, known, lambda row: (row.values["board"], row.values["name"]))
    wrong = [RowError(row.line, "is_default", "Tickets cannot begin in a closed status.")
             for row in rows if row.values["is_default"] and row.values["is_closed"]]  # fmt: skip
    if wrong:
        return wrong
    boards = {row.values["board"] for row in rows if row.values["is_default"]}
    ctx.session.execute(update(Status).where(Status.board_id.in_(boards)).values(is_default=False))
    upsert(ctx.session, Status, [
        {"id": ids[row.external_id], "board_id": row.values["board"], "name": row.values["name"],
         "position": row.values["position"], "is_closed": bool(row.values["is_closed"]),
         "is_default": bool(row.values["is_default"])}
        for row in rows
    ])  # fmt: skip
    return []


def load_priorities(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Priorities by name; `position` 1 is the most urgent."""
    known = {one.name: one.id for one in ctx.session.scalars(select(Priority))}
    ids = _met(resolver, "ticket_priority", rows, known, lambda row: row.values["name"])
    wrong = [RowError(row.line, "position", "Give a number from 1 (most urgent) to 5.")
             for row in rows if not 1 <= row.values["position"] <= 5]  # fmt: skip
    if not wrong:
        upsert(ctx.session, Priority, [
            {"id": ids[row.external_id], "name": row.values["name"], "level": row.values["position"]} for row in rows
        ])  # fmt: skip
    return wrong


def load_tickets(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Tickets with the numbers they had; the tenant's counter goes on after the highest."""
    ids = resolver.claim("ticket", [row.external_id for row in rows])
    statuses = {one.id: one for one in ctx.session.scalars(select(Status))}
    wrong = [error for row in rows for error in _ticket_errors(row, statuses)]
    wrong += _taken_numbers(ctx, rows, ids)
    if wrong:
        return wrong
    upsert(ctx.session, Ticket, [_ticket(row, ids[row.external_id], statuses[row.values["status"]]) for row in rows])
    highest = max(int(row.values["number"]) for row in rows)
    ctx.session.execute(
        update(Counter).values(last_number=func.greatest(Counter.last_number, highest))
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    return []


def _ticket_errors(row: ImportRow, statuses: dict[UUID, Status]) -> Iterable[RowError]:
    if not row.values["number"].isdecimal() or len(row.values["number"]) > 9:
        yield RowError(row.line, "number", "A ticket number has up to nine digits and nothing else.")
    if len(row.values["title"]) > 255:
        yield RowError(row.line, "title", "A title has at most 255 characters.")
    if statuses[row.values["status"]].board_id != row.values["board"]:
        yield RowError(row.line, "status", "This status belongs to another board.")


def _taken_numbers(ctx: CallContext, rows: Sequence[ImportRow], ids: Any) -> list[RowError]:
    digits = {int(row.values["number"]): row for row in rows if row.values["number"].isdecimal()}
    found = ctx.session.execute(select(Ticket.number, Ticket.id).where(Ticket.number.in_(list(digits))))
    return [
        RowError(digits[number].line, "number", f"Ticket number {number} is another ticket's here.")
        for number, ticket_id in found
        if ids[digits[number].external_id] != ticket_id
    ]


def _ticket(row: ImportRow, ticket_id: UUID, status: Status) -> dict[str, Any]:
    values = row.values
    closed_at = (values["closed_at"] or values["opened_at"]) if status.is_closed else None
    return {
        "id": ticket_id, "number": int(values["number"]), "title": values["title"],
        "description": values["description"] or "", "client_id": values["client"], "location_id": values["location"],
        "contact_id": values["contact"], "board_id": values["board"], "status_id": values["status"],
        "priority_id": values["priority"], "assignee_id": values["assigned_to"], "team_id": values["team"],
        "due_on": values["due_at"].date() if values["due_at"] else None, "origin": _ORIGINS[values["origin"]],
        "is_closed": status.is_closed, "closed_at": closed_at, "created_at": values["opened_at"],
    }  # fmt: skip


def load_comments(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Comments of staff or of contacts."""
    wrong = [RowError(row.line, "author_user", "Name an author: either a user or a contact, not both.")
             for row in rows if (row.values["author_user"] is None) == (row.values["author_contact"] is None)]  # fmt: skip
    if wrong:
        return wrong
    ids = resolver.claim("ticket_comment", [row.external_id for row in rows])
    names = _author_names(ctx, rows)
    upsert(ctx.session, Comment, [_comment(row, ids[row.external_id], names) for row in rows])
    return []


def _author_names(ctx: CallContext, rows: Sequence[ImportRow]) -> dict[UUID, str]:
    names: dict[UUID, str] = {}
    for table, column in ((User, "author_user"), (Contact, "author_contact")):
        wanted = {row.values[column] for row in rows if row.values[column]}
        names |= {one.id: one.name for one in ctx.session.execute(select(table.id, table.name).where(table.id.in_(wanted)))}
    return names


def _comment(row: ImportRow, comment_id: UUID, names: dict[UUID, str]) -> dict[str, Any]:
    values = row.values
    author = values["author_user"] or values["author_contact"]
    return {
        "id": comment_id, "ticket_id": values["ticket"], "body": values["body"], "created_at": values["posted_at"],
        "internal": values["visibility"] == "internal", "is_resolution": bool(values["is_resolution"]),
        "author_kind": "user" if values["author_user"] else "contact", "author_id": author, "author_name": names[author],
    }  # fmt: skip


def load_materials(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Materials used on tickets; what is billed already stays as it was billed."""
    ids = resolver.claim("ticket_material", [row.external_id for row in rows])
    known = select(Material.id, Material.invoice_id).where(Material.id.in_(ids.values())).with_for_update()
    billed = {material_id for material_id, invoice_id in ctx.session.execute(known) if invoice_id is not None}
    clients = dict(ctx.session.execute(
        select(Ticket.id, Ticket.client_id).where(Ticket.id.in_({row.values["ticket"] for row in rows}))
    ).all())  # fmt: skip
    items = ctx.hooks.get_items(ctx=ctx, item_ids=list({row.values["item"] for row in rows}))
    wrong = [RowError(row.line, "quantity", "Give more than zero.") for row in rows if row.values["quantity"] <= 0]
    if not wrong:
        upsert(ctx.session, Material, [
            {"id": ids[row.external_id], "ticket_id": row.values["ticket"], "client_id": clients[row.values["ticket"]],
             "item_id": row.values["item"], "quantity": row.values["quantity"], "rate": row.values["unit_price"],
             "description": row.values["description"] or items[row.values["item"]].name,
             "currency": row.values["currency"], "used_on": row.values["used_on"]}
            for row in rows if ids[row.external_id] not in billed
        ])  # fmt: skip
    return wrong


def _required(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, required=True) for name in names)


def _to(name: str, kind: str, *, required: bool = False) -> Column:
    return Column(name, "reference", required=required, refers_to=kind)


IMPORTERS = (
    Importer("ticket_board", "ticket_boards.csv", 160, (
        *_required("name"), Column("description"), Column("position", "integer"), Column("is_default", "boolean"),
    ), load_boards, "Boards"),
    Importer("ticket_status", "ticket_statuses.csv", 170, (
        _to("board", "ticket_board", required=True), *_required("name"), Column("position", "integer", required=True),
        Column("is_closed", "boolean"), Column("is_default", "boolean"),
    ), load_statuses, "Ticket statuses"),
    Importer("ticket_priority", "ticket_priorities.csv", 180, (
        *_required("name"), Column("position", "integer", required=True), Column("color"),
    ), load_priorities, "Ticket priorities"),
    Importer("ticket", "tickets.csv", 190, (
        *_required("number", "title"), _to("client", "client", required=True), _to("location", "location"),
        _to("contact", "contact"), _to("board", "ticket_board", required=True), _to("status", "ticket_status", required=True),
        _to("priority", "ticket_priority", required=True), _to("assigned_to", "user"), _to("team", "team"),
        Column("origin", "enum", required=True, choices=tuple(_ORIGINS)), Column("opened_at", "datetime", required=True),
        Column("closed_at", "datetime"), Column("due_at", "datetime"), Column("description", max_length=20_000),
    ), load_tickets, "Tickets"),
    Importer("ticket_comment", "ticket_comments.csv", 200, (
        _to("ticket", "ticket", required=True), _to("author_user", "user"), _to("author_contact", "contact"),
        Column("posted_at", "datetime", required=True),
        Column("visibility", "enum", required=True, choices=("internal", "public")),
        Column("is_resolution", "boolean"), Column("body", required=True, max_length=20_000),
    ), load_comments, "Ticket comments"),
    Importer("ticket_material", "ticket_materials.csv", 210, (
        _to("ticket", "ticket", required=True), _to("item", "catalog_item", required=True),
        Column("quantity", "decimal", required=True), Column("currency", "currency", required=True),
        Column("unit_price", "money", required=True), Column("used_on", "date", required=True), Column("description"),
    ), load_materials, "Ticket materials"),
)  # fmt: skip
