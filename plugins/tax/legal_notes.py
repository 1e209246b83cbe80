"""The words that a law wants on an invoice under reverse charge, in the language of who reads it. Pure."""

from __future__ import annotations

ENGLISH = "Reverse charge: the recipient is liable for the tax (Article 196, Council Directive 2006/112/EC)."
_OF_THE_DIRECTIVE = {
    "bg": "обратно начисляване",
    "cs": "daň odvede zákazník",
    "da": "omvendt betalingspligt",
    "de": "Steuerschuldnerschaft des Leistungsempfängers",
    "el": "αντίστροφη επιβάρυνση",
    "es": "inversión del sujeto pasivo",
    "et": "pöördmaksustamine",
    "fi": "käännetty verovelvollisuus",
    "fr": "autoliquidation",
    "hr": "prijenos porezne obveze",
    "hu": "fordított adózás",
    "it": "inversione contabile",
    "lt": "atvirkštinis apmokestinimas",
    "lv": "nodokļa apgrieztā maksāšana",
    "mt": "inverżjoni tal-ħlas",
    "nl": "btw verlegd",
    "pl": "odwrotne obciążenie",
    "pt": "autoliquidação",
    "ro": "taxare inversă",
    "sk": "prenesenie daňovej povinnosti",
    "sl": "obrnjena davčna obveznost",
    "sv": "omvänd betalningsskyldighet",
}
"""The mention that Article 226 (11a) of Council Directive 2006/112/EC asks for, as each language's version of it says."""


def reverse_charge_note(locale: str) -> str:
    """The note for a reader's locale; languages that the directive is not written in read English.

    >>> reverse_charge_note("de-AT")
    'Steuerschuldnerschaft des Leistungsempfängers (reverse charge, Art. 196 2006/112/EC).'
    >>> reverse_charge_note("ja") == ENGLISH
    True
    """
    words = _OF_THE_DIRECTIVE.get(locale.replace("_", "-").split("-")[0].lower())
    return f"{words[0].upper()}{words[1:]} (reverse charge, Art. 196 2006/112/EC)." if words else ENGLISH
