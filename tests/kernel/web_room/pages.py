"""Pages of the room of parcels. It keeps its parcels in a list that each test begins anew."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid5

from flask import request
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate
from werkzeug.datastructures import MultiDict

from kernel.api.listing import Page
from kernel.context import CallContext
from kernel.errors import Conflict, InvalidInput, Refused
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.pages import Pages, csv_download, redirect_to, render, render_options

pages = Pages("web_room")
SPACE = UUID("7f7b1f6e-0a51-4f1e-9b6e-9a8f6f1f0001")
CLIENT = uuid5(SPACE, "client")
STATES = {
    "draft": (_l("Draft"), "neutral"),
    "sent": (_l("On its way"), "info"),
    "late": (_l("Late"), "warning"),
    "lost": (_l("Lost"), "danger"),
    "there": (_l("Delivered"), "success"),
    "closed": (_l("Closed"), "done"),
}
SENT: list[dict[str, Any]] = []


class LineIn(Schema):
    description = fields.String(required=True, validate=validate.Length(min=1, max=80))
    quantity = fields.Decimal(required=True)
    rate = fields.Integer(load_default=0)


class ParcelIn(Schema):
    client_id = fields.UUID(required=True)
    title = fields.String(required=True, validate=validate.Length(min=3, max=80))
    notes = fields.String(load_default="")
    speed = fields.String(required=True, validate=validate.OneOf(["slow", "fast"]))
    weight = fields.Decimal(allow_none=True)
    value = fields.Integer(required=True)
    currency = fields.String(load_default="EUR")
    due_on = fields.Date(allow_none=True)
    pick_up_at = fields.AwareDateTime(allow_none=True)
    fragile = fields.Boolean(load_default=False)
    stamps = fields.List(fields.String(validate=validate.OneOf(["red", "blue"])))
    lines = fields.List(fields.Nested(LineIn), load_default=list)


class ParcelQuery(Schema):
    q = fields.String()
    status = fields.String(validate=validate.OneOf(list(STATES)))
    client_id = fields.UUID()
    sent_at__gte = fields.AwareDateTime()
    sort = fields.String()
    cursor = fields.String()


def parcel(number: int) -> SimpleNamespace:
    """The parcel of that number, always the same."""
    titles = ["Replacement laptop for the reception", "Toner", "Two firewalls and a switch for the new branch in Graz",
              "Spare disks", "Cables", "Phones for the front desk"]  # fmt: skip
    return SimpleNamespace(
        id=number, number=f"P-{1000 + number}", title=titles[number % 6], status=list(STATES)[number % 6], version=3,
        client_id=CLIENT, weight=Decimal(number * 7) / 4, value=(number * 12345) % 900000 - 20000 * (number % 5 == 0),
        currency="EUR", sent_at=datetime(2026, 10, 1, 6, tzinfo=UTC) - timedelta(hours=number * 5),
        due_on=date(2026, 10, 1) + timedelta(days=number), fragile=number % 3 == 0, minutes=number * 25, speed="fast",
        notes="Leave at the desk.", pick_up_at=None, stamps=["red"], lines=[],
    )  # fmt: skip


@pages.get("/parcels", permission="parcel.read", query=ParcelQuery)
def parcels(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    start = int(query.get("cursor", 0))
    rows = [parcel(n) for n in range(start + 1, start + 13)]
    rows = [row for row in rows if query.get("status", row.status) == row.status and query.get("q", "") in row.title]
    return render("web_room/list.html", page=Page(rows, str(start + 12) if start < 24 else None), states=STATES, total=36)


@pages.get("/parcels/rules", permission="parcel.send")
def rules(ctx: CallContext) -> ResponseReturnValue:
    return render("web_room/gallery.html", states=STATES, parcel=parcel(4), now=ctx.now())


@pages.get("/parcels/<int:number>", permission="parcel.read")
def one_parcel(ctx: CallContext, number: int) -> ResponseReturnValue:
    entries = [
        {"at": ctx.now(), "who": "Alice", "says": "closed the parcel", "icon": "check", "tone": "success"},
        {"at": ctx.now() - timedelta(hours=3), "who": "Bob", "says": "commented", "body": "Called Dana.\nShe is in on Monday.",
         "icon": "message", "tone": "info"},
        {"at": ctx.now() - timedelta(days=2), "who": "", "says": "Parcel opened by mail"},
    ]  # fmt: skip
    return render("web_room/detail.html", parcel=parcel(number), states=STATES, entries=entries)


@pages.form(
    "/parcels/new",
    permission="parcel.send",
    schema=ParcelIn,
    template="web_room/form.html",
    initial=lambda ctx: {"currency": "EUR", "due_on": ctx.today(), "value": 1250},
    context=lambda ctx: {"heading": "new"},
)
def new_parcel(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    if data["title"] == "refuse":
        raise Refused("Parcels may not be refused.")
    if data["title"] == "conflict":
        raise Conflict("Taken.", errors={"title": "This title is taken.", "lines[0].rate": "Too dear."})
    SENT.append(data)
    return redirect_to("/parcels/1", toast=_("Parcel sent."), undo="/parcels/1/undo")


@pages.form(
    "/parcels/<int:number>/edit",
    permission="parcel.send",
    schema=ParcelIn,
    template="web_room/form.html",
    initial=lambda ctx, number: parcel(number),
    context=lambda ctx, number: {"heading": "edit"},
    if_match=True,
)
def edit_parcel(ctx: CallContext, number: int, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    SENT.append(data | {"version": version})
    return redirect_to(f"/parcels/{number}")


@pages.post("/parcels/<int:number>/close", permission="parcel.send")
def close_parcel(ctx: CallContext, number: int, form: MultiDict[str, str]) -> ResponseReturnValue:
    if form.get("why") == "broken":
        raise InvalidInput("A broken parcel stays open.")
    if form.get("why") == "bug":
        raise ZeroDivisionError
    return redirect_to(f"/parcels/{number}", toast=_("Parcel closed."))


@pages.post("/parcels/close", permission="parcel.send")
def close_parcels(ctx: CallContext, form: MultiDict[str, str]) -> ResponseReturnValue:
    return redirect_to("/parcels", toast=_("%(num)s closed.", num=len(form.getlist("ids"))))


@pages.get("/parcels/pick", permission="parcel.read")
def pick(ctx: CallContext) -> ResponseReturnValue:
    typed = request.args.get("q", "")
    names = [name for name in ("Contoso GmbH", "Fabrikam AG", "Northwind Ltd") if typed.lower() in name.lower()]
    return render_options((CLIENT if name.startswith("Contoso") else uuid5(SPACE, name), name, "Vienna") for name in names)


@pages.get("/parcels/history/<uuid:row_id>", permission="parcel.read")
def history(ctx: CallContext, row_id: UUID) -> ResponseReturnValue:
    return render("web_room/history.html")


@pages.get("/parcels/card", permission="parcel.read")
def card(ctx: CallContext) -> ResponseReturnValue:
    return render("web_room/card.html", parcels=[parcel(n) for n in (1, 2, 3)], states=STATES)


@pages.get("/parcels/why", permission="parcel.read")
def why(ctx: CallContext) -> ResponseReturnValue:
    return render("web_room/why.html")


@pages.get("/parcels.csv", permission="parcel.read")
def export(ctx: CallContext) -> ResponseReturnValue:
    return csv_download("parcels.csv", [_("No."), _("Title")], [["P-1", "=cmd()"], [-5, "-5.20"]])


def count_parcels(ctx: CallContext) -> dict[str, Any]:
    """A job."""
    return {"url": "/parcels", "says": "36 parcels"}
