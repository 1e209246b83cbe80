"""Web pages of usage records."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue

from kernel.api.listing import every_row
from kernel.context import CallContext
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.pages import Pages, csv_download, redirect_to, render
from plugins.billing.contracts import listing, schemas, usage_records

pages = Pages("billing")
BILLED = {"false": (_l("Not billed"), "info"), "true": (_l("Billed"), "done")}


@pages.get("/usage-records", permission="contract.read", query=schemas.UsageQuery)
def usage(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    return render("billing/usage.html", page=listing.list_usage(ctx, query), billed=BILLED)


@pages.get("/usage-records.csv", permission="contract.read", query=schemas.UsageQuery)
def usage_csv(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    columns = ("used_on", "client_name", "item_id", "quantity", "note", "billed")
    rows = every_row(lambda wanted: listing.list_usage(ctx, wanted), query)
    return csv_download("usage.csv", columns, ([row[name] for name in columns] for row in rows))


def _new_usage(ctx: CallContext) -> dict[str, Any]:
    return {"used_on": ctx.today(), "client_id": request.args.get("client_id", "")}


@pages.form("/usage-records/new", permission="usage.manage", schema=schemas.UsageIn, template="billing/usage_form.html",
            initial=_new_usage)  # fmt: skip
def new_usage(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    usage_records.add_usage(ctx, **data)
    return redirect_to("/usage-records", toast=_("Usage entered."))


@pages.post("/usage-records/<uuid:usage_id>/delete", permission="usage.manage")
def delete_usage(ctx: CallContext, usage_id: UUID) -> ResponseReturnValue:
    usage_records.delete_usage(ctx, usage_id)
    return redirect_to("/usage-records", toast=_("Usage record removed."))
