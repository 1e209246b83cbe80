"""The closed list of fields that a layout can print and ask about: a name, its words, and where its value comes from."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from babel import dates, numbers

from kernel.hookspecs.papers import InvoicePaper, PaperTax
from kernel.money import as_major, format_minor
from kernel.web.i18n import LazyText, babel_locale
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from plugins.billing.reasons import span

Value = str | int | date | None
REFERENCE = re.compile(r"\{([a-z_.]+)\}")


class Field(NamedTuple):
    """A field of an invoice. `kind` says what its value is: text, a count, a day, or money in minor units."""

    words: LazyText
    kind: str
    value: Callable[[InvoicePaper], Value]


def _title(paper: InvoicePaper) -> str:
    return {"credit_note": _("Credit note"), "prepayment": _("Prepayment invoice")}.get(paper.kind, _("Invoice"))


def asks_to_pay(paper: InvoicePaper) -> bool:
    """An invoice that is not void; credit notes ask nobody to pay."""
    return paper.kind != "credit_note" and paper.status != "void"


def _period(paper: InvoicePaper) -> str | None:
    return span(paper.period_start, paper.period_end) if paper.period_start and paper.period_end else None


def _contracts(paper: InvoicePaper) -> str:
    return ", ".join(dict.fromkeys(line.contract for line in paper.lines if line.contract))


def _places(paper: InvoicePaper) -> str:
    return ", ".join(dict.fromkeys(line.location for line in paper.lines if line.location))


def _days(paper: InvoicePaper) -> int | None:
    return (paper.due_date - paper.invoice_date).days if paper.kind != "credit_note" else None


def _early(paper: InvoicePaper) -> str | None:
    if paper.early is None:
        return None
    return numbers.format_percent(paper.early.percent / 100, format="#,##0.##%", locale=babel_locale())


def _codes(paper: InvoicePaper) -> str:
    return ", ".join(dict.fromkeys(tax.code for tax in paper.taxes))


FIELDS: Mapping[str, Field] = {
    "invoice.title": Field(_l("Invoice or credit note"), "text", _title),
    "invoice.number": Field(_l("Number"), "text", lambda paper: paper.number),
    "invoice.kind": Field(_l("Kind"), "text", lambda paper: paper.kind),
    "invoice.status": Field(_l("Status"), "text", lambda paper: paper.status),
    "invoice.date": Field(_l("Date"), "day", lambda paper: paper.invoice_date),
    "invoice.due_date": Field(
        _l("Due date"), "day", lambda paper: paper.due_date if paper.kind != "credit_note" else None
    ),
    "invoice.payment_days": Field(
        _l("Days to pay"), "count", _days
    ),
    "invoice.period": Field(_l("Service period"), "text", _period),
    "invoice.po_number": Field(_l("PO number"), "text", lambda paper: paper.po_number),
    "invoice.currency": Field(_l("Currency"), "text", lambda paper: paper.currency),
    "invoice.notes": Field(_l("Notes"), "text", lambda paper: paper.notes),
    "invoice.lines": Field(_l("Number of lines"), "count", lambda paper: len(paper.lines)),
    "invoice.net": Field(_l("Before discounts"), "money", lambda paper: paper.net),
    "invoice.discount": Field(_l("Discounts"), "money", lambda paper: paper.discount),
    "invoice.subtotal": Field(_l("Subtotal"), "money", lambda paper: paper.subtotal),
    "invoice.tax": Field(_l("Tax"), "money", lambda paper: paper.tax),
    "invoice.total": Field(_l("Total"), "money", lambda paper: paper.total),
    "invoice.paid": Field(_l("Paid"), "money", lambda paper: paper.settled),
    "invoice.due": Field(_l("Amount due"), "money", lambda paper: paper.due),
    "invoice.corrects": Field(_l("Corrects invoice"), "text", lambda paper: paper.corrects_number),
    "invoice.corrects_date": Field(_l("of"), "day", lambda paper: paper.corrects_date),
    "invoice.tax_codes": Field(_l("Tax codes of EN 16931"), "text", _codes),
    "payment.early_percent": Field(_l("Early payment discount"), "text", _early),
    "payment.early_until": Field(_l("if paid by"), "day", lambda paper: paper.early and paper.early.until),
    "contract.names": Field(_l("Contract"), "text", _contracts),
    "location.names": Field(_l("Location"), "text", _places),
    "client.name": Field(_l("Client"), "text", lambda paper: paper.buyer.name),
    "client.address": Field(_l("Address of the client"), "text", lambda paper: ", ".join(paper.buyer.address)),
    "client.tax_id": Field(_l("Tax id of the client"), "text", lambda paper: paper.buyer.tax_id),
    "client.email": Field(_l("Mail address of the client"), "text", lambda paper: paper.buyer.email),
    "client.country": Field(_l("Country of the client"), "text", lambda paper: paper.buyer.place and paper.buyer.place.country),
    "seller.name": Field(_l("Seller"), "text", lambda paper: paper.seller.name),
    "seller.address": Field(_l("Address of the seller"), "text", lambda paper: ", ".join(paper.seller.address)),
    "seller.tax_id": Field(_l("Tax id of the seller"), "text", lambda paper: paper.seller.tax_id),
    "seller.email": Field(_l("Mail address of the seller"), "text", lambda paper: paper.seller.email),
    "payment.iban": Field(_l("IBAN"), "text", lambda paper: paper.account.iban),
    "payment.bic": Field(_l("BIC"), "text", lambda paper: paper.account.bic),
}  # fmt: skip


def value_of(name: str, paper: InvoicePaper) -> Value:
    """The bare value of a field; None or empty where the invoice has none."""
    return FIELDS[name].value(paper)


def text_of(name: str, paper: InvoicePaper) -> str:
    """The value as it is printed, in the language spoken now."""
    value, kind = value_of(name, paper), FIELDS[name].kind
    if value is None:
        return ""
    if kind == "money":
        return money(int(value), paper)  # type: ignore[arg-type]
    return day(value) if isinstance(value, date) else str(value)


def number_of(name: str, paper: InvoicePaper) -> Decimal | None:
    """The value as a number, money in whole units of the currency; None for texts and days."""
    value, kind = value_of(name, paper), FIELDS[name].kind
    if not isinstance(value, int):
        return None
    return as_major(value, paper.currency) if kind == "money" else Decimal(value)


def fill(text: str, paper: InvoicePaper) -> str:
    """A text with `{invoice.number}` and the like filled in, once: what a value says is not looked into."""
    return REFERENCE.sub(lambda found: text_of(found[1], paper), text)


def unknown_fields(text: str) -> list[str]:
    """The names in braces that are no fields."""
    return [name for name in REFERENCE.findall(text) if name not in FIELDS]


def money(minor: int, paper: InvoicePaper) -> str:
    """An amount in the language spoken now."""
    return format_minor(minor, paper.currency, babel_locale())


def day(value: date) -> str:
    """A day in the language spoken now."""
    return dates.format_date(value, "medium", locale=babel_locale())


def percent(tax: PaperTax) -> str:
    """The rate of a tax in the language spoken now."""
    return numbers.format_percent(tax.percent / 100, format="#,##0.######%", locale=babel_locale())


def tax_label(tax: PaperTax) -> str:
    """The name of a tax with its rate, unless the name holds it already, as in "VAT 20 %"."""
    rate = re.escape(percent(tax).rstrip("%").strip())
    return tax.name if re.search(rf"(?<![\d.,]){rate}(?![\d.,])", tax.name) else f"{tax.name} {percent(tax)}"


def fields_by_noun() -> dict[str, list[tuple[str, Any]]]:
    """The fields with their words, by what they are of."""
    found: dict[str, list[tuple[str, Any]]] = {}
    for name, field in FIELDS.items():
        found.setdefault(name.partition(".")[0], []).append((name, field.words))
    return found
