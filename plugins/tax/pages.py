"""Web pages of the tax room."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.context import CallContext
from kernel.directory import clients
from kernel.tenancy import get_settings
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.pages import Pages, redirect_to, render
from plugins.tax import exemptions, schemas, services
from plugins.tax.rate_book import list_parts
from plugins.tax.routes import rates_with_parts, with_parts
from plugins.tax.settings import TaxSettings

pages = Pages("tax")
CATEGORIES = {"standard": (_l("Standard rate"), "info"), "reduced": (_l("Reduced rate"), "neutral")}


@pages.get("/taxes", permission="tax.read")
def regions(ctx: CallContext) -> ResponseReturnValue:
    today = ctx.today()
    rows = []
    for region in services.list_regions(ctx):
        current = [one for one in rates_with_parts(ctx, region.id)
                   if one["starts"] <= today and (one["ends"] is None or today < one["ends"])]  # fmt: skip
        rows.append({"id": region.id, "code": region.code, "name": region.name, "country": region.country, "rates": current})
    return render("tax/regions.html", regions=rows, settings=get_settings(ctx, "tax"))


@pages.form("/taxes/new", permission="tax.manage", schema=schemas.RegionIn, template="tax/region_form.html")
def new_region(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    added = services.add_region(ctx, **data)
    return redirect_to(f"/taxes/{added.id}", toast=_("Tax region added."))


@pages.form("/taxes/settings", permission="tax.manage", schema=TaxSettings, template="tax/settings.html",
            initial=lambda ctx: get_settings(ctx, "tax"))  # fmt: skip
def settings(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    services.change_own_facts(ctx, data)
    return redirect_to("/taxes", toast=_("Saved."))


@pages.get("/taxes/<uuid:region_id>", permission="tax.read")
def region(ctx: CallContext, region_id: UUID) -> ResponseReturnValue:
    row = services.get_region(ctx, region_id)
    return render("tax/region.html", region=row, rates=rates_with_parts(ctx, region_id), categories=CATEGORIES, today=ctx.today())


@pages.post("/taxes/<uuid:region_id>/delete", permission="tax.manage")
def delete_region(ctx: CallContext, region_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    services.delete_region(ctx, region_id)
    return redirect_to("/taxes", toast=_("Tax region deleted."))


def _region(ctx: CallContext, region_id: UUID) -> dict[str, Any]:
    return {"region": services.get_region(ctx, region_id), "categories": CATEGORIES, "currency": ctx.tenant.currency}


@pages.form("/taxes/<uuid:region_id>/rates/new", permission="tax.manage", schema=schemas.RateIn,
            template="tax/rate_form.html", context=_region)  # fmt: skip
def new_rate(ctx: CallContext, region_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    currency = data.pop("currency", None)
    added = services.add_rate(ctx, region_id=region_id, **data, currency=currency if data.get("brackets") else None)
    return redirect_to(f"/taxes/rates/{added.id}", toast=_("Rate added."))


@pages.get("/taxes/rates/<uuid:rate_id>", permission="tax.read")
def rate(ctx: CallContext, rate_id: UUID) -> ResponseReturnValue:
    row = services.get_rate(ctx, rate_id)
    return render("tax/rate.html", rate=with_parts(row, list_parts(ctx, [rate_id])[rate_id]), categories=CATEGORIES,
                  region=services.get_region(ctx, row.region_id), today=ctx.today())  # fmt: skip


def _rate(ctx: CallContext, rate_id: UUID) -> dict[str, Any]:
    row = services.get_rate(ctx, rate_id)
    names = dict.fromkeys(part.name for part in list_parts(ctx, [rate_id])[rate_id].components)
    return {"rate": row, "components": [(name, name) for name in names]}


@pages.form("/taxes/rates/<uuid:rate_id>/edit", permission="tax.manage", schema=schemas.RatePatch,
            template="tax/rate_edit.html", initial=services.get_rate, context=_rate, if_match=True)  # fmt: skip
def edit_rate(ctx: CallContext, rate_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    services.change_rate(ctx, rate_id, data, version)
    return redirect_to(f"/taxes/rates/{rate_id}", toast=_("Saved."))


@pages.form("/taxes/rates/<uuid:rate_id>/holidays/new", permission="tax.manage", schema=schemas.HolidayIn,
            template="tax/holiday_form.html", context=_rate)  # fmt: skip
def new_holiday(ctx: CallContext, rate_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    services.add_holiday(ctx, rate_id, **data)
    return redirect_to(f"/taxes/rates/{rate_id}", toast=_("Tax holiday added."))


@pages.post("/taxes/holidays/<uuid:holiday_id>/delete", permission="tax.manage")
def delete_holiday(ctx: CallContext, holiday_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    rate_id = services.get_holiday(ctx, holiday_id).rate_id
    services.delete_holiday(ctx, holiday_id)
    return redirect_to(f"/taxes/rates/{rate_id}", toast=_("Tax holiday deleted."))


@pages.post("/taxes/rates/<uuid:rate_id>/delete", permission="tax.manage")
def delete_rate(ctx: CallContext, rate_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    region_id = services.get_rate(ctx, rate_id).region_id
    services.delete_rate(ctx, rate_id)
    return redirect_to(f"/taxes/{region_id}", toast=_("Rate deleted."))


@pages.get("/taxes/of-client/<uuid:client_id>", permission="tax.read")
def of_client(ctx: CallContext, client_id: UUID) -> ResponseReturnValue:
    codes = {one.id: f"{one.code} · {one.name}" for one in services.list_regions(ctx)}
    return render(
        "tax/panel.html",
        client=clients.get_client(ctx, client_id),
        facts=services.get_client_facts(ctx, client_id),
        exemptions=exemptions.list_exemptions(ctx, client_id),
        today=ctx.today(),
        codes=codes,
        places=clients.list_locations(ctx, client_id),
        place_regions=services.location_regions(ctx, client_id),
    )


def _choices(ctx: CallContext, client_id: UUID) -> dict[str, Any]:
    regions = [(one.id, f"{one.code} · {one.name}") for one in services.list_regions(ctx)]
    may_differ = get_settings(ctx, "tax")["client_may_differ"]
    return {"client": clients.get_client(ctx, client_id), "regions": regions, "may_differ": may_differ}


@pages.form("/taxes/of-client/<uuid:client_id>/edit", permission="tax.manage", schema=schemas.ClientFactsIn,
            template="tax/client_form.html", initial=services.get_client_facts, context=_choices, if_match=True)  # fmt: skip
def edit_client_facts(ctx: CallContext, client_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    services.set_client_facts(ctx, client_id, **data, version=version)
    return redirect_to(f"/clients/{client_id}", toast=_("Saved."))


def _places(ctx: CallContext, client_id: UUID) -> dict[str, Any]:
    places = [(one.id, one.name) for one in clients.list_locations(ctx, client_id)]
    return {"client": clients.get_client(ctx, client_id), "places": places, "exemption": None}


@pages.form("/taxes/of-client/<uuid:client_id>/exemptions/new", permission="tax.manage", schema=schemas.ExemptionIn,
            template="tax/exemption_form.html", context=_places)  # fmt: skip
def new_exemption(ctx: CallContext, client_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    exemptions.add_exemption(ctx, client_id, **data)
    return redirect_to(f"/clients/{client_id}", toast=_("Exemption added."))


def _exemption(ctx: CallContext, exemption_id: UUID) -> dict[str, Any]:
    found = exemptions.get_exemption(ctx, exemption_id)
    return {"client": clients.get_client(ctx, found.client_id), "exemption": found}


@pages.form("/taxes/exemptions/<uuid:exemption_id>/edit", permission="tax.manage", schema=schemas.ExemptionPatch,
            template="tax/exemption_form.html", initial=exemptions.get_exemption, context=_exemption, if_match=True)  # fmt: skip
def edit_exemption(ctx: CallContext, exemption_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    changed = exemptions.change_exemption(ctx, exemption_id, data, version)
    return redirect_to(f"/clients/{changed.client_id}", toast=_("Saved."))


@pages.post("/taxes/exemptions/<uuid:exemption_id>/delete", permission="tax.manage")
def delete_exemption(ctx: CallContext, exemption_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    client_id = exemptions.get_exemption(ctx, exemption_id).client_id
    exemptions.delete_exemption(ctx, exemption_id)
    return redirect_to(f"/clients/{client_id}", toast=_("Exemption deleted."))
