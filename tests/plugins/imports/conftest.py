"""A small room that loads firms and their people from files, as any plugin may; its rows are the kernel's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import select

from kernel.app import Kernel
from kernel.context import CallContext
from kernel.db import upsert
from kernel.directory.models import Client, Contact
from kernel.errors import Refused
from kernel.hookspecs import hookimpl
from kernel.hookspecs.transfer import Column, Importer, ImportRow, Resolver, RowError

FORBIDDEN = "Charlie & Sons"


class FirmRefused(Refused):
    code = "firm_refused"


def load_firms(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> Sequence[RowError]:
    """Refuses a firm by answer, one by raising, and lets the database refuse a third."""
    ids = resolver.claim("firm", [row.external_id for row in rows])
    upsert(
        ctx.session,
        Client,
        [
            {"id": ids[row.external_id], "name": row.values["name"], "currency": row.values["currency"][:2] + "R"}
            if row.values["name"] != "No currency"
            else {"id": ids[row.external_id], "name": "x", "currency": "E"}
            for row in rows
        ],
    )
    if any(row.values["name"] == "Raises" for row in rows):
        raise FirmRefused("This firm is on no list.", errors={"name": "Choose another."})
    return [RowError(row.line, "name", "We do not serve them.") for row in rows if row.values["name"] == FORBIDDEN]


def load_people(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> Sequence[RowError]:
    known = dict(ctx.session.execute(select(Contact.email_key, Contact.id)).all())
    met = {row.external_id: known[row.values["email"]] for row in rows if row.values["email"] in known}
    ids = resolver.claim("person", [row.external_id for row in rows], met)
    values = [
        {
            "id": ids[row.external_id],
            "client_id": row.values["firm"],
            "name": row.values["name"],
            "email": row.values["email"],
        }
        for row in rows
    ]
    upsert(ctx.session, Contact, values)
    return []


FIRMS = Importer(
    "firm",
    "firms.csv",
    1,
    (Column("name", required=True), Column("currency", "currency", required=True)),
    load_firms,
)
PEOPLE = Importer(
    "person",
    "people.csv",
    2,
    (
        Column("firm", "reference", required=True, refers_to="firm"),
        Column("name", required=True),
        Column("email", "email"),
        Column("car", "reference", refers_to="car"),
    ),
    load_people,
)


class Room:
    """What a plugin's `hooks` module is."""

    def __init__(self) -> None:
        self.importers = [PEOPLE, FIRMS]

    @hookimpl
    def register_importers(self) -> Sequence[Importer]:
        return self.importers


@pytest.fixture
def room(kernel: Kernel) -> Iterator[Any]:
    """The room, installed for the time of a test."""
    room = Room()
    kernel.plugins.manager.register(room, name="room-of-the-test")
    kernel.plugins._tenant_hooks.clear()
    yield room
    kernel.plugins.manager.unregister(room)
    kernel.plugins._tenant_hooks.clear()
