"""Documents whose taxes are reckoned elsewhere: amounts that were imported take the place of rates. Pure.

What the law leaves untaxed (not taxable, exempt, reverse charge) is decided here as ever; only lines that would need a rate
wait for amounts. Until each of them has one for what it now is, the document is pending, with no tax on them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from kernel.errors import Refused
from kernel.hookspecs.tax import DiscountRule, TaxDocument, TaxedLine, TaxGroup, TaxLine, TaxResult, TaxSource
from kernel.money import spread
from plugins.tax.calculator import ClientTax, compute, tax_document, treat_specially
from plugins.tax.rates import RateBook

PENDING = "Tax reckoned elsewhere"
_PLACES = Decimal("0.000001")
_MOST_PERCENT = Decimal(999_999)


class ImportedTax(NamedTuple):
    """What somebody else says of one line, in minor units: the tax on `base`, the line's amount less its discount.

    `percent` None leaves it to be worked out.
    """

    base: int
    tax: int
    name: str
    code: str
    percent: Decimal | None = None


Imported = Mapping[str, ImportedTax]
"""Imported amounts by the keys of the lines they are for; empty as long as there are none."""


def compute_with(documents: Sequence[TaxDocument], book: RateBook, clients: Mapping[UUID, ClientTax],
                 elsewhere: Mapping[int, Imported]) -> list[TaxResult]:  # fmt: skip
    """The tax of many documents, of which those at the positions in `elsewhere` are reckoned elsewhere."""
    if not elsewhere:
        return compute(documents, book, clients)
    own = iter(compute([one for at, one in enumerate(documents) if at not in elsewhere], book, clients))
    plain = ClientTax()
    return [
        tax_elsewhere(one, clients.get(one.client_id, plain), elsewhere[at]) if at in elsewhere else next(own)
        for at, one in enumerate(documents)
    ]


def tax_elsewhere(document: TaxDocument, client: ClientTax, imported: Imported) -> TaxResult:
    """The tax of one document by imported amounts; pending as long as one of its lines has none.

    >>> from datetime import date
    >>> document = TaxDocument(UUID(int=1), date(2026, 3, 31), "USD", [TaxLine("1", 10000), TaxLine("2", 500, None)])
    >>> tax_elsewhere(document, ClientTax(), {}).source.value
    'pending_external'
    >>> done = tax_elsewhere(document, ClientTax(), {"1": ImportedTax(10000, 888, "NY sales tax", "S")})
    >>> [(one.name, str(one.percent), one.base, one.tax) for one in done.groups], [line.tax for line in done.lines]
    ([('Not taxable', '0', 500, 0), ('NY sales tax', '8.880000', 10000, 888)], [888, 0])
    """
    try:
        waiting = waiting_lines(document, client)
    except Refused as error:
        return TaxResult.refused(error)
    rest = [line for at, line in enumerate(document.lines) if at not in set(waiting)]
    own = tax_document(document._replace(lines=rest), RateBook(()), client)
    if not waiting:
        return own
    told = [_told(document, at, imported) for at in waiting]
    groups, parts = _grouped([one for one in told if one]) if all(told) else _pending(document, waiting)
    source = TaxSource.EXTERNAL if all(told) else TaxSource.PENDING_EXTERNAL
    return _joined(document, own, waiting, groups, parts, source)


def waiting_lines(document: TaxDocument, client: ClientTax) -> list[int]:
    """The places of the lines that need a tax amount from elsewhere. Raises ReverseChargeNeedsTaxIds."""
    return [at for at, line in enumerate(document.lines) if treat_specially(line, document, client) is None]


def share_out(total: int, bases: Sequence[int]) -> list[int]:
    """A tax of several lines by what each is taxed on, by largest remainder; all on the last one where they come to nothing.

    >>> share_out(100, [1, 1, 1]), share_out(10, [5, -5])
    ([34, 33, 33], [0, 10])
    """
    whole = sum(bases)
    return spread(total, [total * base for base in bases], whole) if whole > 0 else [0] * (len(bases) - 1) + [total]


def _told(document: TaxDocument, at: int, imported: Imported) -> ImportedTax | None:
    """What was imported for a line, if it is still for the same amount; with the base that is printed."""
    line = document.lines[at]
    found = imported.get(line.key)
    return found._replace(base=_base(line, document)) if found and found.base == line.net - line.discount else None


def _base(line: TaxLine, document: TaxDocument) -> int:
    return line.net - line.discount if document.policy.discounts is DiscountRule.REDUCE_TAXABLE_BASE else line.net


def _grouped(told: Sequence[ImportedTax]) -> tuple[list[TaxGroup], list[TaxedLine]]:
    """The taxes that are printed, and each line's part of them; bases and amounts of one name, code and rate are added up."""
    kinds = list(dict.fromkeys((one.name, one.code, one.percent) for one in told))
    sums = {kind: [one for one in told if (one.name, one.code, one.percent) == kind] for kind in kinds}
    groups = [
        TaxGroup(name, code, _percent(percent, sums[name, code, percent]), sum(one.base for one in sums[name, code, percent]),
                 sum(one.tax for one in sums[name, code, percent]))
        for name, code, percent in kinds
    ]  # fmt: skip
    return groups, [TaxedLine(one.tax, ((kinds.index((one.name, one.code, one.percent)), one.tax),)) for one in told]


def _percent(percent: Decimal | None, told: Sequence[ImportedTax]) -> Decimal:
    """The rate that was told, else what tax is of base."""
    base, tax = sum(one.base for one in told), sum(one.tax for one in told)
    if percent is not None or not base:
        return percent or Decimal(0)
    return min(abs(Decimal(tax) * 100 / base), _MOST_PERCENT).quantize(_PLACES)


def _pending(document: TaxDocument, waiting: Sequence[int]) -> tuple[list[TaxGroup], list[TaxedLine]]:
    base = sum(_base(document.lines[at], document) for at in waiting)
    return [TaxGroup(PENDING, "S", Decimal(0), base, 0)], [TaxedLine(0, ((0, 0),)) for _ in waiting]


def _joined(document: TaxDocument, own: TaxResult, waiting: Sequence[int], groups: Sequence[TaxGroup],
            parts: Sequence[TaxedLine], source: TaxSource) -> TaxResult:  # fmt: skip
    """Both kinds of lines in the order of the document; the groups from elsewhere come last."""
    offset, mine = len(own.groups), iter(own.lines)
    theirs = {at: TaxedLine(one.tax, tuple((offset + place, tax) for place, tax in one.parts))
              for at, one in zip(waiting, parts, strict=True)}  # fmt: skip
    lines = [theirs[at] if at in theirs else next(mine) for at in range(len(document.lines))]
    tax = own.tax + sum(group.tax for group in groups)
    trace = {**own.trace, "source": source.value}
    return TaxResult(lines, [*own.groups, *groups], tax, own.notes, trace, source=source)
