from __future__ import annotations

import threading
from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy import select, update

from kernel.api.listing import Page, paginate
from kernel.api.rest import FastJson, Rest
from kernel.app import Kernel
from kernel.context import CallContext
from kernel.directory.models import Client
from kernel.errors import NotFound, PreconditionFailed, Refused
from kernel.gate import PUBLIC, SIGNED_IN
from tests.kernel.api_room.schemas import GadgetIn, GadgetOut, GadgetPage, GadgetPatch, GadgetQuery

rest = Rest("gadgets")
entered, leave = threading.Event(), threading.Event()
"""For stories of two requests at once: a slow view says that it runs, and waits to be let go."""
SORTABLE = {"created_at": Client.created_at, "updated_at": Client.updated_at, "name": Client.name, "phone": Client.phone}
LISTED = select(Client.id, Client.name, Client.currency, Client.phone, Client.created_at, Client.updated_at)


def get_gadget(ctx: CallContext, gadget_id: UUID) -> Client:
    row = ctx.session.scalar(select(Client).where(Client.id == gadget_id))
    if row is None:
        raise NotFound("No such gadget.")
    return row


@rest.get("/gadgets", permission="gadget.read", query=GadgetQuery, out=GadgetPage)
def list_gadgets(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List gadgets."""
    return paginate(ctx, LISTED, query, sortable=SORTABLE, default="-created_at",
                    filters={"account_manager_id": Client.account_manager_id})  # fmt: skip


@rest.post("/gadgets", permission="gadget.write", body=GadgetIn, out=GadgetOut)
def add_gadget(ctx: CallContext, body: dict[str, Any]) -> Client:
    """Add a gadget.

    Its parts are read and forgotten.
    """
    row = Client(name=body["name"], currency=body["currency"], phone=body.get("phone"))
    ctx.session.add(row)
    return row


@rest.get("/gadgets/<uuid:gadget_id>", permission="gadget.read", out=GadgetOut)
def show_gadget(ctx: CallContext, gadget_id: UUID) -> Client:
    """Show a gadget."""
    return get_gadget(ctx, gadget_id)


@rest.patch("/gadgets/<uuid:gadget_id>", permission="gadget.write", body=GadgetPatch, out=GadgetOut, if_match=True)
def change_gadget(ctx: CallContext, gadget_id: UUID, body: dict[str, Any], version: int | None) -> Client:
    """Change a gadget."""
    row = get_gadget(ctx, gadget_id)
    if version not in (None, row.version):
        raise PreconditionFailed
    for name, value in body.items():
        setattr(row, name, value)
    return row


@rest.delete("/gadgets/<uuid:gadget_id>", permission="gadget.write")
def remove_gadget(ctx: CallContext, gadget_id: UUID) -> None:
    """Remove a gadget."""
    ctx.session.delete(get_gadget(ctx, gadget_id))


@rest.post("/gadgets/<uuid:gadget_id>/rename-and-fail", permission="gadget.write")
def rename_and_fail(ctx: CallContext, gadget_id: UUID) -> None:
    """Change the gadget, then refuse."""
    ctx.session.execute(update(Client).where(Client.id == gadget_id).values(name="renamed"))
    raise Refused("Not today.")


@rest.post("/gadgets/slow", permission="gadget.write", body=GadgetIn, out=GadgetOut)
def add_slowly(ctx: CallContext, body: dict[str, Any]) -> Client:
    """Add a gadget when the test lets it."""
    entered.set()
    leave.wait(10)
    return add_gadget(ctx, body)


@rest.post("/gadgets/upload", permission="gadget.write", status=200)
def upload(ctx: CallContext) -> dict[str, str]:
    """Read a form."""
    return request.form.to_dict()


@rest.post("/gadgets/unstorable", permission="gadget.write")
def unstorable(ctx: CallContext) -> Response:
    """Change something, and answer in a way that cannot be kept."""
    add_gadget(ctx, {"name": "Router", "currency": "EUR"})
    return Response("x", headers={"Location": "/a\0b"})


@rest.post("/gadgets/crash", permission="gadget.write")
def crash(ctx: CallContext) -> None:
    """Fail as no one foresaw."""
    raise RuntimeError("secret detail of the inside")


@rest.post("/gadgets/number", permission="gadget.write", status=200)
def overflow(ctx: CallContext) -> None:
    """Ask the database for more than it can hold."""
    ctx.session.execute(update(Client).values(version=2**40))


@rest.get("/gadgets/fast", permission="gadget.read")
def fast(ctx: CallContext) -> FastJson:
    """Answer ready rows."""
    return FastJson([{"at": ctx.now()}])


@rest.get("/gadgets/file", permission="gadget.read")
def file(ctx: CallContext) -> Response:
    """Answer something that is not JSON."""
    return Response(b"a,b\n", mimetype="text/csv")


@rest.get("/gadgets/mine", permission=SIGNED_IN)
def mine(ctx: CallContext) -> dict[str, str]:
    """Say who asks."""
    return {"name": ctx.actor.name}


@rest.get("/gadgets/public", permission=PUBLIC)
def public(kernel: Kernel) -> dict[str, str]:
    """Answer anybody."""
    return {"url": kernel.settings.url}
