"""The page on which customers and items of the other side are taken in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.context import CallContext
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.i18n import ngettext
from kernel.web.pages import Pages, redirect_to, render
from plugins.accounting import targets
from plugins.accounting.intake import deciding, reading, schemas

pages = Pages("accounting")
_INTAKE = "/accounting/targets/<uuid:target_id>/intake"
STATES = {
    "open": (_l("Not taken in"), "neutral"), "make": (_l("Being made"), "info"), "link": (_l("Being linked"), "info"),
    "made": (_l("Made"), "success"), "linked": (_l("Linked"), "success"), "skipped": (_l("Left there"), "neutral"),
    "failed": (_l("Not possible"), "danger"),
}  # fmt: skip
KINDS = {"client": _l("Customers"), "item": _l("Products and services")}
BY = {"number": _l("same number"), "email": _l("same e-mail"), "name": _l("same name")}


@pages.get(_INTAKE, permission="accounting.read", query=schemas.IntakeQuery)
def intake(ctx: CallContext, target_id: UUID, query: dict[str, Any]) -> ResponseReturnValue:
    target, kind = targets.get_target(ctx, target_id), query["kind"]
    rows = deciding.list_offers(ctx, target_id, kind, text=query["q"], state=query["state"])
    counts = deciding.count_offers(ctx, target_id)
    return render("accounting/intake.html", target=target, kind=kind, rows=rows, states=STATES, kinds=KINDS, by=BY,
                  counts=counts[kind], known=any(counts.values()), most=deciding.MOST, job=query["job"])  # fmt: skip


@pages.post(f"{_INTAKE}/read", permission="accounting.manage")
def read_theirs(ctx: CallContext, target_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    job_id = reading.ask_to_read(ctx, target_id)
    return redirect_to(f"/accounting/targets/{target_id}/intake?job={job_id}", toast=_("Customers and products are read."))


@pages.post(f"{_INTAKE}/<kind>/<choice>", permission="accounting.manage", schema=schemas.DecisionForm)
def decide(ctx: CallContext, target_id: UUID, kind: str, choice: str, data: dict[str, Any]) -> ResponseReturnValue:
    count, job_id = deciding.decide(ctx, target_id, kind, data["ids"], choice)
    toast = ngettext("%(num)d row decided.", "%(num)d rows decided.", count)
    where = f"/accounting/targets/{target_id}/intake?kind={kind}"
    return redirect_to(f"{where}&job={job_id}" if job_id else where, toast=toast)
