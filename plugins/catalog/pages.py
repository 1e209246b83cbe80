"""Web pages of the catalog."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.context import CallContext
from kernel.currencies import currencies
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.pages import Pages, csv_download, redirect_to, render, render_options
from plugins.catalog import listing, schemas, services

pages = Pages("catalog")
KINDS = {"service": (_l("Service"), "info"), "product": (_l("Product"), "neutral"), "license": (_l("License"), "warning")}
METHODS = {
    "fixed": (_l("Fixed"), "neutral"),
    "hourly": (_l("By the hour"), "neutral"),
    "usage": (_l("By usage"), "neutral"),
    "per_unit": (_l("By the piece"), "neutral"),
}
TAXES = {
    "standard": (_l("Standard rate"), "neutral"),
    "reduced": (_l("Reduced rate"), "neutral"),
    "exempt": (_l("Exempt"), "neutral"),
}
TERMS = {"monthly": (_l("Monthly"), "neutral"), "annual": (_l("Annual"), "neutral"), "perpetual": (_l("Perpetual"), "neutral")}
STATES = {"true": (_l("Active"), "success"), "false": (_l("Inactive"), "neutral")}
_CHOICES = {"kinds": KINDS, "methods": METHODS, "taxes": TAXES, "terms": TERMS}


@pages.get("/catalog", permission="catalog.read", query=schemas.ItemQuery)
def items(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    page = listing.list_items(ctx, query, request.args.get("q", ""))
    return render("catalog/list.html", page=page, states=STATES, **_CHOICES)


@pages.get("/catalog.csv", permission="catalog.read", query=schemas.ItemQuery)
def items_csv(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    page = listing.list_items(ctx, {**query, "limit": 200}, request.args.get("q", ""))
    columns = ("name", "sku", "kind", "billing_method", "unit", "category", "tax_category", "active")
    return csv_download("catalog.csv", columns, ([row[name] for name in columns] for row in page.items))


@pages.get("/catalog/pick", permission="catalog.read")
def pick(ctx: CallContext) -> ResponseReturnValue:
    found = services.find_facts(ctx, request.args.get("q", ""), request.args.getlist("kind"), 12)
    return render_options((one.id, one.name, one.sku or one.unit) for one in found)


def _item(ctx: CallContext, item_id: UUID | None = None) -> dict[str, Any]:
    return {"item": services.get_item(ctx, item_id) if item_id else None, "currencies": list(currencies()), **_CHOICES}


def _for_sale(_ctx: CallContext) -> dict[str, Any]:
    return {"active": True, "tax_category": "standard"}


@pages.form("/catalog/new", permission="catalog.manage", schema=schemas.ItemIn, template="catalog/form.html", context=_item,
            initial=_for_sale)  # fmt: skip
def new_item(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    item = services.add_item(ctx, **data)
    return redirect_to(f"/catalog/{item.id}", toast=_("Added to the catalog."))


@pages.get("/catalog/<uuid:item_id>", permission="catalog.read")
def item(ctx: CallContext, item_id: UUID) -> ResponseReturnValue:
    return render("catalog/detail.html", prices=services.list_prices(ctx, item_id), states=STATES, **_item(ctx, item_id))


def _present(ctx: CallContext, item_id: UUID) -> dict[str, Any]:
    row = services.get_item(ctx, item_id)
    prices = [{"currency": one.currency, "amount": one.amount} for one in services.list_prices(ctx, item_id)]
    names = ("version", *(name for name in schemas.ItemPatch().fields if name != "prices"))
    return {name: getattr(row, name) for name in names} | {"prices": prices}


@pages.form("/catalog/<uuid:item_id>/edit", permission="catalog.manage", schema=schemas.ItemPatch,
            template="catalog/form.html", initial=_present, context=_item, if_match=True)  # fmt: skip
def edit_item(ctx: CallContext, item_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    services.change_item(ctx, item_id, data, version)
    return redirect_to(f"/catalog/{item_id}", toast=_("Saved."))


@pages.post("/catalog/<uuid:item_id>/delete", permission="catalog.manage")
def delete_item(ctx: CallContext, item_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    services.delete_item(ctx, item_id)
    return redirect_to("/catalog", toast=_("Removed from the catalog."))
