"""Web pages of assets."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields
from werkzeug.datastructures import MultiDict

from kernel import audit
from kernel.context import CallContext
from kernel.directory import clients
from kernel.web.forms import Form
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.pages import Pages, csv_download, redirect_to, render, render_options
from plugins.assets import listing, schemas, services

pages = Pages("assets")
STATES = {"active": (_l("Active"), "success"), "inactive": (_l("Inactive"), "neutral"), "retired": (_l("Retired"), "done")}
TYPES = {
    "workstation": _l("Workstation"),
    "server": _l("Server"),
    "network_device": _l("Network device"),
    "mobile_device": _l("Mobile device"),
    "printer": _l("Printer"),
    "unknown": _l("Other"),
}
ICONS = {"workstation": "device-desktop", "server": "server", "network_device": "router", "mobile_device": "device-mobile",
         "printer": "printer", "unknown": "box"}  # fmt: skip
_CSV = ("tag", "name", "asset_type", "status", "serial_number", "client_name", "location_name", "purchased_on",
        "warranty_ends_on")  # fmt: skip


class PickQuery(Schema):
    q = fields.String(load_default="")
    client_id = fields.UUID(load_default=None)


@pages.get("/assets", permission="asset.read", query=schemas.AssetQuery)
def assets(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    page = listing.list_assets(ctx, query)
    return render("assets/list.html", page=page, states=STATES, types=TYPES, icons=ICONS, today=ctx.today())


@pages.get("/assets.csv", permission="asset.read", query=schemas.AssetQuery)
def assets_csv(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    return csv_download("assets.csv", _CSV, ([row[name] for name in _CSV] for row in listing.every_asset(ctx, query)))


@pages.get("/assets/pick", permission="asset.read", query=PickQuery)
def pick_asset(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    found = listing.find_assets(ctx, query["q"], 12, query["client_id"])
    return render_options((row["id"], f"{row['tag']} {row['name']}", row["client_name"]) for row in found)


def _choices(ctx: CallContext, asset_id: UUID | None = None) -> dict[str, Any]:
    """Locations and contacts of the asset's client; a new asset gets them once its client is known."""
    asset = services.get_asset(ctx, asset_id) if asset_id else None
    client_id = asset.client_id if asset else _wanted_client()
    places = clients.list_locations(ctx, client_id) if client_id else []
    people = clients.list_contacts(ctx, client_id) if client_id else []
    return {
        "thing": asset, "types": TYPES, "states": STATES,
        "locations": [(one.id, one.name) for one in places], "contacts": [(one.id, one.name) for one in people],
    }  # fmt: skip


def _wanted_client() -> UUID | None:
    """The client named in the address or in the form that came back."""
    try:
        return UUID(request.values.get("client_id", ""))
    except ValueError:
        return None


def _beginning(ctx: CallContext) -> dict[str, Any]:
    return {"client_id": _wanted_client(), "asset_type": "workstation", "status": "active"}


@pages.form("/assets/new", permission="asset.create", schema=schemas.AssetIn, template="assets/form.html",
            initial=_beginning, context=_choices)  # fmt: skip
def new_asset(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    added = services.add_asset(ctx, **data)
    return redirect_to(f"/assets/{added.id}", toast=_("%(name)s was added.", name=added.name))


@pages.get("/assets/<uuid:asset_id>", permission="asset.read")
def asset(ctx: CallContext, asset_id: UUID) -> ResponseReturnValue:
    return render(
        "assets/detail.html",
        thing=services.get_asset(ctx, asset_id),
        links=services.tickets_of(ctx, asset_id),
        history=audit.history(ctx, "asset", asset_id),
        states=STATES,
        types=TYPES,
        today=ctx.today(),
    )


@pages.form("/assets/<uuid:asset_id>/edit", permission="asset.update", schema=schemas.AssetPatch,
            template="assets/form.html", initial=services.get_asset, context=_choices, if_match=True)  # fmt: skip
def edit_asset(ctx: CallContext, asset_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    services.change_asset(ctx, asset_id, data, version)
    return redirect_to(f"/assets/{asset_id}", toast=_("Saved."))


@pages.post("/assets/<uuid:asset_id>/retire", permission="asset.update")
def retire(ctx: CallContext, asset_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    services.change_asset(ctx, asset_id, {"status": "retired"})
    return redirect_to(f"/assets/{asset_id}", toast=_("The asset is retired."), undo=f"/assets/{asset_id}/activate")


@pages.post("/assets/<uuid:asset_id>/activate", permission="asset.update")
def activate(ctx: CallContext, asset_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    services.change_asset(ctx, asset_id, {"status": "active"})
    return redirect_to(f"/assets/{asset_id}", toast=_("The asset is active."))


@pages.post("/assets/<uuid:asset_id>/delete", permission="asset.delete")
def delete_asset(ctx: CallContext, asset_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    services.delete_asset(ctx, asset_id)
    return redirect_to("/assets", toast=_("Asset deleted."))


@pages.get("/assets/of-client/<uuid:client_id>", permission="asset.read")
def of_client(ctx: CallContext, client_id: UUID) -> ResponseReturnValue:
    clients.get_client(ctx, client_id)
    page = listing.list_assets(ctx, {"client_id": client_id, "limit": 50})
    return render("assets/client_panel.html", page=page, client_id=client_id, states=STATES, types=TYPES)


@pages.get("/assets/of-ticket/<uuid:ticket_id>", permission="asset.read")
def of_ticket(ctx: CallContext, ticket_id: UUID) -> ResponseReturnValue:
    return render(
        "assets/ticket_panel.html",
        ticket_id=ticket_id,
        client_id=services.require_ticket(ctx, ticket_id),
        assets=services.assets_of_ticket(ctx, ticket_id),
        form=Form(schemas.AssetChoice),
        states=STATES,
        types=TYPES,
    )


@pages.post("/assets/of-ticket/<uuid:ticket_id>/link", permission="asset.update", schema=schemas.AssetChoice)
def link(ctx: CallContext, ticket_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    services.link_ticket(ctx, data["asset_id"], ticket_id)
    return redirect_to(f"/tickets/{ticket_id}?tab=assets-of-ticket", toast=_("Asset linked."))


@pages.post("/assets/<uuid:asset_id>/unlink/<uuid:ticket_id>", permission="asset.update")
def unlink(ctx: CallContext, asset_id: UUID, ticket_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    services.unlink_ticket(ctx, asset_id, ticket_id)
    return redirect_to(f"/tickets/{ticket_id}?tab=assets-of-ticket", toast=_("Link removed."))


@pages.get("/assets/card", permission="asset.read")
def card(ctx: CallContext) -> ResponseReturnValue:
    count, rows = listing.ending_warranties(ctx)
    return render("assets/card.html", count=count, rows=rows, days=listing.WARNING_DAYS)
