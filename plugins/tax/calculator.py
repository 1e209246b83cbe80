"""The arithmetic of tax on documents. Pure: no database, no clock.

Order for each line: not taxable, exempt, reverse charge, rate. Rounding follows the document's policy; the tax of a
group is spread over its lines by largest remainder, so that parts always add up to what is printed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from kernel.errors import Refused
from kernel.hookspecs.tax import (
    EXEMPT,
    DiscountRule,
    ReverseChargeNeedsTaxIds,
    TaxDocument,
    TaxedLine,
    TaxGroup,
    TaxLevel,
    TaxLine,
    TaxPolicy,
    TaxRateMissing,
    TaxRegionMissing,
    TaxResult,
)
from kernel.money import in_range, round_ratio, spread
from plugins.tax.rates import SCALE, Levy, RateBook

REVERSE_CHARGE_NOTE = "Reverse charge: the recipient is liable for the tax (Article 196, Council Directive 2006/112/EC)."

EXEMPT_NOTE = "Exempt from tax."


class ClientTax(NamedTuple):
    """What holds for a whole client: the printed reason of its exemption, or reverse charge."""

    exemption: str | None = None
    reverse_charge: bool = False


class Treatment(NamedTuple):
    """How lines are taxed: category code of EN 16931, region, printed note, and the percentages to apply."""

    code: str
    region: str | None
    note: str | None
    levies: tuple[Levy, ...]


class Bucket(NamedTuple):
    """The lines of a document (by position) that share a treatment, with their taxable amounts."""

    treatment: Treatment
    lines: list[int]
    bases: list[int]


class Levied(NamedTuple):
    """One levy applied to a bucket: the base of the printed group and the tax of each line, in minor units."""

    bucket: Bucket
    levy: Levy
    base: int
    taxes: list[int]


def compute(
    documents: Sequence[TaxDocument],
    book: RateBook,
    clients: Mapping[UUID, ClientTax],
    reverse_charge_note: str = REVERSE_CHARGE_NOTE,
) -> list[TaxResult]:
    """The tax of many documents; one that cannot be taxed is refused alone. Clients not named have no special rules."""
    plain = ClientTax()
    results = []
    for document in documents:
        try:
            client = clients.get(document.client_id, plain)
            results.append(tax_document(document, book, client, reverse_charge_note))
        except Refused as error:
            results.append(TaxResult.refused(error))
    return results


def tax_document(
    document: TaxDocument, book: RateBook, client: ClientTax, reverse_charge_note: str = REVERSE_CHARGE_NOTE
) -> TaxResult:
    """The tax of one document. Raises TaxRateMissing, TaxRegionMissing or ReverseChargeNeedsTaxIds.

    >>> from plugins.tax.rates import Component, Rate
    >>> quebec = (Component("g", "GST", Decimal(5)), Component("q", "QST", Decimal("9.975")))
    >>> book = RateBook([Rate("qc", "CA-QC", "standard", "GST+QST", date(2013, 1, 1), components=quebec)])
    >>> lines = [TaxLine("1", 10000, region="CA-QC"), TaxLine("2", 5000, None)]
    >>> result = tax_document(TaxDocument(UUID(int=1), date(2026, 3, 31), "CAD", lines), book, ClientTax())
    >>> [(group.name, group.code, group.base, group.tax) for group in result.groups]
    [('GST', 'S', 10000, 500), ('QST', 'S', 10000, 998), ('Not taxable', 'O', 5000, 0)]
    >>> [line.tax for line in result.lines]
    [1498, 0]
    """
    buckets = sort_lines(document, book, client, reverse_charge_note)
    rounded = _by_invoice if document.policy.level is TaxLevel.INVOICE else _by_bucket
    return _result(document, list(rounded(buckets, document.policy)))


def sort_lines(document: TaxDocument, book: RateBook, client: ClientTax, note: str) -> list[Bucket]:
    """Put each line with those that are taxed alike. Raises one error that names every line without region or rate."""
    buckets: dict[tuple[str | None, ...], Bucket] = {}
    missing: list[TaxLine] = []
    reduce = document.policy.discounts is DiscountRule.REDUCE_TAXABLE_BASE
    for position, line in enumerate(document.lines):
        treatment = treat(line, document, book, client, note)
        if treatment is None:
            missing.append(line)
            continue
        key = (treatment.code, treatment.note, treatment.region, line.category if treatment.region else None)
        bucket = buckets.get(key)
        if bucket is None:
            bucket = buckets[key] = Bucket(treatment, [], [])
        bucket.lines.append(position)
        bucket.bases.append(line.net - line.discount if reduce else line.net)
    if missing:
        raise _missing(missing, document.tax_date)
    return list(buckets.values())


def treat(line: TaxLine, document: TaxDocument, book: RateBook, client: ClientTax, note: str) -> Treatment | None:
    """How a line is taxed, in the order of the law; None if it is taxable and no rate is known.

    A document with an exempt or not taxable line beside taxed ones is fine here; as an e-invoice, EN 16931 BR-O-11
    allows nothing beside "O", so exempt is the better category where both would do.
    """
    if line.category is None:
        return _untaxed("O", "Not taxable", None)
    if client.exemption or line.exemption or line.category == EXEMPT:
        return _untaxed("E", "Exempt", client.exemption or line.exemption or EXEMPT_NOTE)
    if client.reverse_charge:
        _require_tax_ids(document)
        return _untaxed("AE", "Reverse charge", note)
    levies = book.levies(line.region, line.category, document.tax_date) if line.region else ()
    return Treatment("S", line.region, None, levies) if levies else None


def _untaxed(code: str, name: str, note: str | None) -> Treatment:
    return Treatment(code, None, note, (Levy(None, name, Decimal(0), 0),))


def _require_tax_ids(document: TaxDocument) -> None:
    whose = [who for who, tax_id in (("seller", document.seller_tax_id), ("buyer", document.buyer_tax_id)) if not tax_id]
    if whose:
        sentence = "Enter it, or switch reverse charge off for this client."
        raise ReverseChargeNeedsTaxIds(
            f"Reverse charge needs the tax id of the {' and of the '.join(whose)}.",
            errors={f"{who}_tax_id": sentence for who in whose},
        )


def _missing(lines: Sequence[TaxLine], on: date) -> Refused:
    homeless = [line for line in lines if not line.region]
    if homeless:
        return TaxRegionMissing(
            "Some taxable lines have no tax region. Give the client or its location one.",
            errors={line.key: "This line has no tax region." for line in homeless},
        )
    wanted = ", ".join(dict.fromkeys(f"{line.category} in {line.region}" for line in lines))
    return TaxRateMissing(
        f"There is no tax rate for {wanted} on {on}. Add one that holds on that day.",
        errors={line.key: f"No rate for {line.category} in {line.region} on {on}." for line in lines},
    )


def _by_bucket(buckets: Sequence[Bucket], policy: TaxPolicy) -> Iterator[Levied]:
    """Tax rounded by line or by group; a compound levy is on the rounded tax before it, as a reader would reckon."""
    for bucket in buckets:
        carried = bucket.bases
        for levy in bucket.treatment.levies:
            on = carried if levy.compound else bucket.bases
            taxes = _levy_lines(on, levy.scaled, policy)
            yield Levied(bucket, levy, sum(on), taxes)
            carried = [base + tax for base, tax in zip(carried, taxes, strict=True)]


def _levy_lines(bases: Sequence[int], scaled: int, policy: TaxPolicy) -> list[int]:
    exact = [base * scaled for base in bases]
    if policy.level is TaxLevel.LINE:
        return [round_ratio(share, SCALE, policy.mode) for share in exact]
    return spread(round_ratio(sum(exact), SCALE, policy.mode), exact, SCALE)


def _by_invoice(buckets: Sequence[Bucket], policy: TaxPolicy) -> Iterator[Levied]:
    """Tax kept exact and rounded once for the document, then spread over the groups and within each over its lines."""
    unit = SCALE ** max((len(bucket.treatment.levies) for bucket in buckets), default=0)
    exact = [(bucket, levy, taxes) for bucket in buckets for levy, taxes in _exact_taxes(bucket, unit)]
    sums = [sum(taxes) for _, _, taxes in exact]
    totals = spread(round_ratio(sum(sums), unit, policy.mode), sums, unit)
    before: dict[int, int] = {}
    for (bucket, levy, taxes), total in zip(exact, totals, strict=True):
        earlier = before.get(id(bucket), 0)
        yield Levied(bucket, levy, sum(bucket.bases) + (earlier if levy.compound else 0), spread(total, taxes, unit))
        before[id(bucket)] = earlier + total


def _exact_taxes(bucket: Bucket, unit: int) -> Iterator[tuple[Levy, list[int]]]:
    """The unrounded tax of each line for each levy, over `unit`: a power of SCALE that every levy divides exactly."""
    bases = [base * unit for base in bucket.bases]
    carried = bases
    for levy in bucket.treatment.levies:
        taxes = [base * levy.scaled // SCALE for base in (carried if levy.compound else bases)]
        yield levy, taxes
        carried = [base + tax for base, tax in zip(carried, taxes, strict=True)]


def _result(document: TaxDocument, levied: Sequence[Levied]) -> TaxResult:
    parts: list[list[tuple[int, int]]] = [[] for _ in document.lines]
    for position, share in enumerate(levied):
        for line, tax in zip(share.bucket.lines, share.taxes, strict=True):
            parts[line].append((position, tax))
    groups = [_group(share) for share in levied]
    notes = list(dict.fromkeys(group.note for group in groups if group.note))
    lines = [TaxedLine(sum([tax for _, tax in own]), tuple(own)) for own in parts]
    return TaxResult(lines, groups, in_range(sum([group.tax for group in groups])), notes, _trace(document, levied, groups))


def _group(levied: Levied) -> TaxGroup:
    treatment, levy = levied.bucket.treatment, levied.levy
    code = "Z" if treatment.code == "S" and levy.scaled == 0 else treatment.code
    tax = sum(levied.taxes)
    return TaxGroup(levy.name, code, levy.percent, levied.base, tax, treatment.region, treatment.note, levy.key)


def _trace(document: TaxDocument, levied: Sequence[Levied], groups: Sequence[TaxGroup]) -> dict[str, Any]:
    """Why the tax is what it is; each group is [name, code, percent, base, tax, positions of its lines]."""
    return {
        "rule": "tax",
        "date": document.tax_date.isoformat(),
        "rounding": document.policy.mode.value,
        "level": document.policy.level.value,
        "discounts": document.policy.discounts.value,
        "seller_tax_id": document.seller_tax_id,
        "buyer_tax_id": document.buyer_tax_id,
        "groups": [
            [group.name, group.code, str(group.percent), group.base, group.tax, share.bucket.lines]
            for group, share in zip(groups, levied, strict=True)
        ],
    }
