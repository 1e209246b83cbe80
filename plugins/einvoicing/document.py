"""An electronic invoice by the semantic model of EN 16931, before it is written in a syntax. Values only.

Fields name the business terms (BT) and groups (BG) of the standard. Amounts are decimals of the currency's major unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

CREDIT_NOTE = "381"
TYPE_CODES = {"invoice": "380", "credit_note": CREDIT_NOTE, "prepayment": "386"}
"""Codes of UNTDID 1001 (BT-3) by the kind of document."""


class Identifier(NamedTuple):
    """An id in the words of a scheme: ISO 6523 for registrations, EAS for electronic addresses."""

    value: str
    scheme: str = ""


class Address(NamedTuple):
    """BG-5 and BG-8; `country` is a code of ISO 3166-1 (BT-40, BT-55)."""

    street: str = ""
    addition: str = ""
    city: str = ""
    postal_code: str = ""
    subdivision: str = ""
    country: str = ""


class Person(NamedTuple):
    """BG-6: whom to ask at the seller."""

    name: str = ""
    phone: str = ""
    email: str = ""


class Party(NamedTuple):
    """BG-4 or BG-7. `vat_id` BT-31 or BT-48, `tax_number` BT-32, `registration` BT-30 or BT-47, `endpoint` BT-34 or BT-49."""

    name: str
    address: Address
    vat_id: str = ""
    tax_number: str = ""
    registration: Identifier | None = None
    endpoint: Identifier | None = None
    contact: Person = Person()


class Account(NamedTuple):
    """BG-17: where to transfer to; `means` is a code of UNTDID 4461 (BT-81)."""

    iban: str
    bic: str = ""
    name: str = ""
    means: str = "30"


class Category(NamedTuple):
    """A VAT category with its rate (BT-151 and BT-152); the rate of category O is None."""

    code: str
    percent: Decimal | None


class Allowance(NamedTuple):
    """BG-20 (with its category) or BG-27: what is taken off, and why."""

    amount: Decimal
    reason: str
    category: Category | None = None


class Tax(NamedTuple):
    """BG-23: what one category comes to; `reason` BT-120 and its code BT-121 say why nothing is levied."""

    category: Category
    base: Decimal
    amount: Decimal
    reason: str = ""
    reason_code: str = ""


class Line(NamedTuple):
    """BG-25. `net` (BT-131) is after its allowances; `price` (BT-146) is for `price_quantity` (BT-149) units.

    `first_day` to `last_day` is its period (BG-26), both included.
    """

    id: str
    name: str
    quantity: Decimal
    unit: str
    price: Decimal
    price_quantity: Decimal | None
    net: Decimal
    category: Category
    allowances: tuple[Allowance, ...] = ()
    first_day: date | None = None
    last_day: date | None = None


class Sums(NamedTuple):
    """BG-22: BT-106, BT-107, BT-109, BT-110, BT-112, BT-113, BT-115."""

    lines: Decimal
    allowances: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal
    paid: Decimal
    due: Decimal


class Preceding(NamedTuple):
    """BG-3: the invoice that a credit note corrects."""

    number: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class EInvoice:
    """An invoice, prepayment invoice or credit note, whose amounts are above zero as well; `type_code` says which.

    `delivered` (BT-72) is the last tax point of what was delivered.
    """

    number: str
    type_code: str
    issued: date
    due: date | None
    currency: str
    places: int
    notes: tuple[str, ...]
    buyer_reference: str
    order: str
    terms: str
    preceding: Preceding | None
    seller: Party
    buyer: Party
    account: Account | None
    delivered: date | None
    first_day: date | None
    last_day: date | None
    allowances: tuple[Allowance, ...]
    taxes: tuple[Tax, ...]
    sums: Sums
    lines: tuple[Line, ...]

    def money(self, amount: Decimal) -> str:
        """An amount as it is written, with the currency's decimals, two at most."""
        return f"{amount:.{self.places}f}"


def plain(number: Decimal) -> str:
    """A quantity, price or percentage without exponent and needless zeros.

    >>> plain(Decimal("19.000000")), plain(Decimal("1E+2")), plain(Decimal("0.0700"))
    ('19', '100', '0.07')
    """
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
