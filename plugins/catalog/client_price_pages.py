"""Web pages of what single clients pay."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.context import CallContext
from kernel.currencies import currencies
from kernel.directory.clients import get_client
from kernel.web.i18n import gettext as _
from kernel.web.pages import Pages, redirect_to, render
from plugins.catalog import client_prices, forms, services
from plugins.catalog.words import STANDINGS

pages = Pages("catalog")
_MANY = 200
_TAB = "/clients/%s?tab=catalog-client-prices-of-client"


@pages.get("/catalog-client-prices/of-client/<uuid:client_id>", permission="catalog.read")
def prices_of_client(ctx: CallContext, client_id: UUID) -> ResponseReturnValue:
    get_client(ctx, client_id)
    return _panel(ctx, client_id=client_id)


@pages.get("/catalog-client-prices/of-item/<uuid:item_id>", permission="catalog.read")
def prices_of_item(ctx: CallContext, item_id: UUID) -> ResponseReturnValue:
    services.get_item(ctx, item_id)
    return _panel(ctx, item_id=item_id)


def _panel(ctx: CallContext, **of: UUID) -> str:
    page, today = client_prices.list_client_prices(ctx, {**of, "limit": _MANY}), ctx.today()
    rows = [{**row, "standing": forms.standing_on(row["start_on"], row["end_on"], today)} for row in page.items]
    return render("catalog/client_prices_panel.html", rows=rows, of=of, standings=STANDINGS)


def _choices(ctx: CallContext, price_id: UUID | None = None) -> dict[str, Any]:
    return {"price": client_prices.get_client_price(ctx, price_id) if price_id else None, "currencies": list(currencies())}


def _from_today(ctx: CallContext) -> dict[str, Any]:
    client_id = request.args.get("client_id", type=UUID)
    currency = get_client(ctx, client_id).currency if client_id else ctx.tenant.currency
    return {"client_id": client_id, "item_id": request.args.get("item_id", ""), "currency": currency, "start_on": ctx.today()}


@pages.form("/catalog-client-prices/new", permission="catalog.manage", schema=forms.ClientPriceForm,
            template="catalog/client_price_form.html", initial=_from_today, context=_choices)  # fmt: skip
def new_client_price(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    price = client_prices.add_client_price(ctx, **data)
    return redirect_to(
        f"/clients/{price.client_id}?tab=catalog-client-prices-of-client", toast=_("The price counts from its first day on.")
    )


@pages.form("/catalog-client-prices/<uuid:price_id>/edit", permission="catalog.manage", schema=forms.ClientPricePatchForm,
            template="catalog/client_price_form.html", initial=client_prices.get_client_price, context=_choices,
            if_match=True)  # fmt: skip
def edit_client_price(ctx: CallContext, price_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    price = client_prices.change_client_price(ctx, price_id, data, version)
    return redirect_to(
        f"/clients/{price.client_id}?tab=catalog-client-prices-of-client",
        toast=_("Saved; what is billed already stays as it is."),
    )


@pages.post("/catalog-client-prices/<uuid:price_id>/delete", permission="catalog.manage")
def delete_client_price(ctx: CallContext, price_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    client_id = client_prices.get_client_price(ctx, price_id).client_id
    client_prices.delete_client_price(ctx, price_id)
    return redirect_to(_TAB % client_id, toast=_("The list price counts again."))
