"""Our documents, money, clients and items as QuickBooks' JSON. Pure: no network, no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from kernel.hookspecs.accounting import (
    CREDIT_NOTE,
    CUSTOMER,
    INVOICE,
    ITEM,
    PAYMENT,
    Document,
    DocumentLine,
    Money,
    NewCustomer,
    NewItem,
)

Entity = dict[str, Any]
KINDS = {INVOICE: "Invoice", CREDIT_NOTE: "CreditMemo", PAYMENT: "Payment", CUSTOMER: "Customer", ITEM: "Item"}
TAXABLE, EXEMPT = "TAX", "NON"
LONGEST_NUMBER, LONGEST_NOTE, LONGEST_TEXT, LONGEST_NAME, LONGEST_ITEM = 21, 4000, 4000, 500, 100
_NOT_IN_NAMES = str.maketrans(dict.fromkeys(":\t\n\r", " "))


class Books(NamedTuple):
    """What of a company its documents depend on. `rates` has the tax rates of each tax code, with their percents; with
    `automated_tax` QuickBooks finds the rates of a document by itself.
    """

    united_states: bool
    home_currency: str
    rates: Mapping[str, Sequence[tuple[str, Decimal]]]
    automated_tax: bool = False


def major(amount: int, exponent: int) -> Decimal:
    """An amount of minor units as QuickBooks writes it.

    >>> major(12010, 2), major(500, 0)
    (Decimal('120.10'), Decimal('500'))
    """
    return Decimal(amount).scaleb(-exponent)


def mark_of(row_id: object) -> str:
    """What the private note of something of ours ends with, so that it is known again."""
    return f"Deskhand {row_id}"


def document_body(document: Document, books: Books) -> Entity:
    """An invoice or credit note."""
    body: Entity = {
        "DocNumber": document.number, "TxnDate": document.issued_on.isoformat(), "CustomerRef": {"value": document.customer},
        "CurrencyRef": {"value": document.currency}, "PrivateNote": _note(document),
        "Line": [_line(line, document, books) for line in document.lines],
    }  # fmt: skip
    if document.kind == INVOICE:
        body["DueDate"] = document.due_on.isoformat()
    if document.term:
        body["SalesTermRef"] = {"value": document.term}
    if not books.united_states:
        body["GlobalTaxCalculation"] = "TaxExcluded"
    return body | _tax(document, books) | _identity(document)


def money_body(money: Money) -> Entity:
    """A payment and what it pays; one of nothing uses credit notes."""
    body: Entity = {
        "CustomerRef": {"value": money.customer}, "CurrencyRef": {"value": money.currency},
        "TotalAmt": major(money.amount, money.exponent), "TxnDate": money.received_on.isoformat(),
        "PaymentRefNum": money.reference[:LONGEST_NUMBER], "PrivateNote": _joined(money.reference, mark_of(money.id)),
        "Line": [{"Amount": major(share.amount, money.exponent),
                  "LinkedTxn": [{"TxnId": share.id, "TxnType": KINDS[share.kind]}]} for share in money.shares],
    }  # fmt: skip
    if money.account:
        body["DepositToAccountRef"] = {"value": money.account}
    return body | _identity(money)


def customer_body(customer: NewCustomer) -> Entity:
    """A client."""
    place = customer.address
    lines = {"Line1": place.street, "Line2": place.addition, "City": place.city, "PostalCode": place.postal_code,
             "CountrySubDivisionCode": place.subdivision.removeprefix(f"{place.country}-"), "Country": place.country}  # fmt: skip
    body: Entity = {"DisplayName": clean_name(customer.name, LONGEST_NAME), "CompanyName": customer.name[:100],
                    "CurrencyRef": {"value": customer.currency}, "Notes": mark_of(customer.id)}  # fmt: skip
    if address := {name: value for name, value in lines.items() if value}:
        body |= {"BillAddr": address, "ShipAddr": address}  # automated sales tax goes by where it is shipped to
    if customer.email:
        body["PrimaryEmailAddr"] = {"Address": customer.email}
    if customer.tax_id:
        body["PrimaryTaxIdentifier"] = customer.tax_id
    return body


def item_body(item: NewItem) -> Entity:
    """A service or product; QuickBooks keeps no stock of it."""
    body: Entity = {"Name": clean_name(item.name, LONGEST_ITEM), "Type": "Service"}
    if item.account:
        body["IncomeAccountRef"] = {"value": item.account}
    if item.sku:
        body["Sku"] = item.sku[:LONGEST_ITEM]
    return body


def clean_name(name: str, longest: int) -> str:
    """A name as QuickBooks takes it: without colons, tabs and line ends.

    >>> clean_name("Acme: North", 500)
    'Acme North'
    """
    return " ".join(name.translate(_NOT_IN_NAMES).split())[:longest].rstrip()


def same(body: Entity, there: Entity) -> bool:
    """Whether something there says already what it shall say: the parts that count, not the words on lines."""
    return _essence(body, body) == _essence(there, body)


def _essence(one: Entity, asked: Entity) -> Entity:
    told: Entity = {name: one.get(name) or "" for name in ("DocNumber", "TxnDate", "DueDate", "PaymentRefNum") if name in asked}
    told |= {name: (one.get(name) or {}).get("value") for name in ("CustomerRef", "CurrencyRef") if name in asked}
    if "TotalAmt" in asked:
        told["TotalAmt"] = _number(one.get("TotalAmt"))
    if "TotalTax" in asked.get("TxnTaxDetail", {}):
        told["TotalTax"] = _number((one.get("TxnTaxDetail") or {}).get("TotalTax"))
    told["Line"] = sorted((_line_essence(line) for line in one.get("Line", []) if _counts(line)), key=str)
    return told


def _counts(line: Entity) -> bool:
    return bool(line.get("LinkedTxn")) or line.get("DetailType") == "SalesItemLineDetail"


def _line_essence(line: Entity) -> tuple[Any, ...]:
    detail = line.get("SalesItemLineDetail") or {}
    linked = [(str(one["TxnId"]), one["TxnType"]) for one in line.get("LinkedTxn", [])]
    return _number(line.get("Amount")), (detail.get("ItemRef") or {}).get("value"), linked


def _number(value: Any) -> Decimal:
    return Decimal(str(value or 0)).normalize()


def _line(line: DocumentLine, document: Document, books: Books) -> Entity:
    detail: Entity = {}
    if line.item:
        detail["ItemRef"] = {"value": line.item}
    if code := line_code(line, books):
        detail["TaxCodeRef"] = {"value": code}
    if line.period_start:
        detail["ServiceDate"] = line.period_start.isoformat()
    net = major(line.net, document.exponent)
    if line.unit_price is not None and _multiplies(line, document.exponent):
        detail |= {"Qty": line.quantity, "UnitPrice": major(line.unit_price, document.exponent)}
    return {"DetailType": "SalesItemLineDetail", "Amount": net, "Description": line.description[:LONGEST_TEXT],
            "SalesItemLineDetail": detail}  # fmt: skip


def _multiplies(line: DocumentLine, exponent: int) -> bool:
    """Whether QuickBooks, which multiplies for itself, comes to the same amount."""
    product = line.quantity * major(line.unit_price or 0, exponent)
    return product.quantize(Decimal(1).scaleb(-exponent), ROUND_HALF_UP) == major(line.net, exponent)


def line_code(line: DocumentLine, books: Books) -> str | None:
    """The tax code that stands on a line there."""
    if not books.united_states:
        return line.tax_code
    return EXEMPT if (line.tax_code or (TAXABLE if line.taxed else EXEMPT)) == EXEMPT else TAXABLE


def _tax(document: Document, books: Books) -> Entity:
    """What is said of the tax of the whole: the group of rates, and unless QuickBooks reckons, how much it is."""
    detail: Entity = {}
    if group := group_of(document, books):
        detail["TxnTaxCodeRef"] = {"value": group}
    if not document.tax_theirs:
        detail["TotalTax"] = major(document.tax, document.exponent)
        if not books.united_states and (lines := _tax_lines(document, books)):
            detail["TaxLine"] = lines
    return {"TxnTaxDetail": detail} if detail else {}


def group_of(document: Document, books: Books) -> str | None:
    """The group of rates that a whole document of the United States is taxed by, where one is mapped."""
    groups = {line.tax_code for line in document.lines} - {None, TAXABLE, EXEMPT}
    return groups.pop() if books.united_states and len(groups) == 1 else None


def _tax_lines(document: Document, books: Books) -> list[Entity]:
    """The amount of each rate, where each code of the document has one rate; else QuickBooks shares the total out."""
    listed = []
    for tax in document.taxes:
        rates = books.rates.get(tax.code or "", ())
        if len(rates) != 1:
            return []
        rate, percent = rates[0]
        detail = {"TaxRateRef": {"value": rate}, "PercentBased": True, "TaxPercent": percent,
                  "NetAmountTaxable": major(tax.base, document.exponent)}  # fmt: skip
        listed.append({"Amount": major(tax.tax, document.exponent), "DetailType": "TaxLineDetail", "TaxLineDetail": detail})
    return listed


def _note(document: Document) -> str:
    order = f"PO {document.po_number}" if document.po_number else ""
    corrected = f"Corrects {document.corrects}" if document.corrects else ""
    return _joined(document.memo, order, corrected, mark_of(document.id))


def _joined(*parts: str) -> str:
    *before, mark = parts
    said = " · ".join(part for part in before if part)[: LONGEST_NOTE - len(mark) - 3]
    return f"{said} · {mark}" if said else mark


def _identity(one: Document | Money) -> Entity:
    """What lets a thing be changed that is there already."""
    return {"Id": one.external.id, "SyncToken": one.external.version, "sparse": False} if one.external else {}
