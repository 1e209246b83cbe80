"""Ours as Xero's objects, and Xero's objects as changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from kernel.currencies import exponent
from kernel.hookspecs.accounting import (
    CREDIT_NOTE,
    INVOICE,
    PAYMENT,
    Change,
    Document,
    DocumentLine,
    External,
    KeptLine,
    MoneyShare,
    Theirs,
)
from kernel.hookspecs.papers import PaperPlace

if TYPE_CHECKING:
    from xero_python.accounting.models import LineItem

ENDED = frozenset({"VOIDED", "DELETED"})
NO_TAX = "NONE"
MOST_TEXT = 4000
_PLACES = Decimal("0.0001")


def major(amount: int, places: int) -> Decimal:
    """Minor units as Xero writes money."""
    return Decimal(amount).scaleb(-places)


def minor(amount: Any, places: int) -> int:
    """Xero's money in minor units; nothing where it says nothing.

    >>> minor(Decimal("12.30"), 2), minor(None, 2), minor(Decimal(1200), 0)
    (1230, 0, 1200)
    """
    return int(Decimal(amount or 0).scaleb(places).to_integral_value(ROUND_HALF_UP))


def line_items(document: Document) -> list[LineItem]:
    """The lines, net, with our tax on each unless Xero reckons it."""
    from xero_python.accounting.models import LineItem

    items = []
    for line in document.lines:
        quantity, price, words = _priced(line, document.exponent)
        known: dict[str, Any] = {"item_code": line.item} if line.item else {"account_code": document.accounts.get("income")}
        if not document.tax_theirs:
            known |= {"tax_type": line.tax_code or NO_TAX, "tax_amount": major(line.tax, document.exponent)}
        items.append(LineItem(description=words[:MOST_TEXT], quantity=quantity, unit_amount=price,
                              line_amount=major(line.net, document.exponent), **known))  # fmt: skip
    return items


def _priced(line: DocumentLine, places: int) -> tuple[Decimal, Decimal, str]:
    """Quantity and price that make the net; where ours do not, one piece at the net, and the quantity in words."""
    if line.unit_price is not None and line.quantity == line.quantity.quantize(_PLACES):
        made = (line.quantity * line.unit_price).quantize(Decimal(1), ROUND_HALF_UP)
        if made == line.net:
            return line.quantity, major(line.unit_price, places), line.description
    words = line.description if line.quantity == 1 else f"{line.quantity.normalize():f} × {line.description}"
    return Decimal(1), major(line.net, places), words


def external(row_id: Any, updated: datetime | None, name: str = "") -> External:
    return External(str(row_id), stamp(updated), name)


def stamp(at: datetime | None) -> str:
    """When Xero last changed something: what stands for a version, since it has none."""
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else ""


def invoice_change(row: Any) -> Change:
    """An invoice as it is now."""
    places = exponent(str(row.currency_code.value if hasattr(row.currency_code, "value") else row.currency_code))
    return _document_change(INVOICE, row, row.invoice_id, row.invoice_number, minor(row.amount_due, places), places)


def credit_note_change(row: Any) -> Change:
    """A credit note as it is now, with the invoices that it was used for."""
    places = exponent(_currency(row))
    change = _document_change(
        CREDIT_NOTE, row, row.credit_note_id, row.credit_note_number, minor(row.remaining_credit, places), places
    )
    return change._replace(shares=tuple(_used(one, places) for one in _counting(row)))


def _counting(note: Any) -> list[Any]:
    return [one for one in note.allocations or [] if not one.is_deleted]


def _used(allocation: Any, places: int) -> MoneyShare:
    return MoneyShare(INVOICE, str(allocation.invoice.invoice_id), minor(allocation.amount, places))


def allocation_id(note_id: Any, row_id: Any) -> str:
    """What the use of a credit note is known by: Xero finds it below its credit note only."""
    return f"{note_id}/{row_id}"


def allocation_change(note: Any, row_id: str) -> Change | None:
    """A use of a credit note as a payment of nothing, which ties it to an invoice; None where it is there no more."""
    places = exponent(_currency(note))
    for one in _counting(note):
        if str(one.allocation_id) == row_id:
            used = _used(one, places)
            paid = (used, MoneyShare(CREDIT_NOTE, str(note.credit_note_id), used.amount))
            return Change(PAYMENT, External(allocation_id(note.credit_note_id, row_id)), note.updated_date_utc,
                          str(note.contact.contact_id) if note.contact else "", currency=_currency(note), on=one.date,
                          shares=paid)  # fmt: skip
    return None


def _document_change(kind: str, row: Any, row_id: Any, number: Any, balance: int, places: int) -> Change:
    ended = str(row.status) in ENDED
    known = external(row_id, row.updated_date_utc, str(number or ""))
    return Change(
        kind, known, row.updated_date_utc, str(row.contact.contact_id) if row.contact else "", str(number or ""), _currency(row),
        row.date, 0 if ended else minor(row.total, places), 0 if ended else minor(row.total_tax, places), 0 if ended else balance,
        voided=ended, lines=kept_lines(row, places),
    )  # fmt: skip


def kept_lines(row: Any, places: int) -> tuple[KeptLine, ...]:
    """The lines of a document: what was sold, or the account where no item stands."""
    return tuple(
        KeptLine(str(one.item_code or one.account_code or ""), None if one.quantity is None else Decimal(str(one.quantity)),
                 minor(one.line_amount, places), str(one.description or ""))
        for one in row.line_items or []
    )  # fmt: skip


def payment_change(row: Any) -> Change:
    """A payment of an invoice as it is now. One of a batch that pays several stays one by itself, known by its own id: each
    may be of another customer, and be deleted alone. It says the reference of the batch where it has none.
    """
    invoice, gone = row.invoice, str(row.status) == "DELETED"
    currency = _currency(invoice)
    amount = 0 if gone else minor(row.amount, exponent(currency))
    shares = () if gone else (MoneyShare(INVOICE, str(invoice.invoice_id), amount),)
    return Change(
        PAYMENT, external(row.payment_id, row.updated_date_utc), row.updated_date_utc,
        str(invoice.contact.contact_id) if invoice.contact else "", currency=currency, on=row.date, total=amount, shares=shares,
        reference=str(row.reference or (row.batch_payment.reference if row.batch_payment else "") or ""), deleted=gone,
    )  # fmt: skip


def latest(changes: Sequence[Change], since: datetime) -> datetime:
    """The last change that was seen: from there on is asked next, so that no clock of ours has to agree with Xero's."""
    return max([one.changed_at for one in changes], default=since)


def _currency(row: Any) -> str:
    code = row.currency_code
    return str(code.value if hasattr(code, "value") else code)


def contact_theirs(row: Any, home: str) -> Theirs:
    """A contact with what it takes to make a client of it; its number is our own id where we made it."""
    phone = next((one for one in row.phones or [] if one.phone_number), None)
    words = " ".join(filter(None, (phone.phone_country_code, phone.phone_area_code, phone.phone_number))) if phone else ""
    currency = str(getattr(row.default_currency, "value", row.default_currency) or "")
    return Theirs(str(row.contact_id), str(row.name), str(row.contact_number or ""), str(row.email_address or ""), words,
                  currency or home, _place(row.addresses or []))  # fmt: skip


def _place(addresses: Sequence[Any]) -> PaperPlace:
    ranked = sorted((one for one in addresses if one.address_line1 or one.city), key=lambda one: one.address_type != "POBOX")
    if not ranked:
        return PaperPlace()
    one = ranked[0]
    return PaperPlace(one.address_line1 or "", one.address_line2 or "", one.postal_code or "", one.city or "", one.region or "",
                      one.country or "")  # fmt: skip


def item_theirs(row: Any, home: str) -> Theirs:
    """An item with what it takes to put it into the catalog; its id is its code."""
    sold = row.sales_details
    price = minor(sold.unit_price, exponent(home)) if sold and sold.unit_price else None
    taxed = not sold or str(sold.tax_type or "") not in (NO_TAX, "EXEMPTOUTPUT")
    return Theirs(
        str(row.code), str(row.name or row.code), str(row.code), currency=home,
        kind="product" if row.is_tracked_as_inventory else "service", description=str(row.description or ""), price=price,
        taxable=taxed,
    )  # fmt: skip
