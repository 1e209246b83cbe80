"""The arithmetic of tax on documents. Pure: no database, no clock.

Order for each line: not taxable, exempt, reverse charge, rate. Rounding follows the document's policy; the tax of a
group is spread over its lines by largest remainder, so that parts always add up to what is printed. Brackets are
graduated over what a document taxes by one rate; each slice that is reached is a group of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from math import lcm
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
from plugins.tax.legal_notes import ENGLISH
from plugins.tax.rates import SCALE, Levy, RateBook

EXEMPT_NOTE = "Exempt from tax."


class Exemption(NamedTuple):
    """Why a client, or one location of it, is exempt on [starts, ends); the number of its certificate is printed as well.

    >>> Exemption("Charity", certificate="501-7731").note
    'Charity (certificate 501-7731)'
    """

    reason: str
    starts: date | None = None
    ends: date | None = None
    certificate: str = ""
    location_id: UUID | None = None

    def holds(self, on: date, location_id: UUID | None) -> bool:
        """Whether it exempts what is done at this location on this day."""
        here = self.location_id is None or self.location_id == location_id
        return here and (self.starts is None or self.starts <= on) and (self.ends is None or on < self.ends)

    @property
    def note(self) -> str:
        """The words on the document."""
        return f"{self.reason} (certificate {self.certificate})" if self.certificate else self.reason


class ClientTax(NamedTuple):
    """What holds for a client: its exemptions, and whether it owes the tax itself (reverse charge) with the note for that."""

    exemptions: tuple[Exemption, ...] = ()
    reverse_charge: bool = False
    reverse_charge_note: str = ENGLISH

    def exemption(self, on: date, location_id: UUID | None) -> str | None:
        """The printed reason why a line is exempt for this client, that of its location first."""
        found = [one for one in self.exemptions if one.holds(on, location_id)]
        return max(found, key=lambda one: one.location_id is not None).note if found else None


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


def compute(documents: Sequence[TaxDocument], book: RateBook, clients: Mapping[UUID, ClientTax]) -> list[TaxResult]:
    """The tax of many documents; one that cannot be taxed is refused alone. Clients not named have no special rules."""
    plain = ClientTax()
    results = []
    for document in documents:
        try:
            client = clients.get(document.client_id, plain)
            results.append(tax_document(document, book, client))
        except Refused as error:
            results.append(TaxResult.refused(error))
    return results


def tax_document(document: TaxDocument, book: RateBook, client: ClientTax) -> TaxResult:
    """The tax of one document. Raises TaxRateMissing, TaxRegionMissing or ReverseChargeNeedsTaxIds.

    >>> from plugins.tax.rates import Bracket, Component, Rate
    >>> quebec = (Component("g", "GST", Decimal(5)), Component("q", "QST", Decimal("9.975")))
    >>> book = RateBook([Rate("qc", "CA-QC", "standard", "GST+QST", date(2013, 1, 1), components=quebec)])
    >>> lines = [TaxLine("1", 10000, region="CA-QC"), TaxLine("2", 5000, None)]
    >>> result = tax_document(TaxDocument(UUID(int=1), date(2026, 3, 31), "CAD", lines), book, ClientTax())
    >>> [(group.name, group.code, group.base, group.tax) for group in result.groups]
    [('GST', 'S', 10000, 500), ('QST', 'S', 10000, 998), ('Not taxable', 'O', 5000, 0)]
    >>> [line.tax for line in result.lines]
    [1498, 0]

    Graduated: 5 % up to 100.00, 10 % of what is above.

    >>> slices = (Bracket(0, 10000, Decimal(5)), Bracket(10000, None, Decimal(10)))
    >>> book = RateBook([Rate("x", "X", "standard", "Levy", date(2013, 1, 1), brackets=slices, currency="EUR")])
    >>> document = TaxDocument(UUID(int=1), date(2026, 3, 31), "EUR", [TaxLine("1", 8000, region="X")] * 2)
    >>> result = tax_document(document, book, ClientTax())
    >>> [(str(group.percent), group.base, group.tax) for group in result.groups], [line.tax for line in result.lines]
    ([('5', 10000, 500), ('10', 6000, 600)], [550, 550])
    """
    buckets = sort_lines(document, book, client)
    rounded = _by_invoice if document.policy.level is TaxLevel.INVOICE else _by_bucket
    return _result(document, list(rounded(buckets, document.policy)))


def sort_lines(document: TaxDocument, book: RateBook, client: ClientTax) -> list[Bucket]:
    """Put each line with those that are taxed alike. Raises one error that names every line without region or rate."""
    buckets: dict[tuple[str | None, ...], Bucket] = {}
    alike: dict[tuple[object, ...], Bucket | None] = {}
    missing: list[TaxLine] = []
    reduce = document.policy.discounts is DiscountRule.REDUCE_TAXABLE_BASE
    for position, line in enumerate(document.lines):
        _, net, category, region, discount, location_id, exemption = line
        kind = (category, region, location_id, exemption)
        if kind not in alike:
            alike[kind] = _bucket(line, document, book, client, buckets)
        bucket = alike[kind]
        if bucket is None:
            missing.append(line)
            continue
        bucket.lines.append(position)
        bucket.bases.append(net - discount if reduce else net)
    if missing:
        raise _missing(missing, document.tax_date)
    return list(buckets.values())


def _bucket(
    line: TaxLine, document: TaxDocument, book: RateBook, client: ClientTax, buckets: dict[tuple[str | None, ...], Bucket]
) -> Bucket | None:
    """Where lines of this kind belong: they are treated once for all."""
    treatment = treat(line, document, book, client)
    if treatment is None:
        return None
    key = (treatment.code, treatment.note, treatment.region, line.category if treatment.region else None)
    if key not in buckets:
        buckets[key] = Bucket(treatment, [], [])
    return buckets[key]


def treat(line: TaxLine, document: TaxDocument, book: RateBook, client: ClientTax) -> Treatment | None:
    """How a line is taxed, in the order of the law; None if it is taxable and no rate is known."""
    if special := treat_specially(line, document, client):
        return special
    levies = book.levies(line.region, line.category or "", document.tax_date) if line.region else ()
    if levies and levies[0].bracket:
        _require_currency(line, document, book)
    return Treatment("S", line.region, None, levies) if levies else None


def treat_specially(line: TaxLine, document: TaxDocument, client: ClientTax) -> Treatment | None:
    """How a line is taxed that needs no rate: not taxable, exempt, reverse charge. None for every other.

    A document with an exempt or not taxable line beside taxed ones is fine here; as an e-invoice, EN 16931 BR-O-11
    allows nothing beside "O", so exempt is the better category where both would do.
    """
    if line.category is None:
        return _untaxed("O", "Not taxable", None)
    exemption = line.exemption
    if client.exemptions and not exemption:
        exemption = client.exemption(document.tax_date, line.location_id)
    if exemption or line.category == EXEMPT:
        return _untaxed("E", "Exempt", exemption or EXEMPT_NOTE)
    if client.reverse_charge:
        _require_tax_ids(document)
        return _untaxed("AE", "Reverse charge", client.reverse_charge_note)
    return None


def _require_currency(line: TaxLine, document: TaxDocument, book: RateBook) -> None:
    rate = book.find(line.region or "", line.category or "", document.tax_date)
    if rate is not None and rate.currency != document.currency:
        words = f"The brackets of “{rate.name}” are amounts in {rate.currency}, and this is in {document.currency}."
        raise TaxRateMissing(words, errors={line.key: words})


def _untaxed(code: str, name: str, note: str | None) -> Treatment:
    return Treatment(code, None, note, (Levy(None, name, Decimal(0), 0),))


def _require_tax_ids(document: TaxDocument) -> None:
    whose = [who for who, tax_id in (("seller", document.seller_tax_id), ("buyer", document.buyer_tax_id)) if not tax_id]
    if whose:
        sentence = "Enter it, or switch reverse charge off for this client."
        raise ReverseChargeNeedsTaxIds(
            f"Reverse charge needs a valid tax id of the {' and of the '.join(whose)}.",
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
        for levy, part, whole in _portions(bucket):
            on = carried if levy.compound else bucket.bases
            taxes = _levy_lines(on, levy.scaled * part, SCALE * whole, policy)
            yield Levied(bucket, levy, sum(on) * part // whole, taxes)
            carried = [base + tax for base, tax in zip(carried, taxes, strict=True)]


def _portions(bucket: Bucket) -> Iterator[tuple[Levy, int, int]]:
    """Each levy with the fraction of the bucket's amount that it is on: all of it, or the slice of its bracket.

    Slices that are not reached are left out, but for the first. An amount below zero is sliced as its opposite, so that a
    credit mirrors its invoice.
    """
    amount = abs(sum(bucket.bases))
    for levy in bucket.treatment.levies:
        if levy.bracket is None:
            yield levy, 1, 1
        elif (part := levy.bracket.inside(amount)) or levy.bracket.lower == 0:
            yield levy, part, amount or 1


def _levy_lines(bases: Sequence[int], top: int, bottom: int, policy: TaxPolicy) -> list[int]:
    exact = [base * top for base in bases]
    if policy.level is TaxLevel.LINE or len(exact) == 1:
        return [round_ratio(share, bottom, policy.mode) for share in exact]
    return spread(round_ratio(sum(exact), bottom, policy.mode), exact, bottom)


def _by_invoice(buckets: Sequence[Bucket], policy: TaxPolicy) -> Iterator[Levied]:
    """Tax kept exact and rounded once for the document, then spread over the groups and within each over its lines."""
    unit = SCALE ** max((len(bucket.treatment.levies) for bucket in buckets), default=0)
    unit *= lcm(*(whole for bucket in buckets for _, _, whole in _portions(bucket)))
    exact = [(bucket, *levied) for bucket in buckets for levied in _exact_taxes(bucket, unit)]
    sums = [sum(taxes) for _, _, _, taxes in exact]
    totals = spread(round_ratio(sum(sums), unit, policy.mode), sums, unit)
    before: dict[int, int] = {}
    for (bucket, levy, base, taxes), total in zip(exact, totals, strict=True):
        earlier = before.get(id(bucket), 0)
        yield Levied(bucket, levy, base + (earlier if levy.compound else 0), spread(total, taxes, unit))
        before[id(bucket)] = earlier + total


def _exact_taxes(bucket: Bucket, unit: int) -> Iterator[tuple[Levy, int, list[int]]]:
    """Each levy with its base and the unrounded tax of each line, over `unit`: a number that every levy divides exactly."""
    bases = [base * unit for base in bucket.bases]
    carried = bases
    for levy, part, whole in _portions(bucket):
        taxes = [base * levy.scaled * part // (SCALE * whole) for base in (carried if levy.compound else bases)]
        yield levy, sum(bucket.bases) * part // whole, taxes
        carried = [base + tax for base, tax in zip(carried, taxes, strict=True)]


def _result(document: TaxDocument, levied: Sequence[Levied]) -> TaxResult:
    groups = [_group(share) for share in levied]
    notes = list(dict.fromkeys([group.note for group in groups if group.note]))
    alike = levied and len(levied[0].bucket.lines) == len(document.lines)
    lines = _taxed_alike(levied) if alike else _taxed(document, levied)
    return TaxResult(lines, groups, in_range(sum([group.tax for group in groups])), notes, _trace(document, levied, groups))


def _taxed_alike(levied: Sequence[Levied]) -> list[TaxedLine]:
    """The tax of lines that are all in one bucket, as nearly always."""
    return [TaxedLine(sum(own), tuple(enumerate(own))) for own in zip(*[share.taxes for share in levied], strict=True)]


def _taxed(document: TaxDocument, levied: Sequence[Levied]) -> list[TaxedLine]:
    parts: list[list[tuple[int, int]]] = [[] for _ in document.lines]
    for position, share in enumerate(levied):
        for line, tax in zip(share.bucket.lines, share.taxes, strict=True):
            parts[line].append((position, tax))
    return [TaxedLine(sum([tax for _, tax in own]), tuple(own)) for own in parts]


def _group(levied: Levied) -> TaxGroup:
    treatment, levy = levied.bucket.treatment, levied.levy
    code = "Z" if treatment.code == "S" and levy.scaled == 0 else treatment.code
    tax = sum(levied.taxes)
    return TaxGroup(levy.name, code, levy.percent, levied.base, tax, treatment.region, treatment.note, levy.key)


def _trace(document: TaxDocument, levied: Sequence[Levied], groups: Sequence[TaxGroup]) -> dict[str, Any]:
    """Why the tax is what it is; each group is [name, code, percent, base, tax, positions of its lines]. Tax holidays are
    [position of the group, name].
    """
    holidays = [[position, share.levy.holiday] for position, share in enumerate(levied) if share.levy.holiday]
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
        **({"holidays": holidays} if holidays else {}),
    }
