"""Ids of parties and accounts, checked offline by their own rules."""

from __future__ import annotations

import re

from marshmallow import ValidationError
from stdnum import iban
from stdnum.exceptions import ValidationError as NotANumber

from plugins.einvoicing.schemes import EAS, is_registration_scheme

_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+")


def check_iban(text: str) -> None:
    """Raise ValidationError unless the account is empty or keeps the check digits of ISO 13616."""
    try:
        if text:
            iban.validate(text)
    except NotANumber as error:
        raise ValidationError(f"This is no IBAN: {error}") from error


def check_bic(text: str) -> None:
    """Raise ValidationError unless the code is empty or has the form of ISO 9362."""
    if text and not _BIC.fullmatch(text):
        raise ValidationError("A BIC has 8 or 11 capitals and digits, such as BKAUATWW.")


def check_registration(value: str, scheme: str) -> None:
    """Raise ValidationError for a scheme that ISO 6523 does not know, or one without a number."""
    if scheme and not is_registration_scheme(scheme):
        raise ValidationError("Four digits of ISO 6523, such as 0088, or nothing.", "registration_scheme")
    if scheme and not value:
        raise ValidationError("The scheme is of no number.", "registration")


def check_endpoint(value: str, scheme: str) -> None:
    """Raise ValidationError unless an electronic address has a scheme of the EAS list, and one with a scheme is there."""
    if value and scheme not in EAS:
        raise ValidationError("A code of the EAS list, such as EM for mail or 0088 for a GLN.", "endpoint_scheme")
    if scheme and not value:
        raise ValidationError("The scheme is of no address.", "endpoint")
    if scheme == "EM" and not _MAIL.fullmatch(value):
        raise ValidationError("This is no mail address.", "endpoint")
