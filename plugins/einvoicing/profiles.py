"""What EN 16931 asks of seller and buyer beyond what is printed. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from plugins.einvoicing.document import Address, Identifier, Person


class SellerFacts(NamedTuple):
    """The tenant as a seller. `tax_number` is one that is no VAT id (BT-32); `units` are its own words for units, as codes."""

    address: Address = Address()
    tax_number: str = ""
    registration: Identifier | None = None
    endpoint: Identifier | None = None
    contact: Person = Person()
    iban: str = ""
    bic: str = ""
    units: Mapping[str, str] = {}


class BuyerFacts(NamedTuple):
    """A client as a buyer; `reference` is what it wants to read on each invoice (BT-10), such as a Leitweg-ID."""

    reference: str = ""
    registration: Identifier | None = None
    endpoint: Identifier | None = None
