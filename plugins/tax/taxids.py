"""Tax ids, checked offline by the rules of their country (python-stdnum)."""

from __future__ import annotations

from importlib import import_module

from stdnum.eu import vat
from stdnum.exceptions import ValidationError

from plugins.tax.errors import TaxIdInvalid

_OTHER = {"US": "stdnum.us.ein", "CA": "stdnum.ca.bn", "CH": "stdnum.ch.vat", "GB": "stdnum.gb.vat", "NO": "stdnum.no.mva",
          "AU": "stdnum.au.abn", "NZ": "stdnum.nz.ird"}  # fmt: skip


def check_tax_id(tax_id: str, country: str) -> str:
    """The tax id in its compact form. Raises TaxIdInvalid when the country's rules refuse it; a country whose rules are
    not known here takes any id.
    """
    text = tax_id.strip()
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


def _european(text: str, country: str) -> str:
    prefixed = text[:2].isalpha()
    checked: str = vat.validate(text if prefixed else f"{'EL' if country == 'GR' else country}{text}")
    return checked
