"""Web pages of extensions' charges."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.context import CallContext
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.pages import Pages, redirect_to, render
from plugins.invoicing_host import charges, schemas

pages = Pages("invoicing_host")
BILLED = {"false": (_l("Not billed"), "info"), "true": (_l("Billed"), "done")}


@pages.get("/extension-charges", permission="extension_charge.read", query=schemas.ExtensionChargeQuery)
def charge_list(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    return render("invoicing_host/charges.html", page=charges.list_charges(ctx, query), billed=BILLED)


@pages.post("/extension-charges/<uuid:charge_id>/remove", permission="extension_charge.remove")
def remove_charge(ctx: CallContext, charge_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    charges.remove_charge(ctx, charge_id)
    return redirect_to("/extension-charges", toast=_("The charge is removed."))
