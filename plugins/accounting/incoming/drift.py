"""Where something of theirs differs from what was delivered. Pure."""

from __future__ import annotations

from typing import NamedTuple

from kernel.hookspecs.accounting import Change, KeptLine
from plugins.accounting.lines import changed, words

DELETED, VOIDED, NOT_VOIDED = "deleted_there", "voided_there", "counts_there"
TOTAL, TAX, NUMBER, CUSTOMER = "total_differs", "tax_differs", "number_differs", "customer_differs"
CURRENCY, PAYMENT, CREDIT_THERE = "currency_differs", "payment_changed", "credit_applied_there"
LINES, REOPENED = "lines_differ", "draft_again_here"
NOT_TAKEN, NOT_TAKEN_BACK = "payment_not_taken", "payment_not_taken_back"
DRIFTS = (DELETED, VOIDED, NOT_VOIDED, TOTAL, TAX, NUMBER, CUSTOMER, CURRENCY, PAYMENT, LINES, REOPENED)
"""Kinds that are found by comparing, and so are looked at again each time."""
_OF_LINES = (CURRENCY, TOTAL, TAX)
"""Kinds that lines which differ bring with them."""
KINDS = (*DRIFTS, CREDIT_THERE, NOT_TAKEN, NOT_TAKEN_BACK)


class Expected(NamedTuple):
    """What was delivered: amounts in minor units, None where nothing was said of them; `customer` is their id. `lines` are how
    they kept them then.
    """

    number: str
    customer: str
    currency: str
    total: int | None
    tax: int | None
    voided: bool = False
    lines: tuple[KeptLine, ...] = ()


class Difference(NamedTuple):
    """A kind of difference, and what each side says: minor units for amounts."""

    kind: str
    ours: str
    theirs: str


def compare(ours: Expected, theirs: Change) -> list[Difference]:
    """All differences of a document or payment of ours. What was voided here may be void or deleted there.

    >>> one = Expected("INV-1", "7", "EUR", 12000, 2000)
    >>> there = dict(kind="invoice", external=None, changed_at=None, customer="7", number="INV-1", currency="EUR")
    >>> compare(one, Change(**there, total=12000, tax=2000))
    []
    >>> [found.kind for found in compare(one, Change(**there, total=11000, tax=1900))]
    ['total_differs', 'tax_differs']
    >>> line = KeptLine("7", None, 10000, "Work")
    >>> [found.kind for found in compare(one._replace(lines=(line,)), Change(**there, total=12000, tax=2000, lines=(line, line)))]
    ['lines_differ']
    """
    if theirs.deleted or theirs.voided:
        gone = DELETED if theirs.deleted else VOIDED
        return [] if ours.voided else [Difference(gone, ours.number, "")]
    if ours.voided:
        return [Difference(NOT_VOIDED, "", theirs.number)]
    pairs = (
        (CURRENCY, ours.currency, theirs.currency), (TOTAL, ours.total, theirs.total), (TAX, ours.tax, theirs.tax),
        (NUMBER, ours.number, theirs.number), (CUSTOMER, ours.customer, theirs.customer),
    )  # fmt: skip
    found = [Difference(kind, str(mine), str(other)) for kind, mine, other in pairs if mine not in (None, "") and mine != other]
    return found if any(one.kind in _OF_LINES for one in found) else found + _compare_lines(ours, theirs)


def _compare_lines(ours: Expected, theirs: Change) -> list[Difference]:
    """How lines differ that come to the same; where one side does not tell its lines, nobody knows."""
    gone, fresh = changed(ours.lines, theirs.lines) if ours.lines and theirs.lines else ([], [])
    return [Difference(LINES, words(gone, ours.currency), words(fresh, ours.currency))] if gone or fresh else []


def compare_payment(ours: Expected, theirs: Change) -> list[Difference]:
    """How a payment that we delivered differs; its references and days are nobody's money."""
    found = compare(ours._replace(number="", customer="", tax=None), theirs._replace(number=""))
    return [Difference(PAYMENT, str(ours.total or ""), one.theirs or one.kind) for one in found[:1]]
