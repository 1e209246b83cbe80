"""An invoice as a document to print: every word and amount in the client's language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from babel import dates, numbers

from kernel.context import CallContext
from kernel.money import format_minor
from kernel.web.i18n import babel_locale, speaking
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from plugins.billing import invoices, payments
from plugins.billing.models import Invoice, InvoiceLine, InvoiceTax
from plugins.billing.parties import find_parties
from plugins.billing.pdf.document import InvoiceDocument, Pair, Sum, TaxGroup, labels
from plugins.billing.pdf.render import render_invoice

_GOODS = {"product": _l("Product"), "license": _l("License")}


def print_invoice(ctx: CallContext, invoice: Invoice) -> bytes:
    """The PDF of an invoice; the same invoice in the same state gives the same bytes. Raises PdfFailed."""
    return render_invoice(build_document(ctx, invoice), created=invoice.updated_at)


def build_document(ctx: CallContext, invoice: Invoice) -> InvoiceDocument:
    """What is printed, in the client's language, else the tenant's."""
    parties = find_parties(ctx, [invoice])[invoice.id]
    with speaking(parties["buyer"]["locale"] or ctx.tenant.locale):
        return _document(ctx, invoice, parties)


def _document(ctx: CallContext, invoice: Invoice, parties: dict[str, Any]) -> InvoiceDocument:
    seller, buyer = parties["seller"], parties["buyer"]
    taxes = invoices.list_taxes(ctx, invoice.id)
    document: InvoiceDocument = {
        "title": _("Credit note") if invoice.kind == "credit_note" else _("Invoice"),
        "number": invoice.number,
        "language": babel_locale().split("_")[0],
        "labels": labels(_),
        "seller": {"name": seller["name"], "lines": _party_lines(seller)},
        "buyer": {"name": buyer["name"], "lines": _party_lines(buyer)},
        "facts": _facts(invoice),
        "lines": [_line(one, invoice, taxes) for one in invoices.list_lines(ctx, invoice.id)],
        "discounts": [
            {"label": one.description, "amount": _money(-one.amount, invoice)} for one in invoices.list_discounts(ctx, invoice.id)
        ],
        "subtotal": _money(invoice.subtotal, invoice),
        "taxes": [_tax(one, invoice) for one in taxes],
        "total": _money(invoice.total, invoice),
        "footer": [seller["name"], *seller["footer"]][:4],
    }
    if mark := _mark(invoice):
        document["mark"] = mark
    if invoice.notes:
        document["notes"] = invoice.notes
    if invoice.kind == "invoice" and invoice.status != "void":
        _add_payment(ctx, document, invoice, seller["bank"])
    return document


def _party_lines(party: dict[str, Any]) -> list[str]:
    tax_id = [_("Tax id %(tax_id)s", tax_id=party["tax_id"])] if party["tax_id"] else []
    return [*party["address"], *tax_id]


def _facts(invoice: Invoice) -> list[Pair]:
    facts = [{"label": _("Date"), "value": _day(invoice.invoice_date)}]
    if invoice.kind == "invoice":
        facts.append({"label": _("Due date"), "value": _day(invoice.due_date)})
    if invoice.po_number:
        facts.append({"label": _("PO number"), "value": invoice.po_number})
    facts.append({"label": _("Currency"), "value": invoice.currency})
    return [Pair(label=one["label"], value=one["value"]) for one in facts]


def _line(line: InvoiceLine, invoice: Invoice, taxes: list[InvoiceTax]) -> Any:
    row = {
        "description": line.description,
        "quantity": numbers.format_decimal(line.quantity, format="#,##0.####", locale=babel_locale()),
        "unit": _unit(line.unit),
        "net": _money(line.net, invoice),
    }
    if line.unit_price is not None:
        row["unit_price"] = _money(line.unit_price, invoice)
    if rates := [_percent(taxes[at]) for at, _amount in line.tax_parts]:
        row["tax"] = " + ".join(dict.fromkeys(rates))
    if detail := " · ".join(_details(line)):
        row["detail"] = detail
    return row


def _details(line: InvoiceLine) -> Iterator[str]:
    if line.kind in _GOODS:
        yield str(_GOODS[line.kind])
    if line.period_start and line.period_end:
        last = date.fromordinal(line.period_end.toordinal() - 1)
        yield f"{_day(line.period_start)} – {_day(last)}"


def _unit(unit: str) -> str:
    known = {"hour": _("h"), "each": ""}
    return known.get(unit, unit)


def _tax(tax: InvoiceTax, invoice: Invoice) -> TaxGroup:
    group: TaxGroup = {
        "label": tax.name if _says_percent(tax) else f"{tax.name} {_percent(tax)}",
        "base": _money(tax.base, invoice),
        "amount": _money(tax.tax, invoice),
    }
    if tax.note:
        group["note"] = tax.note
    return group


def _says_percent(tax: InvoiceTax) -> bool:
    """The name holds its rate already, as in "VAT 20 %"."""
    return re.search(rf"(?<![\d.,]){re.escape(_percent(tax).rstrip('%').strip())}(?![\d.,])", tax.name) is not None


def _mark(invoice: Invoice) -> str:
    if invoice.status == "draft":
        return _("DRAFT")
    if invoice.status == "void":
        return _("VOID")
    return _("PAID") if invoice.kind == "invoice" and invoice.settled == invoice.total > 0 else ""


def _add_payment(ctx: CallContext, document: InvoiceDocument, invoice: Invoice, bank: list[str]) -> None:
    """What is open, what was paid already, and where to pay."""
    credits: list[Sum] = [
        {"label": _("Credit applied on %(day)s", day=_day(one.applied_on)), "amount": _money(-one.amount, invoice)}
        for one in payments.list_applications(ctx, invoice.id)
    ]
    credits += [
        {"label": _("Paid on %(day)s", day=_day(one.received_on)), "amount": _money(-one.applied, invoice)}
        for one in payments.list_payments(ctx, invoice.id)
        if one.taken_back_at is None
    ]
    document["credits"] = credits
    document["amount_due"] = _money(invoice.total - invoice.settled, invoice)
    if invoice.settled < invoice.total:
        document["due_note"] = _("by %(day)s", day=_day(invoice.due_date))
    details = [Pair(label=line.partition(":")[0], value=line.partition(":")[2].strip()) for line in bank if ":" in line]
    text = "\n".join(line for line in bank if ":" not in line)
    if bank:
        document["payment"] = {"text": text, "details": details} if text else {"details": details}


def _money(minor: int, invoice: Invoice) -> str:
    return format_minor(minor, invoice.currency, babel_locale())


def _percent(tax: InvoiceTax) -> str:
    return numbers.format_percent(tax.percent / 100, format="#,##0.######%", locale=babel_locale())


def _day(day: date) -> str:
    return dates.format_date(day, "medium", locale=babel_locale())
