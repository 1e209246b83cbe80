"""Web pages of contract templates and plan bundles."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.context import CallContext
from kernel.web.i18n import gettext as _
from kernel.web.pages import Pages, redirect_to, render, render_options
from plugins.billing.agreements import bundles, cloning, line_data, schemas, templates
from plugins.billing.agreements.words import RENEWAL_MODES
from plugins.billing.buckets import hours as working_hours
from plugins.billing.contracts import line_form, services
from plugins.billing.contracts.pages import CADENCES, CYCLES, KINDS, SPELLS, TIMINGS, UNITS
from plugins.billing.models.agreements import ContractTemplate

pages = Pages("billing")
_WORDS = {"kinds": KINDS, "cycles": CYCLES, "timings": TIMINGS, "cadences": CADENCES, "renewal_modes": RENEWAL_MODES}
_TEMPLATE = "/contract-templates/<uuid:template_id>"
_BUNDLE = "/plan-bundles/<uuid:bundle_id>"


@pages.get("/contract-templates", permission="contract.read", query=schemas.TemplateQuery)
def contract_templates(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    page = templates.list_templates(ctx, query, request.args.get("q", ""))
    return render("billing/templates.html", page=page, **_WORDS)


@pages.get("/contract-templates/pick", permission="contract.read")
def pick_template(ctx: CallContext) -> ResponseReturnValue:
    found = templates.list_templates(ctx, {"limit": 12}, request.args.get("q", ""))
    return render_options((row["id"], row["name"], row["currency"]) for row in found.items)


@pages.get(_TEMPLATE, permission="contract.read")
def contract_template(ctx: CallContext, template_id: UUID) -> ResponseReturnValue:
    row = templates.get_template(ctx, template_id)
    return render("billing/template.html", blueprint=row, lines=templates.lines_of(row), **_WORDS)


def _context(ctx: CallContext, template_id: UUID | None = None) -> dict[str, Any]:
    return {"blueprint": templates.get_template(ctx, template_id) if template_id else None, **_WORDS}


def _blank(ctx: CallContext) -> dict[str, Any]:
    return {"currency": ctx.tenant.currency, "cadence": "calendar", "renewal_mode": "none", "notice_days": 0}


@pages.form("/contract-templates/new", permission="contract.manage", schema=schemas.TemplateIn,
            template="billing/template_form.html", initial=_blank, context=_context)  # fmt: skip
def new_template(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    made = templates.create_template(ctx, **data)
    return redirect_to(f"/contract-templates/{made.id}", toast=_("Template written. Add its lines."))


@pages.form(f"{_TEMPLATE}/edit", permission="contract.manage", schema=schemas.TemplatePatch,
            template="billing/template_form.html", initial=templates.get_template, context=_context, if_match=True)  # fmt: skip
def edit_template(ctx: CallContext, template_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    templates.change_template(ctx, template_id, data, version)
    return redirect_to(f"/contract-templates/{template_id}", toast=_("Saved; contracts made before stay as they are."))


@pages.post(f"{_TEMPLATE}/delete", permission="contract.manage")
def delete_template(ctx: CallContext, template_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    templates.delete_template(ctx, template_id)
    return redirect_to("/contract-templates", toast=_("Template deleted."))


def _line_context(ctx: CallContext, template_id: UUID, line_id: UUID | None = None) -> dict[str, Any]:
    row = templates.get_template(ctx, template_id)
    hours = [(one.id, one.name) for one in working_hours.list_hours(ctx)]
    return {"contract": row, "template_url": f"/contract-templates/{template_id}", "hours": hours, "units": UNITS,
            "spells": SPELLS,
            "line": templates.get_line(row, line_id) if line_id else None, **_WORDS}  # fmt: skip


def _new_line(ctx: CallContext, template_id: UUID) -> dict[str, Any]:
    return line_form.blank(request.args.get("kind", "fixed"))


def _present_line(ctx: CallContext, template_id: UUID, line_id: UUID) -> dict[str, Any]:
    return line_form.with_tier_rows(templates.get_line(templates.get_template(ctx, template_id), line_id))


@pages.form(f"{_TEMPLATE}/lines/new", permission="contract.manage", schema=line_data.TemplateLineForm,
            template="billing/contract_line_form.html", initial=_new_line, context=_line_context)  # fmt: skip
def new_template_line(ctx: CallContext, template_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    added = templates.add_line(ctx, template_id, **line_form.as_line(data))
    return redirect_to(f"/contract-templates/{template_id}", toast=_("%(name)s added.", name=added["name"]))


@pages.form(f"{_TEMPLATE}/lines/<uuid:line_id>/edit", permission="contract.manage", schema=line_data.TemplateLineForm,
            template="billing/contract_line_form.html", initial=_present_line, context=_line_context)  # fmt: skip
def edit_template_line(ctx: CallContext, template_id: UUID, line_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    templates.change_line(ctx, template_id, line_id, line_form.as_line(data))
    return redirect_to(f"/contract-templates/{template_id}", toast=_("Saved; contracts made before stay as they are."))


@pages.post(f"{_TEMPLATE}/lines/<uuid:line_id>/delete", permission="contract.manage")
def delete_template_line(ctx: CallContext, template_id: UUID, line_id: UUID) -> ResponseReturnValue:
    templates.delete_line(ctx, template_id, line_id)
    return redirect_to(f"/contract-templates/{template_id}", toast=_("Line removed."))


def _quantities(held: Iterable[ContractTemplate]) -> list[dict[str, Any]]:
    """What a client may take another quantity of: the items of lines that bill a quantity."""
    return [
        {"line_id": line["id"], "item_id": item["item_id"], "quantity": item.get("quantity"), "line_name": line["name"]}
        for one in held for line in templates.lines_of(one) if line["kind"] in ("fixed", "product", "license")
        for item in line.get("items", ())
    ]  # fmt: skip


def _for_client(ctx: CallContext, held: Iterable[ContractTemplate]) -> dict[str, Any]:
    return {
        "client_id": request.args.get("client_id", ""),
        "start_on": ctx.today().replace(day=1),
        "quantities": _quantities(held),
    }


def _apply_initial(ctx: CallContext, template_id: UUID) -> dict[str, Any]:
    row = templates.get_template(ctx, template_id)
    return {"name": row.name, **_for_client(ctx, [row])}


def _apply_context(ctx: CallContext, template_id: UUID) -> dict[str, Any]:
    row = templates.get_template(ctx, template_id)
    return {"source": row, "back": f"/contract-templates/{template_id}", "held": [], "quantities": _quantities([row])}


@pages.form(f"{_TEMPLATE}/apply", permission="contract.manage", schema=schemas.TemplateApplyIn,
            template="billing/template_apply.html", initial=_apply_initial, context=_apply_context)  # fmt: skip
def apply_template(ctx: CallContext, template_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    made = cloning.make_contract(ctx, template_id, **data)
    return redirect_to(f"/contracts/{made.id}", toast=_("Contract drawn up as a draft. Look it over, then activate it."))


def _save_context(ctx: CallContext, contract_id: UUID) -> dict[str, Any]:
    return {"contract": services.get_contract(ctx, contract_id)}


def _save_initial(ctx: CallContext, contract_id: UUID) -> dict[str, Any]:
    return {"name": services.get_contract(ctx, contract_id).name}


@pages.form("/contracts/<uuid:contract_id>/save-as-template", permission="contract.manage", schema=schemas.SaveAsTemplateIn,
            template="billing/template_save.html", initial=_save_initial, context=_save_context)  # fmt: skip
def save_as_template(ctx: CallContext, contract_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    made = cloning.save_as_template(ctx, contract_id, **data)
    return redirect_to(f"/contract-templates/{made.id}", toast=_("Saved as a template."))


@pages.get("/plan-bundles", permission="contract.read", query=schemas.BundleQuery)
def plan_bundles(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    return render("billing/bundles.html", page=bundles.list_bundles(ctx, query, request.args.get("q", "")))


@pages.get(_BUNDLE, permission="contract.read")
def plan_bundle(ctx: CallContext, bundle_id: UUID) -> ResponseReturnValue:
    held = bundles.templates_of(ctx, bundle_id)
    return render("billing/bundle.html", bundle=bundles.get_bundle(ctx, bundle_id), held=held, **_WORDS)


def _bundle_context(ctx: CallContext, bundle_id: UUID | None = None) -> dict[str, Any]:
    page = templates.list_templates(ctx, {"limit": 200})
    choices = [(row["id"], row["name"]) for row in page.items]
    return {"bundle": bundles.get_bundle(ctx, bundle_id) if bundle_id else None, "choices": choices}


def _bundle_initial(ctx: CallContext, bundle_id: UUID) -> dict[str, Any]:
    row = bundles.get_bundle(ctx, bundle_id)
    return {**bundles.bundle_view(ctx, row), "version": row.version}


@pages.form("/plan-bundles/new", permission="contract.manage", schema=schemas.BundleIn, template="billing/bundle_form.html",
            context=_bundle_context)  # fmt: skip
def new_bundle(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    made = bundles.create_bundle(ctx, **data)
    return redirect_to(f"/plan-bundles/{made.id}", toast=_("Plan bundle made."))


@pages.form(f"{_BUNDLE}/edit", permission="contract.manage", schema=schemas.BundlePatch, template="billing/bundle_form.html",
            initial=_bundle_initial, context=_bundle_context, if_match=True)  # fmt: skip
def edit_bundle(ctx: CallContext, bundle_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    bundles.change_bundle(ctx, bundle_id, data, version)
    return redirect_to(f"/plan-bundles/{bundle_id}", toast=_("Saved."))


@pages.post(f"{_BUNDLE}/delete", permission="contract.manage")
def delete_bundle(ctx: CallContext, bundle_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    bundles.delete_bundle(ctx, bundle_id)
    return redirect_to("/plan-bundles", toast=_("Plan bundle deleted; its templates stay."))


def _bundle_for_client(ctx: CallContext, bundle_id: UUID) -> dict[str, Any]:
    return _for_client(ctx, bundles.templates_of(ctx, bundle_id))


def _bundle_apply_context(ctx: CallContext, bundle_id: UUID) -> dict[str, Any]:
    held = bundles.templates_of(ctx, bundle_id)
    return {"source": bundles.get_bundle(ctx, bundle_id), "back": f"/plan-bundles/{bundle_id}", "held": held,
            "quantities": _quantities(held)}  # fmt: skip


@pages.form(f"{_BUNDLE}/apply", permission="contract.manage", schema=schemas.BundleApplyIn,
            template="billing/template_apply.html", initial=_bundle_for_client, context=_bundle_apply_context)  # fmt: skip
def apply_bundle(ctx: CallContext, bundle_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    made = cloning.apply_bundle(ctx, bundle_id, **data)
    return redirect_to(f"/contracts?client_id={data['client_id']}",
                       toast=_("%(num)s contracts drawn up as drafts.", num=len(made)))  # fmt: skip
