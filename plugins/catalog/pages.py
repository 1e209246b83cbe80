"""Web pages of the catalog: lists of offers, and one item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.context import CallContext
from kernel.currencies import currencies
from kernel.hookspecs.pricing import ItemFacts
from kernel.money import as_major
from kernel.web.formats import money
from kernel.web.i18n import gettext as _
from kernel.web.i18n import ngettext
from kernel.web.pages import Pages, csv_download, redirect_to, render, render_options
from kernel.web.render import local_url
from plugins.catalog import forms, listing, lookups, prices, schemas, services
from plugins.catalog.categories import list_categories
from plugins.catalog.words import CHOICES, KINDS

pages = Pages("catalog")
_GOODS = ("product", "license")
_CSV = ("name", "sku", "kind", "category", "unit", "active", "price", "currency", "tax_category", "vendor", "manufacturer",
        "part_number", "updated_at")  # fmt: skip


@pages.get("/catalog", permission="catalog.read", query=schemas.ItemQuery)
def items(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    page = listing.list_offers(ctx, query)
    return render("catalog/list.html", page=page, **_shelves(ctx), **CHOICES)


@pages.get("/catalog.csv", permission="catalog.read", query=schemas.ItemQuery)
def items_csv(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    return _csv(ctx, "catalog.csv", query)


@pages.get("/products", permission="catalog.read", query=schemas.ItemQuery)
def products(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    page = listing.list_offers(ctx, _of_goods(query))
    goods = {kind: KINDS[kind] for kind in _GOODS}
    return render("catalog/products.html", page=page, **_shelves(ctx), **(CHOICES | {"kinds": goods}))


@pages.get("/products.csv", permission="catalog.read", query=schemas.ItemQuery)
def products_csv(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    return _csv(ctx, "products.csv", _of_goods(query))


def _of_goods(query: dict[str, Any]) -> dict[str, Any]:
    return query if query.get("kind") in _GOODS else {**query, "kind__in": list(_GOODS)}


def _shelves(ctx: CallContext) -> dict[str, Any]:
    shelves = [(str(one["id"]), one["name"]) for one in list_categories(ctx)]
    return {"categories": shelves, "with_cost": services.may_see_cost(ctx)}


def _csv(ctx: CallContext, name: str, query: dict[str, Any]) -> ResponseReturnValue:
    columns = (*_CSV, "cost", "cost_currency") if services.may_see_cost(ctx) else _CSV
    rows = ([_cell(row, column) for column in columns] for row in listing.every_offer(ctx, query))
    return csv_download(name, columns, rows)


def _cell(row: Any, column: str) -> Any:
    """Amounts in whole units of their currency, as import files have them."""
    code = {"price": "currency", "cost": "cost_currency"}.get(column)
    value = row[column]
    return value if code is None or value is None else as_major(value, row[code])


@pages.post("/catalog/activate", permission="catalog.manage", schema=schemas.Ticked)
def activate(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    count = services.switch_items(ctx, data["ids"], active=True)
    return redirect_to(_back(), toast=ngettext("%(num)d item is sold again.", "%(num)d items are sold again.", count))


@pages.post("/catalog/deactivate", permission="catalog.manage", schema=schemas.Ticked)
def deactivate(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    count = services.switch_items(ctx, data["ids"], active=False)
    return redirect_to(_back(), toast=ngettext("%(num)d item is sold no longer.", "%(num)d items are sold no longer.", count))


def _back() -> str:
    return local_url(request.args.get("next", "/catalog"))


@pages.get("/catalog/pick", permission="catalog.read")
def pick(ctx: CallContext) -> ResponseReturnValue:
    """Items for pickers; with `currency` their hint says today's price in it, with `client_id` that client's own."""
    found = lookups.find_facts(ctx, request.args.get("q", ""), request.args.getlist("kind"), 12)
    currency, client_id = request.args.get("currency", ""), request.args.get("client_id", type=UUID)
    prices_now = lookups.prices_for(ctx, found, currency, client_id) if currency in currencies() else {}
    return render_options((one.id, one.name, _hint(one, prices_now, currency)) for one in found)


def _hint(one: ItemFacts, prices_now: Mapping[UUID, int | None], currency: str) -> str:
    named = one.sku or one.unit
    if one.id not in prices_now:
        return named
    price = prices_now[one.id]
    words = _("no price in %(currency)s", currency=currency) if price is None else money(price, currency)
    return f"{named} · {words}"


def _item(ctx: CallContext, item_id: UUID | None = None) -> dict[str, Any]:
    item = services.item_view(ctx, services.get_item(ctx, item_id)) if item_id else None
    return {"item": item, "currencies": list(currencies()), **_shelves(ctx), **CHOICES}


def _for_sale(ctx: CallContext) -> dict[str, Any]:
    kind = request.args.get("kind")
    asked = {"kind": kind} if kind in KINDS else {}
    return {"active": True, "tax_category": "standard", "cost_currency": ctx.tenant.currency, "default_quantity": 1,
            "prices": [{"currency": ctx.tenant.currency}], **asked}  # fmt: skip


@pages.form("/catalog/new", permission="catalog.manage", schema=forms.ItemForm, template="catalog/form.html", context=_item,
            initial=_for_sale)  # fmt: skip
def new_item(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    item = services.add_item(ctx, **forms.as_item(data))
    return redirect_to(f"/catalog/{item.id}", toast=_("Added to the catalog."))


@pages.get("/catalog/<uuid:item_id>", permission="catalog.read")
def item(ctx: CallContext, item_id: UUID) -> ResponseReturnValue:
    context = _item(ctx, item_id)
    listed = forms.standing(prices.list_prices(ctx, item_id), ctx.today(), context["item"])
    return render("catalog/detail.html", prices=listed, **context)


def _present(ctx: CallContext, item_id: UUID) -> dict[str, Any]:
    names = ("currency", "amount", "start_on")
    listed = [{name: getattr(one, name) for name in names} for one in prices.list_prices(ctx, item_id)]
    return services.item_view(ctx, services.get_item(ctx, item_id)) | {"prices": listed}


@pages.form("/catalog/<uuid:item_id>/edit", permission="catalog.manage", schema=forms.ItemPatchForm,
            template="catalog/form.html", initial=_present, context=_item, if_match=True)  # fmt: skip
def edit_item(ctx: CallContext, item_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    services.change_item(ctx, item_id, forms.as_item(data), version)
    return redirect_to(f"/catalog/{item_id}", toast=_("Saved."))


def _from_today(ctx: CallContext, item_id: UUID) -> dict[str, Any]:
    return {"currency": request.args.get("currency") or ctx.tenant.currency, "start_on": ctx.today()}


@pages.form("/catalog/<uuid:item_id>/prices/new", permission="catalog.manage", schema=forms.PriceForm,
            template="catalog/price_form.html", initial=_from_today, context=_item)  # fmt: skip
def new_price(ctx: CallContext, item_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    prices.add_price(ctx, services.get_item(ctx, item_id), **data)
    return redirect_to(f"/catalog/{item_id}", toast=_("The new price stands; earlier days keep theirs."))


@pages.post("/catalog/<uuid:item_id>/delete", permission="catalog.manage")
def delete_item(ctx: CallContext, item_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    services.delete_item(ctx, item_id)
    return redirect_to("/catalog", toast=_("Removed from the catalog."))
