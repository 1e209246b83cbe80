"""Web pages of taxes that are reckoned elsewhere."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue

from kernel.context import CallContext
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.pages import Pages, redirect_to, render
from plugins.tax import document_taxes, schemas

pages = Pages("tax")
STATES = {
    "internal": (_l("Reckoned here"), "info"),
    "external": (_l("Imported"), "success"),
    "pending_external": (_l("Not imported yet"), "warning"),
}
_INVOICE = "/taxes/of-invoice/<uuid:invoice_id>"


def _facts(ctx: CallContext, invoice_id: UUID) -> dict[str, Any]:
    return {"document": document_taxes.read_document(ctx, invoice_id), "paper": document_taxes.get_paper(ctx, invoice_id)}


@pages.get(_INVOICE, permission="tax.read")
def of_invoice(ctx: CallContext, invoice_id: UUID) -> ResponseReturnValue:
    return render("tax/document.html", states=STATES, **_facts(ctx, invoice_id))


@pages.post(f"{_INVOICE}/source", permission="tax.manage", schema=schemas.TaxSourceIn)
def set_source(ctx: CallContext, invoice_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    document_taxes.set_source(ctx, invoice_id, data["source"])
    return redirect_to(f"/invoices/{invoice_id}", toast=_("Saved."))


@pages.form(f"{_INVOICE}/import", permission="tax.manage", schema=schemas.TaxTotalIn, template="tax/import_form.html",
            context=_facts)  # fmt: skip
def import_total(ctx: CallContext, invoice_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    document_taxes.import_amounts(ctx, invoice_id, **data)
    return redirect_to(f"/invoices/{invoice_id}", toast=_("Taxes imported."))
