"""Web pages of sending invoices by mail."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue

from kernel.context import CallContext
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.pages import Pages, redirect_to, render
from plugins.billing import invoices, sending
from plugins.billing.schemas.sendings import SendForm

pages = Pages("billing")
STATES = {
    "waiting": (_l("On its way"), "info"),
    "sent": (_l("Sent"), "success"),
    "failed": (_l("Failed"), "danger"),
    "unknown": (_l("Not known"), "neutral"),
}
_PAGE = "/invoices/<uuid:invoice_id>"


def _facts(ctx: CallContext, invoice_id: UUID) -> dict[str, Any]:
    return {"invoice": invoices.get_invoice(ctx, invoice_id)}


@pages.form(f"{_PAGE}/send", permission="invoice.send", schema=SendForm, template="billing/send_form.html",
            initial=sending.first_words, context=_facts)  # fmt: skip
def send_invoice(ctx: CallContext, invoice_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    addresses = [one for one in re.split(r"[,;\s]+", data["to"]) if one]
    sending.send_invoice(ctx, invoice_id, to=addresses, message=data["message"])
    return redirect_to(f"/invoices/{invoice_id}", toast=_("On its way to %(names)s.", names=", ".join(addresses)))


@pages.get(f"{_PAGE}/sendings", permission="invoice.read")
def sendings(ctx: CallContext, invoice_id: UUID) -> ResponseReturnValue:
    invoice = invoices.get_invoice(ctx, invoice_id)
    return render("billing/sendings.html", invoice=invoice, sendings=sending.list_sendings(ctx, invoice_id), states=STATES)
