"""Tax ids, checked offline by the rules of their country (python-stdnum)."""

from __future__ import annotations

from importlib import import_module

from stdnum.eu import vat
from stdnum.exceptions import ValidationError

from plugins.tax.errors import TaxIdInvalid

_OTHER = {"US": "stdnum.us.ein", "CA": "stdnum.ca.bn", "CH": "stdnum.ch.vat", "GB": "stdnum.gb.vat", "NO": "stdnum.no.mva",
          "AU": "stdnum.au.abn", "NZ": "stdnum.nz.ird"}  # fmt: skip


def check_tax_id(tax_id: str, country: str) -> str:
    """The tax id in its compact form. Raises TaxIdInvalid when the country's rules refuse it.

    Without a country, one of the European Union is read from the id's first two letters. A country whose rules are not
    known here takes any id.

    >>> check_tax_id("DE 136 695 976", ""), check_tax_id("136695976", "DE"), check_tax_id("4711", "")
    ('DE136695976', 'DE136695976', '4711')
    """
    text = tax_id.strip()
    country = country.upper() or _union_country(text)
    try:
        if country.lower() in vat.MEMBER_STATES:
            return _european(text, country)
        if country in _OTHER:
            checked: str = import_module(_OTHER[country]).validate(text)
            return checked
    except ValidationError as error:
        words = f"{text} is not a tax id of {country}: {error}"
        raise TaxIdInvalid(words, errors={"tax_id": words}) from error
    return text


def find_valid(tax_id: str | None, country: str) -> str | None:
    """The tax id in its compact form; None if there is none or the country's rules refuse it."""
    try:
        return check_tax_id(tax_id, country) if tax_id else None
    except TaxIdInvalid:
        return None


def _union_country(text: str) -> str:
    prefix = text[:2].upper().replace("EL", "GR")
    return prefix if prefix.lower() in vat.MEMBER_STATES else ""


def _european(text: str, country: str) -> str:
    prefix = "EL" if country == "GR" else country
    checked: str = vat.validate(text if _union_country(text) else f"{prefix}{text}")
    return checked
