"""Amounts as Stripe counts them (docs.stripe.com/currencies): pure arithmetic.

Some currencies have other decimals there than in ISO 4217: ariary have none, krónur and Ugandan shillings two that must be zero,
dinars and rials three of which the last must be zero.
"""

from __future__ import annotations

from plugins.stripe.errors import AmountNotPayable

_NONE = frozenset(["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"])
_THREE = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
_WHOLE_ONLY = frozenset({"ISK", "UGX"})


def to_stripe(amount: int, currency: str, exponent: int) -> int:
    """What Stripe wants for so many minor units. Raises AmountNotPayable.

    >>> to_stripe(1250, "EUR", 2), to_stripe(500, "JPY", 0), to_stripe(1230, "KWD", 3), to_stripe(700, "UGX", 0)
    (1250, 500, 1230, 70000)
    """
    theirs, step = _exponent(currency), _step(currency)
    scaled, rest = divmod(amount * _ten_to(theirs), _ten_to(exponent))
    if rest or scaled % step:
        raise AmountNotPayable(f"Stripe takes no such fraction of {currency}.", errors={"amount": "Has too many decimals."})
    return scaled


def from_stripe(amount: int, currency: str, exponent: int) -> int:
    """Minor units of what Stripe says.

    >>> from_stripe(70000, "UGX", 0), from_stripe(5, "MGA", 2)
    (700, 500)
    """
    minor, rest = divmod(amount * _ten_to(exponent), _ten_to(_exponent(currency)))
    if rest:
        raise AmountNotPayable(f"Stripe said {amount} of {currency}, which is no whole amount here.")
    return minor


def _exponent(currency: str) -> int:
    return 0 if currency in _NONE else 3 if currency in _THREE else 2


def _ten_to(power: int) -> int:
    return int(10**power)


def _step(currency: str) -> int:
    return 10 if currency in _THREE else 100 if currency in _WHOLE_ONLY else 1
