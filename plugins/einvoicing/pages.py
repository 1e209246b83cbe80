"""Web pages of the e-invoicing room."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue

from kernel.context import CallContext
from kernel.directory import clients
from kernel.tenancy import get_settings
from kernel.web.i18n import gettext as _
from kernel.web.pages import Pages, attachment, redirect_to, render
from plugins.einvoicing import schemas, services
from plugins.einvoicing.settings import SellerProfile
from plugins.einvoicing.words import FORMS, NAMED_SCHEMES, SCHEMES

pages = Pages("einvoicing")
_INVOICE = "/e-invoicing/of-invoice/<uuid:invoice_id>"


@pages.get("/e-invoicing", permission="invoice.read")
def seller(ctx: CallContext) -> ResponseReturnValue:
    return render("einvoicing/seller.html", seller=get_settings(ctx, "einvoicing"), schemes=NAMED_SCHEMES)


def _profile(ctx: CallContext) -> dict[str, Any]:
    return {"schemes": SCHEMES}


@pages.form("/e-invoicing/edit", permission="e_invoice.manage", schema=SellerProfile, template="einvoicing/seller_form.html",
            initial=lambda ctx: get_settings(ctx, "einvoicing"), context=_profile)  # fmt: skip
def edit_seller(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    services.change_seller(ctx, data)
    return redirect_to("/e-invoicing", toast=_("Saved."))


@pages.get(_INVOICE, permission="invoice.read")
def of_invoice(ctx: CallContext, invoice_id: UUID) -> ResponseReturnValue:
    paper = services.get_paper(ctx, invoice_id)
    check = services.check_invoice(ctx, invoice_id)
    facts = services.get_client_facts(ctx, paper.client_id)
    return render("einvoicing/invoice_panel.html", paper=paper, check=check, facts=facts, forms=FORMS)


@pages.get(f"{_INVOICE}/download", permission="invoice.read", query=schemas.EInvoiceQuery)
def download(ctx: CallContext, invoice_id: UUID, query: dict[str, Any]) -> ResponseReturnValue:
    return attachment(*services.write_file(ctx, invoice_id, query.get("format") or "ubl"))


@pages.get("/e-invoicing/of-client/<uuid:client_id>", permission="invoice.read")
def of_client(ctx: CallContext, client_id: UUID) -> ResponseReturnValue:
    facts = services.get_client_facts(ctx, client_id)
    return render("einvoicing/client_panel.html", facts=facts, forms=FORMS, schemes=NAMED_SCHEMES)


def _client(ctx: CallContext, client_id: UUID) -> dict[str, Any]:
    return {"client": clients.get_client(ctx, client_id), "schemes": SCHEMES, "forms": list(FORMS.items())}


@pages.form("/e-invoicing/of-client/<uuid:client_id>/edit", permission="e_invoice.manage", schema=schemas.ClientFactsIn,
            template="einvoicing/client_form.html", initial=services.get_client_facts, context=_client,
            if_match=True)  # fmt: skip
def edit_client_facts(ctx: CallContext, client_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    services.set_client_facts(ctx, client_id, **data, version=version)
    return redirect_to(f"/clients/{client_id}", toast=_("Saved."))
