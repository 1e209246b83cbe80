"""From what stands on an invoice to the terms of EN 16931. Pure: no database, no clock.

Every line has one VAT category in EN 16931; taxes that pile up on a line, taxed amounts that are not what is charged, and
amounts finer than a hundredth cannot be said in it and are refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from kernel.hookspecs.papers import InvoicePaper, PaperLine, PaperTax
from plugins.einvoicing.checks import is_vat_id
from plugins.einvoicing.document import (
    TYPE_CODES,
    Account,
    Address,
    Allowance,
    Category,
    EInvoice,
    Identifier,
    Line,
    Party,
    Preceding,
    Sums,
    Tax,
    plain,
)
from plugins.einvoicing.errors import EInvoiceNotExpressible
from plugins.einvoicing.profiles import BuyerFacts, SellerFacts
from plugins.einvoicing.units import PIECE, unit_code

_REASONS = {"E": "Exempt from tax.", "AE": "Reverse charge.", "O": "Outside the scope of tax."}
_REASON_CODES = {"AE": "VATEX-EU-AE", "O": "VATEX-EU-O"}
_MOST_PLACES = 2


def map_invoice(paper: InvoicePaper, seller: SellerFacts, buyer: BuyerFacts) -> EInvoice:
    """An invoice or credit note by the model of EN 16931. Raises EInvoiceNotExpressible.

    Facts that are wanting come out empty; `checks.find_wanting` tells of them.
    """
    money = _Money(paper)
    categories = [_category(one) for one in paper.taxes]
    direct = _direct_discounts(paper)
    lines = [_line(one, categories, direct, money, seller.units) for one in paper.lines]
    allowances = _allowances(paper, lines, direct, money)
    taxes = _taxes(paper, lines, allowances, categories, money)
    outside = any(one.category.code == "O" for one in taxes)
    return EInvoice(
        number=paper.number, type_code=TYPE_CODES[paper.kind], issued=paper.invoice_date,
        due=paper.due_date if paper.kind != "credit_note" else None, currency=paper.currency, places=money.places,
        notes=tuple(text for text in (paper.notes, *paper.tax_notes) if text.strip()), buyer_reference=buyer.reference,
        order=paper.po_number or "", terms=_terms(paper, money), preceding=_preceding(paper),
        seller=_seller(paper, seller, outside=outside), buyer=_buyer(paper, buyer, outside=outside),
        account=_account(paper, seller), delivered=_delivered(paper), first_day=paper.period_start,
        last_day=_last(paper.period_end), allowances=tuple(allowances), taxes=tuple(taxes),
        sums=_sums(paper, lines, allowances, money), lines=tuple(lines),
    )  # fmt: skip


class _Money:
    """Minor units as amounts of the major unit. Raises EInvoiceNotExpressible for thousandths (BR-DEC-*)."""

    def __init__(self, paper: InvoicePaper) -> None:
        self.exponent = paper.exponent
        self._currency = paper.currency
        self.places = min(paper.exponent, _MOST_PLACES)

    def __call__(self, minor: int) -> Decimal:
        amount = Decimal(minor).scaleb(-self.exponent)
        if amount != round(amount, _MOST_PLACES):
            raise EInvoiceNotExpressible("BR-DEC-12", f"{amount} {self._currency} has more than two decimals.")
        return round(amount, self.places)


def _category(tax: PaperTax) -> Category:
    return Category(tax.code, tax.percent.normalize() if tax.code == "S" else None if tax.code == "O" else Decimal(0))


def _line_category(line: PaperLine, categories: Sequence[Category]) -> Category:
    found = list(dict.fromkeys(at for at, _ in line.taxes))
    if len(found) != 1:
        says = "no tax at all" if not found else f"{len(found)} taxes on top of each other or side by side"
        raise EInvoiceNotExpressible("BR-CO-4", f"Line {line.position} has {says}; an e-invoice has one VAT rate for each line.")
    return categories[found[0]]


def _direct_discounts(paper: InvoicePaper) -> dict[int, list[tuple[int, str]]]:
    """Discounts of one line only, by its position; all others belong to the document."""
    found: dict[int, list[tuple[int, str]]] = {}
    for one in paper.discounts:
        if one.line_position is not None and one.amount:
            found.setdefault(one.line_position, []).append((one.amount, one.description))
    return found


def _line(line: PaperLine, categories: Sequence[Category], direct: Mapping[int, list[tuple[int, str]]], money: _Money,
          units: Mapping[str, str]) -> Line:  # fmt: skip
    off = direct.get(line.position, [])
    quantity, price, per = _price(line, money)
    return Line(
        id=str(line.position), name=line.description, quantity=quantity, unit=unit_code(line.unit, units) or PIECE, price=price,
        price_quantity=per, net=money(line.net - sum(amount for amount, _ in off)), category=_line_category(line, categories),
        allowances=tuple(Allowance(money(amount), reason) for amount, reason in off), first_day=line.period_start,
        last_day=_last(line.period_end),
    )  # fmt: skip


def _price(line: PaperLine, money: _Money) -> tuple[Decimal, Decimal, Decimal | None]:
    """Quantity, price and the quantity that the price is for. A price is never below zero (BR-27), so a credit has its
    quantity below zero; where no unit price gives the amount, the amount is the price of the whole quantity.
    """
    net, sign = money(abs(line.net)), -1 if line.net < 0 else 1
    if line.quantity <= 0:
        return Decimal(sign), net, None
    if line.unit_price is not None and abs(line.unit_price * line.quantity - line.net) < 1:
        return sign * line.quantity, Decimal(abs(line.unit_price)).scaleb(-money.exponent), None
    return sign * line.quantity, net, line.quantity


def _allowances(paper: InvoicePaper, lines: Sequence[Line], direct: Mapping[int, list[tuple[int, str]]],
                money: _Money) -> list[Allowance]:  # fmt: skip
    """What discounts of the document take off, one for each category that they fall on."""
    taken: dict[Category, int] = {}
    for line, written in zip(paper.lines, lines, strict=True):
        rest = line.discount - sum(amount for amount, _ in direct.get(line.position, ()))
        taken[written.category] = taken.get(written.category, 0) + rest
    reason = ", ".join(dict.fromkeys(one.description for one in paper.discounts if one.line_position is None)) or "Discount"
    return [Allowance(money(amount), reason, category) for category, amount in taken.items() if amount]


def _taxes(paper: InvoicePaper, lines: Sequence[Line], allowances: Sequence[Allowance], categories: Sequence[Category],
           money: _Money) -> list[Tax]:  # fmt: skip
    """One breakdown for each category and rate (BR-E-1, BR-AE-1, …). Raises EInvoiceNotExpressible where it cannot be."""
    used = list(dict.fromkeys(one.category for one in lines))
    if len(used) > 1 and any(one.code == "O" for one in used):
        raise EInvoiceNotExpressible("BR-O-11", "Lines that are not taxable stand beside others. Make them exempt instead.")
    taxes = []
    for category in used:
        groups = [tax for tax, own in zip(paper.taxes, categories, strict=True) if own == category]
        base = sum((one.net for one in lines if one.category == category), Decimal(0))
        base -= sum((one.amount for one in allowances if one.category == category), Decimal(0))
        tax = Tax(category, base, money(sum(group.tax for group in groups)), *_reason(category, groups))
        _check_tax(paper, tax, money(sum(group.base for group in groups)))
        taxes.append(tax)
    return taxes


def _reason(category: Category, groups: Sequence[PaperTax]) -> tuple[str, str]:
    if category.code not in _REASONS:
        return "", ""
    notes = dict.fromkeys(group.note for group in groups if group.note)
    return "; ".join(notes) or _REASONS[category.code], _REASON_CODES.get(category.code, "")


def _check_tax(paper: InvoicePaper, tax: Tax, printed_base: Decimal) -> None:
    """Tax is on what is charged, and is its rate of it within one unit of the currency (BR-S-8, BR-CO-17).

    Credit notes take back a share of each tax, so their printed bases may differ by a rounding.
    """
    if paper.kind != "credit_note" and tax.base != printed_base:
        words = f"{printed_base} is taxed where {tax.base} is charged: discounts that leave the taxed amount as it is."
        raise EInvoiceNotExpressible("BR-S-8", words)
    if abs(tax.base * (tax.category.percent or 0) / 100 - tax.amount) >= 1:
        percent = plain(tax.category.percent or Decimal(0))
        raise EInvoiceNotExpressible("BR-CO-17", f"The tax of {tax.amount} is not {percent} % of {tax.base}, rounded once.")


def _sums(paper: InvoicePaper, lines: Sequence[Line], allowances: Sequence[Allowance], money: _Money) -> Sums:
    gross, paid = money(paper.total), money(paper.settled if paper.kind != "credit_note" else 0)
    return Sums(
        lines=sum((one.net for one in lines), Decimal(0)), allowances=sum((one.amount for one in allowances), Decimal(0)),
        net=money(paper.subtotal), tax=money(paper.tax), gross=gross, paid=paid, due=gross - paid,
    )  # fmt: skip


def _seller(paper: InvoicePaper, facts: SellerFacts, *, outside: bool) -> Party:
    """Where nothing is in the scope of VAT, no VAT id may be there (BR-O-2)."""
    tax_id, vat = _squeezed(paper.seller.tax_id), is_vat_id(paper.seller.tax_id)
    return Party(
        name=paper.seller.name, address=facts.address, vat_id=tax_id if vat and not outside else "",
        tax_number=facts.tax_number or ("" if vat else tax_id), registration=facts.registration, endpoint=facts.endpoint,
        contact=facts.contact,
    )  # fmt: skip


def _buyer(paper: InvoicePaper, facts: BuyerFacts, *, outside: bool) -> Party:
    tax_id, vat = _squeezed(paper.buyer.tax_id), is_vat_id(paper.buyer.tax_id)
    place = paper.buyer.place
    address = (
        Address(place.street, place.addition, place.city, place.postal_code, place.subdivision, place.country)
        if place
        else Address()
    )
    unprefixed = Identifier(tax_id) if tax_id and not vat else None
    return Party(name=paper.buyer.name, address=address, vat_id=tax_id if vat and not outside else "",
                 registration=facts.registration or unprefixed, endpoint=facts.endpoint)  # fmt: skip


def _squeezed(tax_id: str | None) -> str:
    return "".join((tax_id or "").split())


def _account(paper: InvoicePaper, facts: SellerFacts) -> Account | None:
    """The profile's account, else the one printed on the invoice; SEPA credit transfer (58) for euros."""
    if paper.kind == "credit_note" or not (iban := facts.iban or paper.account.iban):
        return None
    bic = facts.bic if facts.iban else paper.account.bic or ""
    return Account(iban, bic, paper.seller.name, "58" if paper.currency == "EUR" else "30")


def _delivered(paper: InvoicePaper) -> date | None:
    """The last tax point; nothing is delivered yet for a prepayment."""
    if paper.kind == "prepayment":
        return None
    return max((one.tax_date for one in paper.taxes if one.tax_date), default=paper.invoice_date)


def _preceding(paper: InvoicePaper) -> Preceding | None:
    return Preceding(paper.corrects_number, paper.corrects_date) if paper.corrects_number and paper.corrects_date else None


def _terms(paper: InvoicePaper, money: _Money) -> str:
    """What BT-20 says: the discount for who pays early. A credit note has no due date, so its terms name what it is set off
    against (BR-CO-25)."""
    if paper.kind == "credit_note":
        return f"{paper.corrects_number or ''} ./. {paper.number}".strip()
    if paper.early is None:
        return ""
    amount = f"{money(paper.early.amount)} {paper.currency}"
    return f"{plain(paper.early.percent)} % discount ({amount}) if paid by {paper.early.until.isoformat()}."


def _last(end: date | None) -> date | None:
    return end - timedelta(days=1) if end else None
