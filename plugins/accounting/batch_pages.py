"""Web pages of batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.context import CallContext
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.i18n import ngettext
from kernel.web.pages import Pages, attachment, redirect_to, render
from plugins.accounting import batches, listing, schemas, targets, validating

pages = Pages("accounting")
_READ, _MANAGE = "accounting.read", "accounting.manage"
_BATCH = "/accounting/batches/<uuid:batch_id>"
STATES = {
    "needs_attention": (_l("Needs attention"), "warning"), "ready": (_l("Ready"), "info"),
    "delivering": (_l("On its way"), "info"), "delivered": (_l("Delivered"), "done"), "cancelled": (_l("Cancelled"), "neutral"),
}  # fmt: skip
DOCUMENT_STATES = {
    "open": (_l("Problems"), "warning"), "ready": (_l("Ready"), "info"), "queued": (_l("On its way"), "info"),
    "delivered": (_l("Delivered"), "done"), "refused": (_l("Refused"), "danger"), "left_out": (_l("Left out"), "neutral"),
    "cancelled": (_l("Cancelled"), "neutral"),
}  # fmt: skip
ORIGINS = {"manual": _l("By hand"), "auto": _l("As they became final")}


@pages.get("/accounting", permission=_READ, query=schemas.BatchQuery)
def batch_list(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    known = [(str(one.id), one.name) for one in targets.list_targets(ctx)]
    return render("accounting/batches.html", page=listing.list_batches(ctx, query), states=STATES, origins=ORIGINS, targets=known)


def _targets(ctx: CallContext) -> dict[str, Any]:
    return {"targets": [(one.id, one.name) for one in targets.list_targets(ctx)]}


@pages.form("/accounting/batches/new", permission=_MANAGE, schema=schemas.BatchForm, template="accounting/batch_new.html",
            context=_targets)  # fmt: skip
def new_batch(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    batch = batches.create_batch(
        ctx, data["target_id"], first_day=data["first_day"], last_day=data["last_day"],
        statuses=[data["status"]] if data["status"] else (), client_ids=[data["client_id"]] if data["client_id"] else (),
    )  # fmt: skip
    return redirect_to(f"/accounting/batches/{batch.id}")


@pages.get(_BATCH, permission=_READ, query=schemas.DocumentQuery)
def batch_page(ctx: CallContext, batch_id: UUID, query: dict[str, Any]) -> ResponseReturnValue:
    batch = batches.get_batch(ctx, batch_id)
    page = listing.list_batch_documents(ctx, batch_id, query)
    problems = validating.open_problems(ctx, [row["id"] for row in page.items])
    counts = batches.count_documents(ctx, [batch_id])[batch_id]
    in_the_way = _by_code(batch.target_id, validating.in_the_way(ctx, batch_id))
    target = targets.get_target(ctx, batch.target_id)
    unlinked = target.connection_id and not target.provision and any("kind=client" in one.url for one in in_the_way)
    return render("accounting/batch.html", batch=batch, target=target, page=page, problems=problems, in_the_way=in_the_way,
                  unlinked=unlinked, counts=counts, total=sum(counts.values()), files=batches.list_files(ctx, batch_id),
                  states=STATES, document_states=DOCUMENT_STATES)  # fmt: skip


class Obstacle(NamedTuple):
    """All that is in the way for one reason: in words, where to mend it at once, and one by one."""

    title: str
    url: str
    some: list[validating.InTheWay]


CODES = {
    "missing_customer_mapping": _l("Clients that are no customers there yet"),
    "missing_item_mapping": _l("Products that are not mapped"),
    "missing_tax_mapping": _l("Taxes that are not mapped"),
    "missing_term_mapping": _l("Terms of payment that are not mapped"),
    "missing_account_mapping": _l("Accounts that are not mapped"),
    "currency_not_kept": _l("Currencies that the company does not keep books in"),
    "missing_connection": _l("The connection is gone"),
    "wrong_company": _l("The connection opens another company"),
    "prepayment_not_exportable": _l("Requests for money in advance"),
}
_MAPPED = {"customer": "client"}


def _by_code(target_id: UUID, found: Sequence[validating.InTheWay]) -> list[Obstacle]:
    """What is in the way, by reason; the reason of most documents first."""
    reasons = dict[str, list[validating.InTheWay]]()
    for one in found:
        reasons.setdefault(one.code, []).append(one)
    return [Obstacle(str(CODES.get(code, code.replace("_", " ").capitalize())), _all_at_once(target_id, code), some)
            for code, some in reasons.items()]  # fmt: skip


def _all_at_once(target_id: UUID, code: str) -> str:
    """The page that maps all of a kind; empty for other reasons."""
    kind = code.removeprefix("missing_").removesuffix("_mapping")
    mends = code == f"missing_{kind}_mapping"
    return f"/accounting/targets/{target_id}/mappings?kind={_MAPPED.get(kind, kind)}&unmapped=true" if mends else ""


@pages.post(f"{_BATCH}/check", permission=_MANAGE)
def check(ctx: CallContext, batch_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    batches.recheck(ctx, batch_id)
    return redirect_to(f"/accounting/batches/{batch_id}", toast=_("Checked."))


@pages.post(f"{_BATCH}/deliver", permission=_MANAGE)
def deliver(ctx: CallContext, batch_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    batches.deliver_batch(ctx, batch_id)
    return redirect_to(f"/accounting/batches/{batch_id}")


@pages.post(f"{_BATCH}/cancel", permission=_MANAGE)
def cancel(ctx: CallContext, batch_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    batches.cancel_batch(ctx, batch_id)
    return redirect_to(f"/accounting/batches/{batch_id}", toast=_("Cancelled."))


@pages.post("/accounting/documents/<uuid:document_id>/leave-out", permission=_MANAGE)
def leave_out(ctx: CallContext, document_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    row = batches.leave_out(ctx, document_id)
    return redirect_to(f"/accounting/batches/{row.batch_id}", toast=_("Left out."))


@pages.post(f"{_BATCH}/leave-out", permission=_MANAGE)
def leave_some_out(ctx: CallContext, batch_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    wanted = set(form.getlist("ids"))
    some = [one for one in batches.list_documents(ctx, batch_id, "open", "ready", "refused") if str(one.id) in wanted]
    for one in some:
        batches.leave_out(ctx, one.id)
    return redirect_to(f"/accounting/batches/{batch_id}", toast=ngettext("%(num)d left out.", "%(num)d left out.", len(some)))


@pages.get("/accounting/files/<uuid:file_id>", permission=_READ)
def download(ctx: CallContext, file_id: UUID) -> ResponseReturnValue:
    file = batches.get_file(ctx, file_id)
    return attachment(file.name, file.content_type, file.content)
