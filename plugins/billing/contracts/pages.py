"""Web pages of contracts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.api.listing import every_row
from kernel.context import CallContext
from kernel.directory.clients import get_client, list_locations
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.pages import Pages, csv_download, redirect_to, render, render_options
from plugins.billing.agreements.around import around_contract
from plugins.billing.agreements.words import PO_POLICIES, RENEWAL_MODES
from plugins.billing.buckets import hours as working_hours
from plugins.billing.buckets.meters import bucket_meters
from plugins.billing.contracts import ends, line_form, lines, listing, preview, schemas, services
from plugins.billing.contracts.agreed import AgreedLine
from plugins.billing.cycles import services as cycles
from plugins.billing.cycles.words import begins
from plugins.billing.reasons import rule_in_words, span, trace_in_words

pages = Pages("billing")
STATES = {
    "draft": (_l("Draft"), "neutral"), "upcoming": (_l("Upcoming"), "info"), "active": (_l("Active"), "success"),
    "ended": (_l("Ended"), "done"),
}  # fmt: skip
KINDS = {
    "fixed": (_l("Fixed fee"), "info"), "hourly": (_l("Hours"), "warning"), "usage": (_l("Usage"), "success"),
    "product": (_l("Products"), "neutral"), "license": (_l("Licenses"), "neutral"),
    "bucket": (_l("Included hours"), "info"),
}  # fmt: skip
CYCLES = {
    "weekly": _l("Weekly"), "bi_weekly": _l("Every two weeks"), "monthly": _l("Monthly"), "quarterly": _l("Quarterly"),
    "semi_annual": _l("Twice a year"), "annual": _l("Yearly"),
}  # fmt: skip
UNITS = {"hour": _l("Hours"), "each": _l("Units")}
SPELLS = {"day": _l("A day"), "week": _l("A week, from Monday")}
TIMINGS = {"advance": _l("In advance"), "arrears": _l("In arrears")}
CADENCES = {
    "calendar": _l("Calendar months and quarters"), "anniversary": _l("Counted from the first day"),
    "client": _l("As the client is billed"),
}  # fmt: skip
_WORDS = {"states": STATES, "kinds": KINDS, "cycles": CYCLES, "timings": TIMINGS, "cadences": CADENCES}


@pages.get("/contracts", permission="contract.read", query=schemas.ContractQuery)
def contracts(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    page = listing.list_contracts(ctx, query, request.args.get("q", ""))
    return render("billing/contracts.html", page=page, **_WORDS)


@pages.get("/contracts.csv", permission="contract.read", query=schemas.ContractQuery)
def contracts_csv(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    words = request.args.get("q", "")
    columns = ("name", "client_name", "state", "start_on", "end_on", "currency", "monthly_value", "po_number")
    rows = every_row(lambda wanted: listing.list_contracts(ctx, wanted, words), query)
    return csv_download("contracts.csv", columns, ([row[name] for name in columns] for row in rows))


@pages.get("/contracts/of-client/<uuid:client_id>", permission="contract.read")
def contracts_of_client(ctx: CallContext, client_id: UUID) -> ResponseReturnValue:
    get_client(ctx, client_id)
    page = listing.list_contracts(ctx, {"client_id": client_id, "limit": 50})
    meters = bucket_meters(ctx, [client_id])
    billed = cycles.billing_cycle(ctx, client_id)
    billed = {**billed, "begins": begins(billed)}
    return render(
        "billing/contracts_panel.html", page=page, billed=billed, meters=meters, span=span, client_id=client_id, **_WORDS
    )


@pages.get("/contract-lines/pick", permission="contract.read")
def pick_contract_line(ctx: CallContext) -> ResponseReturnValue:
    found = listing.find_lines(ctx, request.args.get("q", ""), request.args.get("client_id", type=UUID),
                               request.args.get("kind"), 12)  # fmt: skip
    return render_options((row["id"], f"{row['contract_name']} / {row['name']}", row["client_name"]) for row in found)


@pages.get("/contracts/<uuid:contract_id>", permission="contract.read")
def contract(ctx: CallContext, contract_id: UUID) -> ResponseReturnValue:
    row = services.get_contract(ctx, contract_id)
    agreed = services.list_lines(ctx, contract_id)
    values = listing.monthly_values(ctx, [contract_id])
    return render(
        "billing/contract.html",
        contract=row,
        state=listing.state_of(row, ctx.today()),
        standings=preview.standing_of(ctx, agreed),
        meters={one.line_id: one for one in bucket_meters(ctx, [row.client_id])},
        monthly_value=values.get(contract_id),
        days_back=ends.days_waiting(ctx, contract_id),
        span=span,
        **around_contract(ctx, row),
        **_WORDS,
    )


@pages.get("/contracts/<uuid:contract_id>/due", permission="contract.read", query=schemas.DueQuery)
def contract_due(ctx: CallContext, contract_id: UUID, query: dict[str, Any]) -> ResponseReturnValue:
    found = preview.preview_contract(ctx, contract_id, query.get("until"))
    reasons = [
        {"line": one, "currency": found.currency, "rule": rule_in_words(one.trace),
         "words": trace_in_words(one.trace, found.currency)}
        for one in found.lines
    ]  # fmt: skip
    contract = services.get_contract(ctx, contract_id)
    return render("billing/contract_due.html", contract=contract, preview=found, reasons=reasons, span=span)


def _contract_context(ctx: CallContext, contract_id: UUID | None = None) -> dict[str, Any]:
    found = services.get_contract(ctx, contract_id) if contract_id else None
    return {"contract": found, "policies": PO_POLICIES, "renewal_modes": RENEWAL_MODES, **_WORDS}


def _new_contract(ctx: CallContext) -> dict[str, Any]:
    return {
        "client_id": request.args.get("client_id", ""), "start_on": ctx.today().replace(day=1), "currency": ctx.tenant.currency,
        "cadence": "calendar", "po_policy": "park", "renewal_mode": "none", "notice_days": 0,
    }  # fmt: skip


@pages.form("/contracts/new", permission="contract.manage", schema=schemas.ContractIn, template="billing/contract_form.html",
            initial=_new_contract, context=_contract_context)  # fmt: skip
def new_contract(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    drawn = services.create_contract(ctx, **data)
    return redirect_to(f"/contracts/{drawn.id}", toast=_("Contract drawn up. Add its lines, then activate it."))


@pages.form("/contracts/<uuid:contract_id>/edit", permission="contract.manage", schema=schemas.ContractPatch,
            template="billing/contract_form.html", initial=services.get_contract, context=_contract_context,
            if_match=True)  # fmt: skip
def edit_contract(ctx: CallContext, contract_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    services.change_contract(ctx, contract_id, data, version)
    return redirect_to(f"/contracts/{contract_id}", toast=_("Saved."))


@pages.post("/contracts/<uuid:contract_id>/activate", permission="contract.manage")
def activate(ctx: CallContext, contract_id: UUID) -> ResponseReturnValue:
    services.activate_contract(ctx, contract_id)
    return redirect_to(f"/contracts/{contract_id}", toast=_("The contract is active: the next billing run bills it."))


@pages.form("/contracts/<uuid:contract_id>/end", permission="contract.manage", schema=schemas.ContractEnd,
            template="billing/contract_end.html", context=_contract_context)  # fmt: skip
def end(ctx: CallContext, contract_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    services.end_contract(ctx, contract_id, **data)
    return redirect_to(f"/contracts/{contract_id}", toast=_("The contract has a last day."))


@pages.post("/contracts/<uuid:contract_id>/delete", permission="contract.manage")
def delete_contract(ctx: CallContext, contract_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    services.delete_contract(ctx, contract_id)
    return redirect_to("/contracts", toast=_("Contract deleted."))


def _line_context(ctx: CallContext, contract_id: UUID, line_id: UUID | None = None) -> dict[str, Any]:
    row = services.get_contract(ctx, contract_id)
    places = [(one.id, one.name) for one in list_locations(ctx, row.client_id)]
    line = lines.get_line(ctx, contract_id, line_id) if line_id else None
    hours = [(one.id, one.name) for one in working_hours.list_hours(ctx)]
    return {"contract": row, "line": line, "places": places, "hours": hours, "units": UNITS, "spells": SPELLS, **_WORDS}


def _new_line(ctx: CallContext, contract_id: UUID) -> dict[str, Any]:
    return line_form.blank(request.args.get("kind", "fixed"))


def _present_line(ctx: CallContext, contract_id: UUID, line_id: UUID) -> dict[str, Any]:
    return line_form.present(lines.get_line(ctx, contract_id, line_id))


@pages.form("/contracts/<uuid:contract_id>/lines/new", permission="contract.manage", schema=line_form.LineForm,
            template="billing/contract_line_form.html", initial=_new_line, context=_line_context)  # fmt: skip
def new_line(ctx: CallContext, contract_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    with line_form.as_typed():
        added: AgreedLine = lines.add_line(ctx, services.get_contract(ctx, contract_id), **line_form.as_line(data))
    return redirect_to(f"/contracts/{contract_id}", toast=_("%(name)s added.", name=added.line.name))


@pages.form("/contracts/<uuid:contract_id>/lines/<uuid:line_id>/edit", permission="contract.manage",
            schema=line_form.LineForm, template="billing/contract_line_form.html", initial=_present_line,
            context=_line_context, if_match=True)  # fmt: skip
def edit_line(
    ctx: CallContext, contract_id: UUID, line_id: UUID, data: dict[str, Any], version: int | None
) -> ResponseReturnValue:
    with line_form.as_typed():
        lines.change_line(ctx, contract_id, line_id, line_form.as_line(data), version)
    return redirect_to(f"/contracts/{contract_id}", toast=_("Saved; it counts from the next unbilled period on."))


@pages.post("/contracts/<uuid:contract_id>/lines/<uuid:line_id>/delete", permission="contract.manage")
def delete_line(ctx: CallContext, contract_id: UUID, line_id: UUID) -> ResponseReturnValue:
    lines.delete_line(ctx, contract_id, line_id)
    return redirect_to(f"/contracts/{contract_id}", toast=_("Line removed."))
