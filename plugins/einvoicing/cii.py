"""UN/CEFACT Cross Industry Invoice (D22B), as EN 16931 and Factur-X/ZUGFeRD profile EN 16931 bind its terms to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from plugins.einvoicing.document import Account, Address, Allowance, Category, EInvoice, Identifier, Line, Party, Tax, plain
from plugins.einvoicing.xmltree import Node, leaf, node, write

PROFILE = "urn:cen.eu:en16931:2017"
_STANDARD = "urn:un:unece:uncefact:data:standard:"
_NAMESPACES: dict[str | None, str] = {
    "rsm": f"{_STANDARD}CrossIndustryInvoice:100",
    "ram": f"{_STANDARD}ReusableAggregateBusinessInformationEntity:100",
    "udt": f"{_STANDARD}UnqualifiedDataType:100",
    "qdt": f"{_STANDARD}QualifiedDataType:100",
}


def write_cii(one: EInvoice) -> bytes:
    """The document as CII in UTF-8."""
    guideline = node("ram:GuidelineSpecifiedDocumentContextParameter", leaf("ram:ID", PROFILE))
    root = node(
        "rsm:CrossIndustryInvoice", node("rsm:ExchangedDocumentContext", guideline), _document(one),
        node("rsm:SupplyChainTradeTransaction", *(_line(line, one) for line in one.lines), _agreement(one),
             _delivery(one), _settlement(one)),
    )  # fmt: skip
    assert root is not None  # noqa: S101 - the profile is always there
    return write(root, _NAMESPACES)


def _document(one: EInvoice) -> Node | None:
    return node(
        "rsm:ExchangedDocument", leaf("ram:ID", one.number), leaf("ram:TypeCode", one.type_code),
        _day("ram:IssueDateTime", one.issued), *(node("ram:IncludedNote", leaf("ram:Content", text)) for text in one.notes),
    )  # fmt: skip


def _day(name: str, day: date | None, prefix: str = "udt") -> Node | None:
    return node(name, leaf(f"{prefix}:DateTimeString", day and f"{day:%Y%m%d}", format="102"))


def _line(line: Line, one: EInvoice) -> Node | None:
    per = line.price_quantity
    return node(
        "ram:IncludedSupplyChainTradeLineItem",
        node("ram:AssociatedDocumentLineDocument", leaf("ram:LineID", line.id)),
        node("ram:SpecifiedTradeProduct", leaf("ram:Name", line.name)),
        node("ram:SpecifiedLineTradeAgreement", node(
            "ram:NetPriceProductTradePrice", leaf("ram:ChargeAmount", plain(line.price)),
            leaf("ram:BasisQuantity", plain(per), unitCode=line.unit) if per else None)),
        node("ram:SpecifiedLineTradeDelivery", leaf("ram:BilledQuantity", plain(line.quantity), unitCode=line.unit)),
        node("ram:SpecifiedLineTradeSettlement",
             node("ram:ApplicableTradeTax", leaf("ram:TypeCode", "VAT"), leaf("ram:CategoryCode", line.category.code),
                  _percent(line.category)),
             _period(line), *(_allowance(allowance, one) for allowance in line.allowances),
             node("ram:SpecifiedTradeSettlementLineMonetarySummation", leaf("ram:LineTotalAmount", one.money(line.net)))),
    )  # fmt: skip


def _percent(category: Category) -> Node | None:
    return None if category.percent is None else leaf("ram:RateApplicablePercent", plain(category.percent))


def _period(one: EInvoice | Line) -> Node | None:
    return node("ram:BillingSpecifiedPeriod", _day("ram:StartDateTime", one.first_day), _day("ram:EndDateTime", one.last_day))


def _allowance(allowance: Allowance, one: EInvoice) -> Node | None:
    category = allowance.category
    tax = category and node("ram:CategoryTradeTax", leaf("ram:TypeCode", "VAT"), leaf("ram:CategoryCode", category.code),
                            _percent(category))  # fmt: skip
    return node(
        "ram:SpecifiedTradeAllowanceCharge", node("ram:ChargeIndicator", leaf("udt:Indicator", "false")),
        leaf("ram:ActualAmount", one.money(allowance.amount)), leaf("ram:Reason", allowance.reason), tax,
    )  # fmt: skip


def _agreement(one: EInvoice) -> Node | None:
    return node(
        "ram:ApplicableHeaderTradeAgreement", leaf("ram:BuyerReference", one.buyer_reference),
        _party("ram:SellerTradeParty", one.seller), _party("ram:BuyerTradeParty", one.buyer),
        node("ram:BuyerOrderReferencedDocument", leaf("ram:IssuerAssignedID", one.order)),
    )  # fmt: skip


def _party(name: str, party: Party) -> Node | None:
    contact = party.contact
    return node(
        name, leaf("ram:Name", party.name), node("ram:SpecifiedLegalOrganization", _identifier("ram:ID", party.registration)),
        node("ram:DefinedTradeContact", leaf("ram:PersonName", contact.name),
             node("ram:TelephoneUniversalCommunication", leaf("ram:CompleteNumber", contact.phone)),
             node("ram:EmailURIUniversalCommunication", leaf("ram:URIID", contact.email))),
        _address(party.address), node("ram:URIUniversalCommunication", _identifier("ram:URIID", party.endpoint)),
        node("ram:SpecifiedTaxRegistration", leaf("ram:ID", party.tax_number, schemeID="FC")),
        node("ram:SpecifiedTaxRegistration", leaf("ram:ID", party.vat_id, schemeID="VA")),
    )  # fmt: skip


def _identifier(name: str, one: Identifier | None) -> Node | None:
    return leaf(name, one.value, schemeID=one.scheme) if one else None


def _address(address: Address) -> Node | None:
    return node(
        "ram:PostalTradeAddress", leaf("ram:PostcodeCode", address.postal_code), leaf("ram:LineOne", address.street),
        leaf("ram:LineTwo", address.addition), leaf("ram:CityName", address.city), leaf("ram:CountryID", address.country),
        leaf("ram:CountrySubDivisionName", address.subdivision),
    )  # fmt: skip


def _delivery(one: EInvoice) -> Node | None:
    """When it was delivered; its place must not be empty, so a prepayment says to whom it will be (BT-70)."""
    event = node("ram:ActualDeliverySupplyChainEvent", _day("ram:OccurrenceDateTime", one.delivered))
    receiver = node("ram:ShipToTradeParty", leaf("ram:Name", one.buyer.name))
    return node("ram:ApplicableHeaderTradeDelivery", event or receiver)


def _settlement(one: EInvoice) -> Node | None:
    return node("ram:ApplicableHeaderTradeSettlement", *_settled(one))


def _settled(one: EInvoice) -> Iterator[Node | None]:
    if one.account:
        yield leaf("ram:PaymentReference", one.number)
    yield leaf("ram:InvoiceCurrencyCode", one.currency)
    if one.account:
        yield _payment(one.account)
    yield from (_tax(tax, one) for tax in one.taxes)
    yield _period(one)
    yield from (_allowance(allowance, one) for allowance in one.allowances)
    yield node("ram:SpecifiedTradePaymentTerms", leaf("ram:Description", one.terms), _day("ram:DueDateDateTime", one.due))
    yield _summation(one)
    if one.preceding:
        yield node("ram:InvoiceReferencedDocument", leaf("ram:IssuerAssignedID", one.preceding.number),
                   _day("ram:FormattedIssueDateTime", one.preceding.on, "qdt"))  # fmt: skip


def _payment(account: Account) -> Node | None:
    return node(
        "ram:SpecifiedTradeSettlementPaymentMeans", leaf("ram:TypeCode", account.means),
        node("ram:PayeePartyCreditorFinancialAccount", leaf("ram:IBANID", account.iban), leaf("ram:AccountName", account.name)),
        node("ram:PayeeSpecifiedCreditorFinancialInstitution", leaf("ram:BICID", account.bic)),
    )  # fmt: skip


def _tax(tax: Tax, one: EInvoice) -> Node | None:
    return node(
        "ram:ApplicableTradeTax", leaf("ram:CalculatedAmount", one.money(tax.amount)), leaf("ram:TypeCode", "VAT"),
        leaf("ram:ExemptionReason", tax.reason), leaf("ram:BasisAmount", one.money(tax.base)),
        leaf("ram:CategoryCode", tax.category.code), leaf("ram:ExemptionReasonCode", tax.reason_code), _percent(tax.category),
    )  # fmt: skip


def _summation(one: EInvoice) -> Node | None:
    sums = one.sums
    return node(
        "ram:SpecifiedTradeSettlementHeaderMonetarySummation", leaf("ram:LineTotalAmount", one.money(sums.lines)),
        leaf("ram:AllowanceTotalAmount", one.money(sums.allowances)) if one.allowances else None,
        leaf("ram:TaxBasisTotalAmount", one.money(sums.net)),
        leaf("ram:TaxTotalAmount", one.money(sums.tax), currencyID=one.currency),
        leaf("ram:GrandTotalAmount", one.money(sums.gross)),
        leaf("ram:TotalPrepaidAmount", one.money(sums.paid)) if sums.paid else None,
        leaf("ram:DuePayableAmount", one.money(sums.due)),
    )  # fmt: skip
