"""Which facts that EN 16931 asks for are wanting, in words, and where each is entered. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from babel import Locale
from babel.core import get_global

from plugins.einvoicing.units import unit_code

if TYPE_CHECKING:
    from kernel.hookspecs.papers import InvoicePaper
    from plugins.einvoicing.profiles import BuyerFacts, SellerFacts

SELLER_URL = "/e-invoicing/edit"
TAX_URL = "/taxes/settings"
_VAT_ID = re.compile(r"[A-Z]{2}[0-9A-Z+*.\-]{2,}")
_EXTRA_PREFIXES = {"EL", "XI"}
_TERRITORIES = frozenset(code for code in Locale("en").territories if len(code) == 2)
_NOT_ISO = "AC CP CQ DG EA EU EZ IC QO TA UN XA XB XK ZZ"
_NO_COUNTRIES = frozenset(_NOT_ISO.split(" ")) | frozenset(get_global("territory_aliases"))


class Wanting(NamedTuple):
    """A fact that is not there: its business term, what to enter, and the page on which."""

    term: str
    words: str
    url: str


def is_country(code: str) -> bool:
    """Whether a code is one of ISO 3166-1.

    >>> is_country("AT"), is_country("EU"), is_country("UK"), is_country("at")
    (True, False, False, False)
    """
    return code in _TERRITORIES and code not in _NO_COUNTRIES


def is_vat_id(tax_id: str | None) -> bool:
    """Whether a tax id begins with a country, as a VAT id does (BR-CO-9).

    >>> is_vat_id("DE 136695976"), is_vat_id("EL094259216"), is_vat_id("12-3456789"), is_vat_id(None)
    (True, True, False, False)
    """
    text = "".join((tax_id or "").split())
    return bool(_VAT_ID.fullmatch(text)) and (is_country(text[:2]) or text[:2] in _EXTRA_PREFIXES)


def find_wanting(paper: InvoicePaper, seller: SellerFacts, buyer: BuyerFacts) -> list[Wanting]:
    """The facts that keep an invoice from being an e-invoice, the seller's first."""
    codes = {paper.taxes[at].code for line in paper.lines for at, _ in line.taxes}
    return [*_of_seller(paper, seller, codes), *_of_buyer(paper, buyer, codes), *_of_lines(paper, seller)]


def _of_seller(paper: InvoicePaper, seller: SellerFacts, codes: set[str]) -> Iterator[Wanting]:
    if not is_country(seller.address.country):
        yield Wanting("BT-40", "your company's country", SELLER_URL)
    vat = is_vat_id(paper.seller.tax_id)
    if "AE" in codes and not vat:
        yield Wanting("BT-31", "your company's VAT id, which reverse charge needs", TAX_URL)
    elif codes - {"O"} and not (paper.seller.tax_id or seller.tax_number):
        yield Wanting("BT-32", "your company's tax number, since the invoice prints no tax id", SELLER_URL)
    if seller.registration is None and (not vat or "O" in codes):
        yield Wanting("BT-30", "your company's registration number", SELLER_URL)


def _of_buyer(paper: InvoicePaper, buyer: BuyerFacts, codes: set[str]) -> Iterator[Wanting]:
    place = paper.buyer.place
    if place is None or not is_country(place.country):
        yield Wanting("BT-55", "the client's address with its country, as a location", f"/clients/{paper.client_id}")
    if "AE" in codes and not is_vat_id(paper.buyer.tax_id) and buyer.registration is None:
        yield Wanting("BT-48", "the client's VAT id, which reverse charge needs", f"/taxes/of-client/{paper.client_id}/edit")


def _of_lines(paper: InvoicePaper, seller: SellerFacts) -> Iterator[Wanting]:
    if not any(line.description.strip() for line in paper.lines):
        yield Wanting("BT-153", "what is sold", f"/invoices/{paper.id}")
    for unit in dict.fromkeys(line.unit for line in paper.lines):
        if unit_code(unit, seller.units) is None:
            yield Wanting("BT-130", f"the code of the unit “{unit}”", SELLER_URL)
