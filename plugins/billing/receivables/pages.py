"""Web pages of terms of payment, of how clients pay, and of invoices in dispute."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.context import CallContext
from kernel.directory.clients import get_client
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.pages import Pages, redirect_to, render
from plugins.billing.models import Invoice
from plugins.billing.receivables import early, payers, schemas, terms
from plugins.billing.receivables.words import early_in_words, terms_in_words

pages = Pages("billing")
COUNTED_FROM = {"invoice_date": _l("The invoice date"), "month_end": _l("The end of the month")}
_TERMS = "/payment-terms/<uuid:terms_id>"


@pages.get("/payment-terms", permission="invoice.read")
def list_of_terms(ctx: CallContext) -> ResponseReturnValue:
    rows = [{"id": one.id, "name": one.name, "code": one.code, "says": terms_in_words(one), "is_default": one.is_default}
            for one in terms.list_terms(ctx)]  # fmt: skip
    return render("billing/terms.html", rows=rows)


def _counted(ctx: CallContext) -> dict[str, Any]:
    return {"terms": None, "counted_from": COUNTED_FROM}


@pages.form("/payment-terms/new", permission="receivables.manage", schema=schemas.TermsIn, template="billing/terms_form.html",
            context=_counted)  # fmt: skip
def new_terms(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    terms.add_terms(ctx, **data)
    return redirect_to("/payment-terms", toast=_("Terms of payment added."))


def _one(ctx: CallContext, terms_id: UUID) -> dict[str, Any]:
    return {"terms": terms.get_terms(ctx, terms_id), "counted_from": COUNTED_FROM}


@pages.form(f"{_TERMS}/edit", permission="receivables.manage", schema=schemas.TermsPatch, template="billing/terms_form.html",
            initial=terms.get_terms, context=_one, if_match=True)  # fmt: skip
def edit_terms(ctx: CallContext, terms_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    terms.change_terms(ctx, terms_id, {"early_percent": None, "early_days": None} | data, version)
    return redirect_to("/payment-terms", toast=_("Saved."))


@pages.post(f"{_TERMS}/make-default", permission="receivables.manage")
def make_default(ctx: CallContext, terms_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    chosen = terms.make_default(ctx, terms_id)
    return redirect_to("/payment-terms", toast=_("%(name)s is the default now.", name=chosen.name))


@pages.post(f"{_TERMS}/delete", permission="receivables.manage")
def delete_terms(ctx: CallContext, terms_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    terms.delete_terms(ctx, terms_id)
    return redirect_to("/payment-terms", toast=_("Terms of payment deleted."))


@pages.get("/payers/<uuid:client_id>", permission="invoice.read")
def payer_panel(ctx: CallContext, client_id: UUID) -> ResponseReturnValue:
    return render("billing/payer_panel.html", client=get_client(ctx, client_id), payer=payers.get_payer(ctx, client_id),
                  terms=terms.terms_of(ctx, [client_id])[client_id], terms_in_words=terms_in_words)  # fmt: skip


def terms_choices(ctx: CallContext) -> list[tuple[str, str]]:
    """All terms as a form offers them."""
    return [(str(one.id), one.name) for one in terms.list_terms(ctx)]


def payment_facts(ctx: CallContext, invoice: Invoice) -> dict[str, Any]:
    """What an invoice's page says of its payment: terms, discount for paying early, whether it is held."""
    named = terms.get_terms(ctx, invoice.terms_id) if invoice.terms_id and invoice.kind == "invoice" else None
    open_amount = invoice.total - invoice.settled
    offered = early.early_of(ctx, invoice) if early.offered(ctx, invoice) else None
    return {
        "terms_words": named and named.name, "early_words": early_in_words(offered, invoice.currency, open_amount) or None,
        "early_discount": early.find_early_discount(ctx, invoice.id), "hold": payers.find_hold(ctx, invoice.id),
    }  # fmt: skip


def _payer_facts(ctx: CallContext, client_id: UUID) -> dict[str, Any]:
    return {"client": get_client(ctx, client_id), "terms": terms_choices(ctx)}


@pages.form("/payers/<uuid:client_id>/edit", permission="receivables.manage", schema=schemas.PayerIn,
            template="billing/payer_form.html", initial=payers.get_payer, context=_payer_facts, if_match=True)  # fmt: skip
def edit_payer(ctx: CallContext, client_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    payers.change_payer(ctx, client_id, {"terms_id": None} | data, version)
    return redirect_to(f"/clients/{client_id}", toast=_("Saved."))


@pages.post("/invoices/<uuid:invoice_id>/hold", permission="receivables.manage", schema=schemas.HoldIn)
def hold_invoice(ctx: CallContext, invoice_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    payers.hold_invoice(ctx, invoice_id, data["reason"])
    return redirect_to(f"/invoices/{invoice_id}", toast=_("Held: no reminders and no late fees."))


@pages.post("/invoices/<uuid:invoice_id>/release", permission="receivables.manage")
def release_invoice(ctx: CallContext, invoice_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    payers.release_invoice(ctx, invoice_id)
    return redirect_to(f"/invoices/{invoice_id}", toast=_("Reminders and late fees go on."))
