"""REST of invoices: drafts, finalizing, credit notes, why each line has its amount."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote
from uuid import UUID

from flask import Response

from kernel.api.listing import Page
from kernel.api.rest import FastJson, Rest
from kernel.context import CallContext
from kernel.hookspecs.papers import InvoicePaper
from plugins.billing import by_hand, credit_notes, finalizing, finishing, invoices, listing, paper, sending, why
from plugins.billing.asking import asked_discounts, asked_lines
from plugins.billing.models import Invoice
from plugins.billing.schemas import invoices as schemas

rest = Rest("billing")
_INVOICE = "/invoices/<uuid:invoice_id>"


def shown(ctx: CallContext, invoice: Invoice) -> FastJson:
    """An invoice with all that stands on it: what `InvoiceOut` would make of it, at a thirtieth of the work; a test holds the
    two together.
    """
    header = {name: getattr(invoice, name) for name in _HEADER}
    around = {"state": listing.state_of(invoice, ctx.today()), "sendings": sending.list_sendings(ctx, invoice.id)}
    return FastJson(header | around | invoices.read_parts(ctx, invoice.id))


_HEADER = tuple(name for name in schemas.InvoiceOut().fields if name not in ("state", "lines", "taxes", "discounts", "sendings"))


def _told(ctx: CallContext, made: by_hand.ByHand) -> FastJson:
    """`shown`, without reading again what was written."""
    if made.header is None or made.parts is None:
        return shown(ctx, invoices.get_invoice(ctx, made.id))
    header = {name: made.header[name] for name in _HEADER}
    return FastJson(header | {"state": listing.state_of(SimpleNamespace(**header), ctx.today()), **made.parts, "sendings": []})


def _changes(body: Mapping[str, Any]) -> dict[str, Any]:
    read = {"lines": asked_lines, "discounts": asked_discounts}
    return {name: read[name](value) if name in read else value for name, value in body.items()}


@rest.get("/invoices", permission="invoice.read", query=schemas.InvoiceQuery, out=schemas.InvoicePage)
def list_invoices(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List invoices and credit notes"""
    return listing.list_invoices(ctx, query)


@rest.post("/invoices", permission="invoice.create", body=schemas.InvoiceIn, out=schemas.InvoiceOut)
def create_invoice(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Write a draft invoice by hand; with `finalize`, a final one"""
    to_finalize: bool = body.pop("finalize")
    if to_finalize:
        ctx.require("invoice.finalize")
    return _told(ctx, by_hand.write_by_hand(ctx, **_changes(body), final=to_finalize))


@rest.get(_INVOICE, permission="invoice.read", out=schemas.InvoiceOut)
def get_invoice(ctx: CallContext, invoice_id: UUID) -> Any:
    """Read an invoice with its lines, taxes and discounts"""
    return shown(ctx, invoices.get_invoice(ctx, invoice_id))


@rest.patch(_INVOICE, permission="invoice.create", body=schemas.InvoicePatch, out=schemas.InvoiceOut, if_match=True)
def change_invoice(ctx: CallContext, invoice_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Change a draft; lines and discounts replace those there"""
    return shown(ctx, invoices.change_invoice(ctx, invoice_id, _changes(body), version))


@rest.delete(_INVOICE, permission="invoice.create")
def delete_invoice(ctx: CallContext, invoice_id: UUID) -> None:
    """Delete a draft; what it billed can be billed again"""
    invoices.delete_invoice(ctx, invoice_id)


@rest.post(f"{_INVOICE}/finalize", permission="invoice.finalize", out=schemas.InvoiceOut, status=200)
def finalize_invoice(ctx: CallContext, invoice_id: UUID) -> Any:
    """Finalize a draft"""
    return _told(ctx, finishing.finalize_by_hand(ctx, invoice_id))


@rest.post("/invoices/finalize", permission="invoice.finalize", body=schemas.InvoiceIds, out=schemas.InvoiceNumbers, status=200)
def finalize_invoices(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Finalize many drafts, all or none"""
    return {"items": finalizing.finalize_invoices(ctx, body["ids"])}


@rest.post(f"{_INVOICE}/void", permission="invoice.void", body=schemas.VoidIn, out=schemas.InvoiceOut, status=200)
def void_invoice(ctx: CallContext, invoice_id: UUID, body: dict[str, Any]) -> Any:
    """Void a finalized invoice or credit note"""
    return shown(ctx, finalizing.void_invoice(ctx, invoice_id, body["reason"]))


@rest.post(f"{_INVOICE}/credit-notes", permission="invoice.credit", body=schemas.CreditNoteIn, out=schemas.InvoiceOut)
def create_credit_note(ctx: CallContext, invoice_id: UUID, body: dict[str, Any]) -> Any:
    """Credit a finalized invoice, in full or by lines"""
    lines: Sequence[Mapping[str, Any]] | None = body.pop("lines", None)
    asked = None if lines is None else [credit_notes.CreditAsked(one["line_id"], one["amount"]) for one in lines]
    return shown(ctx, credit_notes.create_credit_note(ctx, invoice_id, lines=asked, **body))


@rest.get(f"{_INVOICE}/lines/<uuid:line_id>/why", permission="invoice.read", out=schemas.WhyOut)
def explain_line(ctx: CallContext, invoice_id: UUID, line_id: UUID) -> Any:
    """Why a line has its amount"""
    return why.explain_line(ctx, invoice_id, line_id)


@rest.get(f"{_INVOICE}/pdf", permission="invoice.read")
def get_pdf(ctx: CallContext, invoice_id: UUID) -> Response:
    """An invoice as PDF"""
    invoice = invoices.get_invoice(ctx, invoice_id)
    return pdf_response(invoice, paper.print_invoice(ctx, invoice))


def pdf_response(invoice: Invoice | InvoicePaper, content: bytes) -> Response:
    """The PDF as a browser keeps it, named by the number."""
    response = Response(content, mimetype="application/pdf")
    name = "".join(one if one.isalnum() or one in "-_." else "-" for one in invoice.number)
    response.headers["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(name)}.pdf"
    return response
