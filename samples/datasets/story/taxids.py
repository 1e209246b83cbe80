"""Made-up tax ids whose check digits are right."""

from __future__ import annotations

from stdnum import luhn
from stdnum.at import uid
from stdnum.fr import tva
from stdnum.iso7064 import mod_11_10
from stdnum.us import ein

from story.dice import Dice


def tax_id(region: str, dice: Dice) -> str:
    """A number of the kind that companies of this region have: VAT id, EIN or business number."""
    if region == "DE":
        body = dice.digits(8)
        return f"DE{body}{mod_11_10.calc_check_digit(body)}"
    if region == "AT":
        body = f"U{dice.digits(7)}"
        return f"AT{body}{uid.calc_check_digit(body)}"
    if region == "FR":
        return _french(dice)
    if region.startswith("CA"):
        body = dice.digits(8)
        return f"{body}{luhn.calc_check_digit(body)}RT0001"
    return _american(dice)


def _french(dice: Dice) -> str:
    body = dice.digits(8)
    siren = body + luhn.calc_check_digit(body)
    number = f"FR{int(siren + '12') % 97:02d}{siren}"
    tva.validate(number)
    return number


def _american(dice: Dice) -> str:
    return str(ein.format(ein.validate(f"91{dice.digits(7)}")))
