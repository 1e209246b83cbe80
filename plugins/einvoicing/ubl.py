"""UBL 2.1 Invoice and CreditNote (OASIS), as EN 16931 binds its terms to them (CEN/TS 16931-3-2)."""

from __future__ import annotations

from collections.abc import Iterator

from plugins.einvoicing.document import (
    CREDIT_NOTE,
    Account,
    Address,
    Allowance,
    Category,
    EInvoice,
    Identifier,
    Line,
    Party,
    Tax,
    plain,
)
from plugins.einvoicing.xmltree import Node, leaf, node, write

CUSTOMIZATION = "urn:cen.eu:en16931:2017"
_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"


def write_ubl(one: EInvoice) -> bytes:
    """The document as UBL 2.1 in UTF-8."""
    credit = one.type_code == CREDIT_NOTE
    name = "CreditNote" if credit else "Invoice"
    namespaces: dict[str | None, str] = {
        None: f"{_UBL}{name}-2", "cac": f"{_UBL}CommonAggregateComponents-2", "cbc": f"{_UBL}CommonBasicComponents-2"
    }  # fmt: skip
    root = node(name, *_head(one), *_middle(one), *(_line(line, one, credit=credit) for line in one.lines))
    assert root is not None  # noqa: S101 - a number is always there
    return write(root, namespaces)


def _head(one: EInvoice) -> Iterator[Node | None]:
    credit = one.type_code == CREDIT_NOTE
    yield leaf("cbc:CustomizationID", CUSTOMIZATION)
    yield leaf("cbc:ID", one.number)
    yield leaf("cbc:IssueDate", one.issued.isoformat())
    if not credit:
        yield leaf("cbc:DueDate", one.due.isoformat() if one.due else None)
    yield leaf("cbc:CreditNoteTypeCode" if credit else "cbc:InvoiceTypeCode", one.type_code)
    yield leaf("cbc:Note", "\n".join(one.notes))
    yield leaf("cbc:DocumentCurrencyCode", one.currency)
    yield leaf("cbc:BuyerReference", one.buyer_reference)
    yield _period(one)
    yield node("cac:OrderReference", leaf("cbc:ID", one.order))
    if one.preceding:
        yield node("cac:BillingReference", node(
            "cac:InvoiceDocumentReference", leaf("cbc:ID", one.preceding.number),
            leaf("cbc:IssueDate", one.preceding.on.isoformat()),
        ))  # fmt: skip


def _middle(one: EInvoice) -> Iterator[Node | None]:
    yield node("cac:AccountingSupplierParty", _party(one.seller))
    yield node("cac:AccountingCustomerParty", _party(one.buyer))
    yield node("cac:Delivery", leaf("cbc:ActualDeliveryDate", one.delivered.isoformat() if one.delivered else None))
    if one.account:
        yield _payment(one.account, one.number)
    yield node("cac:PaymentTerms", leaf("cbc:Note", one.terms))
    yield from (_allowance(allowance, one) for allowance in one.allowances)
    yield node("cac:TaxTotal", _money("cbc:TaxAmount", one.sums.tax, one), *(_subtotal(tax, one) for tax in one.taxes))
    sums = one.sums
    yield node(
        "cac:LegalMonetaryTotal", _money("cbc:LineExtensionAmount", sums.lines, one),
        _money("cbc:TaxExclusiveAmount", sums.net, one), _money("cbc:TaxInclusiveAmount", sums.gross, one),
        _money("cbc:AllowanceTotalAmount", sums.allowances, one) if one.allowances else None,
        _money("cbc:PrepaidAmount", sums.paid, one) if sums.paid else None, _money("cbc:PayableAmount", sums.due, one),
    )  # fmt: skip


def _money(name: str, amount: object, one: EInvoice) -> Node | None:
    return leaf(name, one.money(amount), currencyID=one.currency)  # type: ignore[arg-type]


def _period(one: EInvoice | Line) -> Node | None:
    return node("cac:InvoicePeriod", leaf("cbc:StartDate", one.first_day.isoformat() if one.first_day else None),
                leaf("cbc:EndDate", one.last_day.isoformat() if one.last_day else None))  # fmt: skip


def _party(party: Party) -> Node | None:
    contact = party.contact
    return node(
        "cac:Party", _identifier("cbc:EndpointID", party.endpoint), _address(party.address), _tax_scheme(party.vat_id, "VAT"),
        _tax_scheme(party.tax_number, "TAX"),
        node("cac:PartyLegalEntity", leaf("cbc:RegistrationName", party.name), _identifier("cbc:CompanyID", party.registration)),
        node("cac:Contact", leaf("cbc:Name", contact.name), leaf("cbc:Telephone", contact.phone),
             leaf("cbc:ElectronicMail", contact.email)),
    )  # fmt: skip


def _identifier(name: str, one: Identifier | None) -> Node | None:
    return leaf(name, one.value, schemeID=one.scheme) if one else None


def _tax_scheme(number: str, scheme: str) -> Node | None:
    if not number:
        return None
    return node("cac:PartyTaxScheme", leaf("cbc:CompanyID", number), node("cac:TaxScheme", leaf("cbc:ID", scheme)))


def _address(address: Address) -> Node | None:
    return node(
        "cac:PostalAddress", leaf("cbc:StreetName", address.street), leaf("cbc:AdditionalStreetName", address.addition),
        leaf("cbc:CityName", address.city), leaf("cbc:PostalZone", address.postal_code),
        leaf("cbc:CountrySubentity", address.subdivision),
        node("cac:Country", leaf("cbc:IdentificationCode", address.country)),
    )  # fmt: skip


def _payment(account: Account, number: str) -> Node | None:
    return node(
        "cac:PaymentMeans", leaf("cbc:PaymentMeansCode", account.means), leaf("cbc:PaymentID", number),
        node("cac:PayeeFinancialAccount", leaf("cbc:ID", account.iban), leaf("cbc:Name", account.name),
             node("cac:FinancialInstitutionBranch", leaf("cbc:ID", account.bic))),
    )  # fmt: skip


def _allowance(allowance: Allowance, one: EInvoice) -> Node | None:
    return node(
        "cac:AllowanceCharge", leaf("cbc:ChargeIndicator", "false"), leaf("cbc:AllowanceChargeReason", allowance.reason),
        _money("cbc:Amount", allowance.amount, one),
        _category("cac:TaxCategory", allowance.category) if allowance.category else None,
    )  # fmt: skip


def _category(name: str, category: Category, *reasons: Node | None) -> Node | None:
    percent = None if category.percent is None else plain(category.percent)
    return node(name, leaf("cbc:ID", category.code), leaf("cbc:Percent", percent), *reasons,
                node("cac:TaxScheme", leaf("cbc:ID", "VAT")))  # fmt: skip


def _subtotal(tax: Tax, one: EInvoice) -> Node | None:
    reasons = leaf("cbc:TaxExemptionReasonCode", tax.reason_code), leaf("cbc:TaxExemptionReason", tax.reason)
    return node("cac:TaxSubtotal", _money("cbc:TaxableAmount", tax.base, one), _money("cbc:TaxAmount", tax.amount, one),
                _category("cac:TaxCategory", tax.category, *reasons))  # fmt: skip


def _line(line: Line, one: EInvoice, *, credit: bool) -> Node | None:
    per = line.price_quantity
    return node(
        "cac:CreditNoteLine" if credit else "cac:InvoiceLine", leaf("cbc:ID", line.id),
        leaf("cbc:CreditedQuantity" if credit else "cbc:InvoicedQuantity", plain(line.quantity), unitCode=line.unit),
        _money("cbc:LineExtensionAmount", line.net, one), _period(line),
        *(_allowance(allowance, one) for allowance in line.allowances),
        node("cac:Item", leaf("cbc:Name", line.name), _category("cac:ClassifiedTaxCategory", line.category)),
        node("cac:Price", leaf("cbc:PriceAmount", plain(line.price), currencyID=one.currency),
             leaf("cbc:BaseQuantity", plain(per), unitCode=line.unit) if per else None),
    )  # fmt: skip
