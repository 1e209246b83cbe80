"""Web pages of targets and mappings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.context import CallContext
from kernel.errors import InvalidInput
from kernel.hookspecs.accounting import DEFAULT
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.i18n import ngettext
from kernel.web.pages import Pages, redirect_to, render
from plugins.accounting import listing, looking, mapping, ours, outgoing, schemas, targets, taxing
from plugins.accounting.batches import recheck_open
from plugins.accounting.models import Outgoing

pages = Pages("accounting")
_READ, _MANAGE = "accounting.read", "accounting.manage"
_TARGET = "/accounting/targets/<uuid:target_id>"
WORK_STATES = {
    "waiting": (_l("Waiting"), "neutral"), "sending": (_l("On its way"), "info"), "failed": (_l("Failed"), "danger"),
    "done": (_l("Delivered"), "done"), "dropped": (_l("Put aside"), "neutral"),
}  # fmt: skip
WORK_KINDS = {
    "client": _l("Customer"), "item": _l("Product"), "invoice": _l("Invoice"), "credit_note": _l("Credit note"),
    "payment": _l("Payment"), "credit_use": _l("Use of a credit"), "tax": _l("Taxes of a draft"),
}  # fmt: skip
HALTED = {"missing_connection": _l("The connection is gone"), "wrong_company": _l("The connection opens another company")}


@pages.get("/accounting/targets", permission=_READ)
def target_list(ctx: CallContext) -> ResponseReturnValue:
    known = targets.systems_of(ctx)
    rows = [{"id": one.id, "name": one.name, "system": known[one.system].title if one.system in known else one.system,
             "account_name": one.account_name, "starts_on": one.starts_on, "state": _state(one)}
            for one in targets.list_targets(ctx)]  # fmt: skip
    return render("accounting/targets.html", targets=rows, states=TARGET_STATES)


TARGET_STATES = {"active": (_l("Active"), "success"), "paused": (_l("Paused"), "neutral"), "halted": (_l("Halted"), "danger")}


def _state(target: Any) -> str:
    return "halted" if target.halted else "active" if target.active else "paused"


def _books(ctx: CallContext) -> dict[str, Any]:
    """What may become a target, connected companies first, and the systems of which nobody connected a company."""
    known = targets.systems_of(ctx).values()
    companies = {one.key: [(f"{one.key}/{there.account_id}", f"{_(one.title)}: {there.account_name}")
                           for there in targets.connections_of(ctx, one)] for one in known if one.provider}  # fmt: skip
    files = [(one.key, _("%(format)s, as files", format=_(one.title))) for one in known if not one.provider]
    return {"books": [choice for some in companies.values() for choice in some] + files,
            "unconnected": [_(one.title) for one in known if one.provider and not companies[one.key]]}  # fmt: skip


@pages.form("/accounting/targets/new", permission=_MANAGE, schema=schemas.TargetForm, template="accounting/target_new.html",
            context=_books)  # fmt: skip
def new_target(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    system, _slash, account_id = data.pop("books").partition("/")
    target = taxing.whose_taxes_count(ctx, targets.add_target(ctx, system=system, account_id=account_id, **data))
    if target.realm is None:
        return redirect_to(f"/accounting/targets/{target.id}", toast=_("Added."))
    looking.ask_to_look(ctx, target.id)
    return redirect_to(f"/accounting/targets/{target.id}", toast=_("Added. What is there is being read."))


@pages.get(_TARGET, permission=_READ, query=schemas.WorkQuery)
def target_page(ctx: CallContext, target_id: UUID, query: dict[str, Any]) -> ResponseReturnValue:
    target = targets.get_target(ctx, target_id)
    system = targets.systems_of(ctx).get(target.system)
    work, shared = listing.list_work(ctx, target.id, query), listing.shared_troubles(ctx, target.id)
    return render("accounting/target.html", target=target, system=system, work=work, state=_state(target), states=TARGET_STATES,
                  work_states=WORK_STATES, open_states={one: WORK_STATES[one] for one in ("waiting", "sending", "failed")},
                  kinds=WORK_KINDS, halted=HALTED, shared=shared, said={one.detail for one in shared},
                  counts=ours.count_mapped(ctx, target) if system else [], fresh=not targets.is_used(ctx, target.id))  # fmt: skip


def _target(ctx: CallContext, target_id: UUID) -> dict[str, Any]:
    target = targets.get_target(ctx, target_id)
    return {"target": target, "system": targets.systems_of(ctx).get(target.system)}


@pages.form(f"{_TARGET}/edit", permission=_MANAGE, schema=schemas.TargetPatch, template="accounting/target_form.html",
            initial=targets.get_target, context=_target, if_match=True)  # fmt: skip
def edit_target(ctx: CallContext, target_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    taxing.whose_taxes_count(ctx, targets.change_target(ctx, target_id, data, version))
    recheck_open(ctx, target_id)
    outgoing.wake(ctx, target_id)
    return redirect_to(f"/accounting/targets/{target_id}", toast=_("Saved."))


@pages.post(f"{_TARGET}/remove", permission=_MANAGE)
def remove_target(ctx: CallContext, target_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    targets.remove_target(ctx, target_id)
    return redirect_to("/accounting/targets", toast=_("Removed."))


@pages.post(f"{_TARGET}/look", permission=_MANAGE)
def look(ctx: CallContext, target_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    job_id = looking.ask_to_look(ctx, target_id)
    return redirect_to(f"/accounting/targets/{target_id}/mappings?kind={form.get('kind', '')}&job={job_id}")


@pages.get(f"{_TARGET}/mappings", permission=_READ, query=schemas.MappingPage)
def mappings(ctx: CallContext, target_id: UUID, query: dict[str, Any]) -> ResponseReturnValue:
    target = targets.get_target(ctx, target_id)
    kinds = {key: _(words) for key, words in ours.kinds_of(ctx, target).items()}
    kind = query["kind"] if query["kind"] in kinds else next(iter(kinds), "item")
    found = ours.list_mapped(ctx, target_id, kind, text=query["q"], key=query["key"], unmapped=query["unmapped"])
    if query["key"] and len(found) == 1 and ctx.actor.may(_MANAGE):
        return redirect_to(f"/accounting/targets/{target_id}/mappings/{kind}/{quote(query['key'])}{_back(query['batch'])}")
    creatable = target.realm is not None and kind in ("item", "client")
    return render("accounting/mappings.html", target=target, kinds=kinds, kind=kind, creatable=creatable, batch=query["batch"],
                  rows=[one._replace(name=one.name or str(_OTHERS)) for one in found], most=ours.MOST_ROWS, job=query["job"],
                  says=_KIND_SAYS.get(kind, ""),
                  missing={one.kind: one.total - one.mapped for one in ours.count_mapped(ctx, target) if one.needed},
                  no_account=creatable and kind == "item" and looking.income_missing(ctx, target))  # fmt: skip


_OTHERS = _l("All others, by default")
_KIND_SAYS = {
    "item": _l("An item goes by its own mapping, then that of its category, then the default."),
    "category": _l("Holds for all items of the category that have no mapping of their own."),
    "client": _l("Each customer there is one client here."),
    "tax": _l("Map each tax to the code there that has the same percent."),
    "term": _l("Without a mapping the due date is sent alone."),
    "account": _l("Where new products and payments are put there."),
}


def _back(batch: UUID | None) -> str:
    """What an address carries along so that a person comes back to the batch that waits for a mapping."""
    return f"?batch={batch}" if batch else ""


def _row(ctx: CallContext, target_id: UUID, kind: str, key: str) -> ours.MappedRow:
    found = ours.list_mapped(ctx, target_id, kind, key=key)
    if not found:
        raise InvalidInput(errors={"key": _("There is nothing of this key.")})
    return found[0]


def _mapping_form(ctx: CallContext, target_id: UUID, kind: str, key: str) -> dict[str, Any]:
    target, row = targets.get_target(ctx, target_id), _row(ctx, target_id, kind, key)
    choices = [(one.external_id, f"{one.name} · {one.detail}" if one.detail else one.name)
               for one in looking.list_choices(ctx, target_id, kind)]  # fmt: skip
    return {"target": target, "row": row, "kind": kind, "choices": choices, "words": ours.kinds_of(ctx, target).get(kind, kind),
            "name": row.name or str(_OTHERS), "default": key == DEFAULT, "back": _after(target_id, kind)}  # fmt: skip


def _after(target_id: UUID, kind: str) -> str:
    """Where a person goes on after a mapping: to the batch that they came from, else to the list."""
    try:
        return f"/accounting/batches/{UUID(request.args.get('batch', ''))}"
    except ValueError:
        return f"/accounting/targets/{target_id}/mappings?kind={kind}"


def _mapped(ctx: CallContext, target_id: UUID, kind: str, key: str) -> dict[str, Any]:
    row = _row(ctx, target_id, kind, key)
    return {"external_id": row.external_id or row.suggested_id, "everywhere": not row.own}


@pages.form(f"{_TARGET}/mappings/<kind>/<path:key>", permission=_MANAGE, schema=schemas.MappingForm,
            template="accounting/mapping_form.html", initial=_mapped, context=_mapping_form)  # fmt: skip
def edit_mapping(ctx: CallContext, target_id: UUID, kind: str, key: str, data: dict[str, Any]) -> ResponseReturnValue:
    known = {one.external_id: one.name for one in looking.list_choices(ctx, target_id, kind)}
    target = targets.get_target(ctx, target_id)
    wanted = data["external_id"].strip()
    mapping.set_mapping(ctx, target, kind, key, wanted, known.get(wanted, ""), everywhere=data["everywhere"])
    recheck_open(ctx, target_id)
    return redirect_to(_after(target_id, kind), toast=_("Saved."))


@pages.post(f"{_TARGET}/mappings-accept/<kind>", permission=_MANAGE)
def accept(ctx: CallContext, target_id: UUID, kind: str, form: MultiDict[str, str]) -> ResponseReturnValue:
    count = ours.accept_suggestions(ctx, target_id, kind, form.getlist("ids"))
    recheck_open(ctx, target_id)
    batch = request.args.get("batch", type=UUID)
    where = f"/accounting/targets/{target_id}/mappings?kind={kind}" + (f"&batch={batch}" if batch else "")
    return redirect_to(where, toast=ngettext("%(num)d mapped.", "%(num)d mapped.", count))


@pages.post(f"{_TARGET}/mappings-create/<kind>", permission=_MANAGE)
def create_there(ctx: CallContext, target_id: UUID, kind: str, form: MultiDict[str, str]) -> ResponseReturnValue:
    looking.create_there(ctx, target_id, kind, list(_ids(form.getlist("ids"))))
    return redirect_to(f"/accounting/targets/{target_id}", toast=_("They are created there one after the other."))


@pages.post(f"{_TARGET}/work-retry", permission=_MANAGE)
def retry_some(ctx: CallContext, target_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    count = len([outgoing.retry_work(ctx, one.id) for one in _chosen(ctx, target_id, form)])
    toast = ngettext("%(num)d is tried again.", "%(num)d are tried again.", count)
    return redirect_to(f"/accounting/targets/{target_id}", toast=toast)


@pages.post(f"{_TARGET}/work-drop", permission=_MANAGE)
def drop_some(ctx: CallContext, target_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    some = [one for one in _chosen(ctx, target_id, form) if one.document_id is None]
    count = len([outgoing.drop_work(ctx, one.id) for one in some])
    toast = ngettext("%(num)d put aside.", "%(num)d put aside.", count)
    return redirect_to(f"/accounting/targets/{target_id}", toast=toast)


def _chosen(ctx: CallContext, target_id: UUID, form: MultiDict[str, str]) -> list[Outgoing]:
    """The chosen work that still waits or failed."""
    return outgoing.list_waiting(ctx, target_id, list(_ids(form.getlist("ids"))))


@pages.post("/accounting/work/<uuid:work_id>/retry", permission=_MANAGE)
def retry(ctx: CallContext, work_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    row = outgoing.retry_work(ctx, work_id)
    return redirect_to(f"/accounting/targets/{row.target_id}", toast=_("It is tried again."))


@pages.post("/accounting/tax-of/<uuid:invoice_id>/ask", permission=_MANAGE)
def ask_for_tax(ctx: CallContext, invoice_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    taxing.ask_again(ctx, invoice_id)
    return redirect_to(f"/invoices/{invoice_id}", toast=_("It is asked again."))


@pages.post("/accounting/work/<uuid:work_id>/drop", permission=_MANAGE)
def drop(ctx: CallContext, work_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    row = outgoing.drop_work(ctx, work_id)
    return redirect_to(f"/accounting/targets/{row.target_id}", toast=_("Put aside."))


def _ids(keys: Iterable[str]) -> Iterator[UUID]:
    """The keys that are ids: the one of all that is not mapped is none."""
    for key in keys:
        with suppress(ValueError):
            yield UUID(key)
