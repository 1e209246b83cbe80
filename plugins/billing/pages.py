"""Web pages of invoices."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.api.listing import every_row
from kernel.context import CallContext
from kernel.directory.clients import get_client
from kernel.hookspecs.directory import Ref
from kernel.money import exponent
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.i18n import ngettext
from kernel.web.pages import Pages, csv_download, redirect_to, render
from plugins.billing import by_hand, finalizing, invoices, listing, paper, payments, why
from plugins.billing.asking import asked_discounts, asked_lines
from plugins.billing.credits import applying
from plugins.billing.parties import find_parties
from plugins.billing.reasons import span
from plugins.billing.receivables.pages import payment_facts, terms_choices
from plugins.billing.routes import pdf_response
from plugins.billing.schemas import invoices as schemas

pages = Pages("billing")
STATES = {
    "draft": (_l("Draft"), "neutral"),
    "open": (_l("Open"), "info"),
    "partly_paid": (_l("Partly paid"), "info"),
    "overdue": (_l("Overdue"), "danger"),
    "paid": (_l("Paid"), "done"),
    "issued": (_l("Issued"), "done"),
    "void": (_l("Void"), "warning"),
}
LINE_KINDS = {
    "fixed": _l("Fixed fee"),
    "hourly": _l("Hours"),
    "usage": _l("Usage"),
    "product": _l("Product"),
    "license": _l("License"),
    "late_fee": _l("Late fee"),
}
KINDS = {
    "invoice": (_l("Invoice"), "neutral"),
    "prepayment": (_l("Prepayment"), "neutral"),
    "credit_note": (_l("Credit note"), "warning"),
}
METHODS = {
    "bank_transfer": (_l("Bank transfer"), "neutral"),
    "card": (_l("Card"), "neutral"),
    "cash": (_l("Cash"), "neutral"),
    "check": (_l("Check"), "neutral"),
    "direct_debit": (_l("Direct debit"), "neutral"),
    "other": (_l("Other"), "neutral"),
}
_CSV = ("number", "kind", "state", "client_name", "invoice_date", "due_date", "currency", "subtotal", "tax", "total", "settled")
_PAGE = "/invoices/<uuid:invoice_id>"


@pages.get("/invoices", permission="invoice.read", query=schemas.InvoiceQuery)
def list_of_invoices(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    page = listing.list_invoices(ctx, query, request.args.get("q", ""))
    return render("billing/invoices.html", page=page, states=STATES, kinds=KINDS)


@pages.get("/invoices.csv", permission="invoice.read", query=schemas.InvoiceQuery)
def invoices_csv(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    rows = every_row(lambda wanted: listing.list_invoices(ctx, wanted, request.args.get("q", "")), query)
    return csv_download("invoices.csv", _CSV, ([row[name] for name in _CSV] for row in rows))


@pages.get(_PAGE, permission="invoice.read")
def invoice_page(ctx: CallContext, invoice_id: UUID) -> ResponseReturnValue:
    invoice = invoices.get_invoice(ctx, invoice_id)
    return render(
        "billing/invoice.html",
        invoice=invoice,
        state=listing.state_of(invoice, ctx.today()),
        states=STATES,
        methods=METHODS,
        lines=invoices.list_lines(ctx, invoice_id),
        line_kinds=LINE_KINDS,
        taxes=invoices.list_taxes(ctx, invoice_id),
        discounts=invoices.list_discounts(ctx, invoice_id),
        payments=payments.list_payments(ctx, invoice_id),
        applications=applying.list_applications(ctx, invoice_id),
        credits=applying.usable_credits(ctx, invoice) if invoice.status == "finalized" else [],
        notes=listing.list_invoices(ctx, {"credit_of_id": invoice_id, "limit": 50}).items,
        parties=find_parties(ctx, [invoice])[invoice.id],
        links=[one for answer in ctx.hooks.collect_links(ctx=ctx, ref=Ref("invoice", invoice_id)) for one in answer],
        words=[one for answer in ctx.hooks.collect_notes(ctx=ctx, ref=Ref("invoice", invoice_id)) for one in answer],
        layout=paper.name_of_layout(ctx, invoice),
        span=span,
        **payment_facts(ctx, invoice),
    )


@pages.form("/invoices/new", permission="invoice.create", schema=schemas.InvoiceFor, template="billing/invoice_new.html")
def choose_client(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    client = get_client(ctx, data["client_id"])
    return redirect_to(f"/invoices/new/{client.id}?currency={data.get('currency') or client.currency}")


def _form_facts(ctx: CallContext, client_id: UUID | None = None, invoice_id: UUID | None = None) -> dict[str, Any]:
    if invoice_id is not None:
        invoice = invoices.get_invoice(ctx, invoice_id)
        return {"client": get_client(ctx, invoice.client_id), "currency": invoice.currency, "invoice": invoice,
                "terms": terms_choices(ctx)}  # fmt: skip
    client = get_client(ctx, client_id or UUID(int=0))
    return {"client": client, "currency": _wanted_currency(client.currency), "invoice": None, "terms": terms_choices(ctx)}


def _wanted_currency(usual: str) -> str:
    """The currency in the address, checked: amounts are typed in it."""
    code = request.args.get("currency", usual)
    exponent(code)
    return code


@pages.form("/invoices/new/<uuid:client_id>", permission="invoice.create", schema=schemas.InvoicePatch,
            template="billing/invoice_form.html", context=_form_facts)  # fmt: skip
def new_invoice(ctx: CallContext, client_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    currency = _wanted_currency(get_client(ctx, client_id).currency)
    lines, discounts = asked_lines(data.pop("lines", ())), asked_discounts(data.pop("discounts", ()))
    invoice = by_hand.create_invoice(ctx, client_id=client_id, currency=currency, lines=lines, discounts=discounts, **data)
    return redirect_to(f"/invoices/{invoice.id}", toast=_("Draft %(number)s written.", number=invoice.number))


def _present(ctx: CallContext, invoice_id: UUID) -> dict[str, Any]:
    invoice = invoices.get_invoice(ctx, invoice_id)
    lines = [
        {"item_id": one.item_id, "description": one.description, "quantity": one.quantity, "rate": one.unit_price,
         "tax_category": one.tax_category, "location_id": one.location_id, "exemption": one.exemption}
        for one in invoices.list_lines(ctx, invoice_id)
    ]  # fmt: skip
    discounts = [
        {"description": one.description, "percent": one.percent, "amount": one.fixed, "line": one.line_position,
         "item_id": one.item_id}
        for one in invoices.list_discounts(ctx, invoice_id)
    ]  # fmt: skip
    header = {name: getattr(invoice, name) for name in ("version", "invoice_date", "due_date", "terms_id", "po_number", "notes")}
    return header | {"lines": lines, "discounts": discounts}


@pages.form(f"{_PAGE}/edit", permission="invoice.create", schema=schemas.InvoicePatch, template="billing/invoice_form.html",
            initial=_present, context=_form_facts, if_match=True)  # fmt: skip
def edit_invoice(ctx: CallContext, invoice_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    invoice = invoices.get_invoice(ctx, invoice_id)
    manual = invoice.origin == "manual" and invoice.kind == "invoice"
    lines = {"lines": asked_lines(data.pop("lines", ()))} if manual else {}
    changes = {**data, **lines, "discounts": asked_discounts(data.get("discounts", ()))}
    invoices.change_invoice(ctx, invoice_id, changes, version)
    return redirect_to(f"/invoices/{invoice_id}", toast=_("Saved."))


@pages.post(f"{_PAGE}/delete", permission="invoice.create")
def delete_invoice(ctx: CallContext, invoice_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    invoices.delete_invoice(ctx, invoice_id)
    return redirect_to("/invoices", toast=_("Draft deleted."))


@pages.post(f"{_PAGE}/finalize", permission="invoice.finalize")
def finalize_invoice(ctx: CallContext, invoice_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    invoice = finalizing.finalize_invoice(ctx, invoice_id)
    return redirect_to(f"/invoices/{invoice_id}", toast=_("%(number)s is final.", number=invoice.number))


@pages.post("/invoices/finalize", permission="invoice.finalize", schema=schemas.Ticked)
def finalize_chosen(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    done = finalizing.finalize_invoices(ctx, data["ids"])
    said = ngettext("%(num)d invoice is final.", "%(num)d invoices are final.", len(done))
    return redirect_to("/invoices", toast=said)


@pages.post(f"{_PAGE}/void", permission="invoice.void", schema=schemas.VoidIn)
def void_invoice(ctx: CallContext, invoice_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    invoice = finalizing.void_invoice(ctx, invoice_id, data["reason"])
    return redirect_to(f"/invoices/{invoice_id}", toast=_("%(number)s is void.", number=invoice.number))


@pages.get(f"{_PAGE}/pdf", permission="invoice.read")
def invoice_pdf(ctx: CallContext, invoice_id: UUID) -> ResponseReturnValue:
    invoice = invoices.get_invoice(ctx, invoice_id)
    return pdf_response(invoice, paper.print_invoice(ctx, invoice))


@pages.get(f"{_PAGE}/lines/<uuid:line_id>/why", permission="invoice.read")
def why_line(ctx: CallContext, invoice_id: UUID, line_id: UUID) -> ResponseReturnValue:
    told = why.explain_line(ctx, invoice_id, line_id)
    return render("billing/why.html", line=invoices.get_line(ctx, invoice_id, line_id), told=told, span=span)


@pages.get("/invoices/of-client/<uuid:client_id>", permission="invoice.read")
def of_client(ctx: CallContext, client_id: UUID) -> ResponseReturnValue:
    get_client(ctx, client_id)
    page = listing.list_invoices(ctx, {"client_id": client_id, "limit": 25})
    return render("billing/invoices_panel.html", page=page, states=STATES, client_id=client_id)


@pages.get("/invoices/card", permission="invoice.read")
def card(ctx: CallContext) -> ResponseReturnValue:
    return render("billing/invoices_card.html", drafts=listing.count_drafts(ctx), ages=listing.age_receivables(ctx))
