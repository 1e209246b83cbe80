"""What an invoice on paper consists of. Every text and amount arrives ready to print, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable
from typing import NotRequired, TypedDict


class Pair(TypedDict):
    """A label and its value, side by side."""

    label: str
    value: str


class Sum(TypedDict):
    """A label and an amount of money, formatted."""

    label: str
    amount: str


class Party(TypedDict):
    """Seller or buyer: `lines` are address, tax id and the like. `logo` is a PNG, JPEG, GIF, WebP or SVG file."""

    name: str
    lines: NotRequired[list[str]]
    logo: NotRequired[bytes]


class InvoiceLine(TypedDict):
    """One row. `tax` is its rate such as `20 %`; `detail` (period, work done) is printed small below."""

    description: str
    net: str
    quantity: NotRequired[str]
    unit: NotRequired[str]
    unit_price: NotRequired[str]
    tax: NotRequired[str]
    detail: NotRequired[str]


class Heading(TypedDict):
    """A row that begins a group of lines, such as a contract."""

    heading: str


class TaxGroup(TypedDict):
    """Base and tax of one rate or exemption; `note` is the sentence a law wants, as for reverse charge."""

    label: str
    base: str
    amount: str
    note: NotRequired[str]


class Payment(TypedDict):
    """How to pay: a sentence, account details, and a QR code as an image file."""

    text: NotRequired[str]
    details: NotRequired[list[Pair]]
    qr: NotRequired[bytes]


class Labels(TypedDict):
    """The fixed words of the page. `page` holds `{page}` and `{pages}`."""

    seller: str
    bill_to: str
    description: str
    quantity: str
    unit_price: str
    tax: str
    net: str
    tax_group: str
    tax_base: str
    tax_amount: str
    subtotal: str
    total: str
    amount_due: str
    payment: str
    notes: str
    page: str


def labels(_: Callable[[str], str]) -> Labels:
    """The fixed words in the reader's language, by its gettext function."""
    return {
        "seller": _("From"),
        "bill_to": _("Bill to"),
        "description": _("Description"),
        "quantity": _("Qty"),
        "unit_price": _("Unit price"),
        "tax": _("Tax"),
        "net": _("Amount"),
        "tax_group": _("Tax"),
        "tax_base": _("Taxable"),
        "tax_amount": _("Tax amount"),
        "subtotal": _("Subtotal"),
        "total": _("Total"),
        "amount_due": _("Amount due"),
        "payment": _("How to pay"),
        "notes": _("Notes"),
        "page": _("Page {page} of {pages}"),
    }


class InvoiceDocument(TypedDict):
    """One invoice or credit note.

    `facts` are date, due date, service period, PO number and currency; `mark` (DRAFT, VOID, PAID) is a watermark;
    `discounts` come before the subtotal, `credits` (and payments) after the total; `footer` holds up to four columns
    of legal lines; `language` is an ISO 639 code and sets the direction of reading; `paper` is `a4` or `us-letter`;
    `accent` a colour such as `#1f4b99`. Without `amount_due` (a credit note) no request to pay is printed.
    """

    title: str
    labels: Labels
    seller: Party
    buyer: Party
    lines: list[InvoiceLine | Heading]
    subtotal: str
    total: str
    number: NotRequired[str]
    language: NotRequired[str]
    paper: NotRequired[str]
    accent: NotRequired[str]
    mark: NotRequired[str]
    facts: NotRequired[list[Pair]]
    due_note: NotRequired[str]
    amount_due: NotRequired[str]
    discounts: NotRequired[list[Sum]]
    taxes: NotRequired[list[TaxGroup]]
    credits: NotRequired[list[Sum]]
    payment: NotRequired[Payment]
    notes: NotRequired[str]
    footer: NotRequired[list[str]]
