"""Web pages of imports: what was imported, and the form to import more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response, request
from flask.typing import ResponseReturnValue

from kernel.api.listing import Page
from kernel.context import CallContext
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.pages import Pages, redirect_to, render
from plugins.imports import schemas, services
from plugins.imports.errors import FileUnreadable, ImportNotFound
from plugins.imports.report import error_csv, template_csv

pages = Pages("imports")
SHOWN_ERRORS = 50
RUN_STATES = {
    "open": (_l("Under way"), "info"),
    "done": (_l("Done"), "success"),
    "refused": (_l("Refused"), "danger"),
    "interrupted": (_l("Interrupted"), "warning"),
}
FILE_STATES = {
    "waiting": (_l("Waiting"), "neutral"),
    "loaded": (_l("Loaded"), "success"),
    "partly": (_l("Loaded without bad rows"), "warning"),
    "refused": (_l("Refused"), "danger"),
    "unchanged": (_l("Unchanged"), "done"),
    "checked": (_l("Can be loaded"), "success"),
    "untried": (_l("Not tried"), "neutral"),
}
DATE_ORDERS = [("dmy", _l("Day/month/year")), ("mdy", _l("Month/day/year"))]
DECIMALS = [("point", _l("Point: 1,250.50")), ("comma", _l("Comma: 1.250,50"))]


@pages.get("/imports", permission="import.run", query=schemas.ImportQuery)
def imports(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    page = services.list_runs(ctx, query)
    named = [{**row, "names": _some(row["file_names"])} for row in page.items]
    return render("imports/list.html", page=Page(named, page.next_cursor), states=RUN_STATES)


@pages.get("/imports/<uuid:import_id>", permission="import.run")
def import_run(ctx: CallContext, import_id: UUID) -> ResponseReturnValue:
    return render(
        "imports/detail.html",
        run=services.get_run(ctx, import_id),
        files=services.list_files(ctx, import_id),
        problems=services.find_problems(ctx, import_id, SHOWN_ERRORS),
        shown=SHOWN_ERRORS,
        states=RUN_STATES,
        file_states=FILE_STATES,
    )


@pages.get("/imports/<uuid:import_id>/errors.csv", permission="import.run")
def import_errors(ctx: CallContext, import_id: UUID) -> ResponseReturnValue:
    run = services.get_run(ctx, import_id)
    return _csv("import-errors.csv", error_csv(services.find_problems(ctx, run.id)))


@pages.get("/imports/templates/<name>", permission="import.run")
def import_template(ctx: CallContext, name: str) -> ResponseReturnValue:
    columns = services.columns_by_file(ctx).get(name)
    if columns is None:
        raise ImportNotFound(_("No enabled plugin reads a file of this name."))
    return _csv(name, template_csv(column.name for column in columns))


def _form_facts(ctx: CallContext) -> dict[str, Any]:
    return {"files": services.columns_by_file(ctx), "date_orders": DATE_ORDERS, "decimals": DECIMALS}


@pages.form("/imports/new", permission="import.run", schema=schemas.OptionsIn, template="imports/form.html",
            context=_form_facts)  # fmt: skip
def new_import(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    sent = {one.filename: one.read() for one in request.files.getlist("files") if one.filename}
    if not sent:
        raise FileUnreadable(_("Choose at least one file."), errors={"files": _("Choose at least one file.")})
    run = services.queue_import(ctx, sent, schemas.options_of(data), "web")
    return redirect_to(f"/imports/{run.id}", toast=_("The import has begun."))


def _some(names: Sequence[str]) -> str:
    """The first three names, and how many more there are."""
    more = f" + {len(names) - 3}" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _csv(name: str, content: bytes) -> Response:
    return Response(content, mimetype="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'})
