"""Furniture: rows of every kind that a tenant's rooms keep, so that the house rules have something real to knock with.

A room lays out its own in `furniture.py` of its package, wherever that comes from: `furnish(ctx, there)` makes the rows
through the room's services and returns their ids by the name that the room's addresses and bodies have for them.
`there` holds what was laid out before; `NEEDS` names what of it the room cannot do without. Where one name means rows of
two kinds, the first word of the address or all its words are put before it, `invoices/line_id`; where one method needs a
row of its own, that as well: `PATCH invoices/invoice_id`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING
from uuid import UUID

from kernel import auth, jobs
from kernel.context import CallContext
from kernel.directory import clients, staff
from kernel.jobs.schedules import add_schedule
from kernel.plugins import Plugin

if TYPE_CHECKING:
    from house.stage import World
    from house.walk import Door

KERNEL = "kernel"


@dataclass(frozen=True, slots=True)
class Rows:
    """A tenant's rows: for each room, ids by the names that its doors have for them."""

    of: Mapping[str, Mapping[str, UUID]]

    def find(self, door: Door, name: str) -> UUID | None:
        """The row that a parameter or field of a door means: of its own room, else of the kernel's or another's."""
        rooms = [door.plugin, KERNEL, *self.of]
        names = (f"{door.method} {door.noun}/{name}", f"{door.words}/{name}", f"{door.noun}/{name}", name)
        return next((self.of[room][one] for room in rooms for one in names if one in self.of.get(room, {})), None)

    def ids(self, door: Door) -> dict[str, UUID]:
        """The rows that a door's address means. Raises KeyError naming the parameter that has none."""
        found = {name: self.find(door, name) for name in door.parameters}
        for name, row in found.items():
            if row is None:
                raise KeyError(f"{door}: no furniture has a row for {name}; lay one out in {door.plugin}'s furniture.py")
        return {name: row for name, row in found.items() if row is not None}


def furnish(world: World) -> Rows:
    """Lay out the kernel's nouns and every installed room, each after those whose rows it needs."""
    with world.call() as ctx:
        made = {KERNEL: _nouns(ctx)}
        waiting = {plugin.name: found for plugin in ctx.kernel.plugins.installed.values() if (found := _furniture(plugin))}
        while waiting:
            there = {name: row for rows in made.values() for name, row in rows.items()}
            ready = [name for name, found in waiting.items() if set(getattr(found, "NEEDS", ())) <= there.keys()]
            assert ready, f"nobody lays out what {', '.join(waiting)} need"
            made |= {name: waiting.pop(name).furnish(ctx, there) for name in ready}
    return Rows(made)


def _furniture(plugin: Plugin) -> ModuleType | None:
    name = f"{plugin.package}.furniture"
    return importlib.import_module(name) if find_spec(name) else None


def _nouns(ctx: CallContext) -> dict[str, UUID]:
    """What every room says: a client with a place and a person; people, teams and roles; keys, sessions and work."""
    user = staff.add_user(ctx, name="Erin", email=f"erin@{ctx.tenant.slug}.example", roles=["technician"])
    client = clients.add_client(ctx, name="Contoso", billing_email="pay@contoso.example", account_manager_id=user.id)
    location = clients.add_location(ctx, client_id=client.id, name="Head office", country="DE")
    contact = clients.add_contact(ctx, client_id=client.id, name="Dana", email=f"dana@{ctx.tenant.slug}.example")
    role, team = staff.add_role(ctx, name="Auditors"), staff.add_team(ctx, name="Night shift", members=[user.id])
    people = {"user_id": user.id, "account_manager_id": user.id, "assignee_id": user.id, "members": user.id, "leads": user.id}
    return {
        "client_id": client.id, "location_id": location.id, "contact_id": contact.id, **people,
        "role_id": role.id, "role_ids": role.id, "team_id": team.id, "audit-entries/row_id": client.id, **_doings(ctx),
    }  # fmt: skip


def _doings(ctx: CallContext) -> dict[str, UUID]:
    """A session and a key of who acts, a job that waits, a schedule."""
    me = ctx.actor.user_id
    assert me
    auth.sign_in(ctx, staff.get_user(ctx, me))
    key, _ = auth.create_api_key(ctx, name="Report", user_id=me)
    kind = min(ctx.kernel.jobs)
    schedule = add_schedule(ctx, name="At night", job=kind, cron="0 3 * * *")
    job_id, session = jobs.enqueue(ctx, kind, key="furniture"), auth.list_sessions(ctx, me)[0]
    return {"actor_id": me, "session_id": session.id, "key_id": key.id, "job_id": job_id, "schedule_id": schedule.id}
