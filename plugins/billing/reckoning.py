"""What a draft comes to: discounts, taxes by the tax provider, totals. Nothing is written here."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple, cast

from kernel.errors import DeskhandError
from kernel.hookspecs.tax import TaxDocument, TaxedLine, TaxGroup, TaxLine, TaxPolicy, TaxResult, TaxSource
from kernel.money import format_minor
from plugins.billing.assembly import Discounted, apply_discounts, tax_lines, total_up
from plugins.billing.drafts import Assembled, Draft
from plugins.billing.errors import InvoiceBelowZero, TaxAnswerInvalid
from plugins.billing.settings import billing_settings, tax_policy

if TYPE_CHECKING:
    from kernel.context import CallContext

Answer = tuple[list[int], date, TaxResult]
"""Which lines were asked about, at which tax point, and the provider's answer."""
Points = dict[date, list[int]]
"""The places of a draft's lines by their tax points, in order."""


class _Asked(NamedTuple):
    """What the provider is asked of a draft: all of it at its last tax point and, where there are earlier points, a `probe`
    at each of these: one line for all that are alike, with the places of these.
    """

    draft: Draft
    found: Discounted
    points: Points
    whole: TaxDocument
    probes: list[tuple[list[list[int]], TaxDocument]]


def assemble(ctx: CallContext, drafts: Sequence[Draft]) -> list[Assembled | DeskhandError]:
    """Reckon drafts without writing anything: each with its totals, or the error that keeps it from being billed.

    Nearly always the same rates hold at all tax points of a draft, and each rate is reckoned once over the whole of it
    (EN 16931 BR-CO-17). Probes find out whether they do; only drafts whose rates changed are asked about again, point by point.
    """
    policy = tax_policy(billing_settings(ctx))
    asked = [_ask(draft, policy) for draft in drafts]
    answers = iter(_answers(ctx, [one for each in asked if isinstance(each, _Asked) for one in _documents_of(each)]))
    reckoned: list[Assembled | DeskhandError | None] = []
    changed: list[int] = []
    for at, each in enumerate(asked):
        if not isinstance(each, _Asked):
            reckoned.append(each)
            continue
        told = [next(answers) for _ in _documents_of(each)]
        if each.probes and not _same_rates(each, *told):
            changed.append(at)
            reckoned.append(None)
        else:
            every = list(range(len(each.draft.lines)))
            reckoned.append(_total(each, [(every, each.whole.tax_date, whole) for whole in told[:1]]))
    for at, one in _by_points(ctx, changed, asked):
        reckoned[at] = one
    return cast("list[Assembled | DeskhandError]", reckoned)


def _answers(ctx: CallContext, documents: list[TaxDocument]) -> Sequence[TaxResult]:
    return ctx.hooks.compute_taxes(ctx=ctx, documents=documents) if documents else ()


def _ask(draft: Draft, policy: TaxPolicy) -> _Asked | DeskhandError:
    discounts = [one.as_discount(str(at)) for at, one in enumerate(draft.discounts)]
    try:
        found = apply_discounts(draft.reckoned_lines(), discounts, policy.mode)
    except DeskhandError as error:
        return error
    lines, points = tax_lines(found), _points(draft)
    whole = TaxDocument(draft.client_id, max(points, default=draft.invoice_date), draft.currency, lines, policy,
                        document_id=draft.invoice_id)  # fmt: skip
    probes = [_probe(whole, on, places) for on, places in points.items() if on != whole.tax_date]
    return _Asked(draft, found, points, whole, probes)


def _points(draft: Draft) -> Points:
    points: Points = {}
    for place, line in enumerate(draft.lines):
        points.setdefault(line.tax_point or draft.invoice_date, []).append(place)
    return points if len(points) == 1 else dict(sorted(points.items()))


def _probe(whole: TaxDocument, on: date, places: Sequence[int]) -> tuple[list[list[int]], TaxDocument]:
    alike: dict[Hashable, list[int]] = {}
    for place in places:
        _, _, category, region, _, location_id, exemption = whole.lines[place]
        alike.setdefault((category, region, location_id, exemption), []).append(place)
    kinds = list(alike.values())
    lines = [_merged([whole.lines[place] for place in same]) for same in kinds]
    return kinds, TaxDocument(whole.client_id, on, whole.currency, lines, whole.policy, whole.seller_tax_id, whole.buyer_tax_id,
                              whole.document_id)  # fmt: skip


def _merged(lines: Sequence[TaxLine]) -> TaxLine:
    key, _, category, region, _, location_id, exemption = lines[0]
    net, discount = sum([one.net for one in lines]), sum([one.discount for one in lines])
    return TaxLine(key, net, category, region, discount, location_id, exemption)


def _documents_of(asked: _Asked) -> list[TaxDocument]:
    return [asked.whole, *[document for _, document in asked.probes]] if asked.points else []


def _same_rates(asked: _Asked, whole: TaxResult, *probed: TaxResult) -> bool:
    """Whether every line is taxed by the same rates at its own tax point as at the last one."""
    try:
        rates = _rates(len(asked.draft.lines), whole)
        for (kinds, _), answer in zip(asked.probes, probed, strict=True):
            for same, own in zip(kinds, _rates(len(kinds), answer), strict=True):
                if any(rates[place] != own for place in same):
                    return False
    except DeskhandError:
        return False
    return True


def _by_points(
    ctx: CallContext, changed: Sequence[int], asked: Sequence[_Asked | DeskhandError]
) -> Iterator[tuple[int, Assembled | DeskhandError]]:
    """Drafts of which each tax point is asked about on its own."""
    each = [(at, cast(_Asked, asked[at])) for at in changed]
    documents = [one.whole._replace(tax_date=on, lines=[one.whole.lines[place] for place in places])
                 for _, one in each for on, places in one.points.items()]  # fmt: skip
    answers = iter(_answers(ctx, documents))
    for at, one in each:
        yield at, _total(one, [(places, on, next(answers)) for on, places in one.points.items()])


def _total(asked: _Asked, answers: Sequence[Answer]) -> Assembled | DeskhandError:
    draft, found = asked.draft, asked.found
    try:
        taxes, tax_dates = _joined(len(draft.lines), answers)
        totals = total_up(found, taxes)
    except DeskhandError as error:
        return error
    if totals.total < 0:
        return InvoiceBelowZero(f"The lines add up to {format_minor(totals.total, draft.currency)}; write a credit note instead.")
    return Assembled(draft, found, taxes, tax_dates, totals)


def _joined(count: int, answers: Sequence[Answer]) -> tuple[TaxResult, tuple[date, ...]]:
    """The answers for a draft's tax points as one. Raises the first error among them, or TaxAnswerInvalid."""
    if len(answers) == 1:
        [(_, tax_date, answer)] = answers
        if answer.error is not None:
            raise answer.error
        if len({_key(group) for group in answer.groups}) == len(answer.groups):  # `total_up` looks whether it fits
            notes, trace = tuple(dict.fromkeys(answer.notes)), {tax_date.isoformat(): answer.trace}
            told = TaxResult(answer.lines, answer.groups, answer.tax, notes, trace, source=answer.source)
            return told, (tax_date,) * len(answer.groups)
    for places, _, answer in answers:
        _check(len(places), answer)
    lines: list[TaxedLine] = [TaxedLine(0, ())] * count
    groups, dates = dict[Hashable, TaxGroup](), dict[Hashable, date]()
    for places, tax_date, answer in answers:
        keys = [_key(group) for group in answer.groups]
        for key, group in zip(keys, answer.groups, strict=True):
            known = groups.get(key)
            groups[key] = group if known is None else known._replace(base=known.base + group.base, tax=known.tax + group.tax)
            dates[key] = tax_date
        at = {key: position for position, key in enumerate(groups)}
        for place, taxed in zip(places, answer.lines, strict=True):
            lines[place] = TaxedLine(taxed.tax, tuple((at[keys[position]], part) for position, part in taxed.parts))
    notes = tuple(dict.fromkeys(note for _, _, answer in answers for note in answer.notes))
    trace = {tax_date.isoformat(): answer.trace for _, tax_date, answer in answers}
    tax = sum(answer.tax for _, _, answer in answers)
    source = _source([answer for _, _, answer in answers])
    return TaxResult(lines, list(groups.values()), tax, notes, trace, source=source), tuple(dates.values())


def _source(answers: Sequence[TaxResult]) -> TaxSource:
    """Pending as long as any part of it is, external if any is."""
    found = {answer.source for answer in answers}
    return next((one for one in (TaxSource.PENDING_EXTERNAL, TaxSource.EXTERNAL) if one in found), TaxSource.INTERNAL)


def _key(group: TaxGroup) -> Hashable:
    """What makes two taxes of different tax points the same line of print."""
    return group.name, group.code, group.percent, group.region, group.note, group.rate_key


def _check(count: int, answer: TaxResult) -> None:
    """Raise the error of an answer, or TaxAnswerInvalid for one that does not fit what was asked."""
    if answer.error is not None:
        raise answer.error
    groups = len(answer.groups)
    if len(answer.lines) != count or any(not 0 <= at < groups for _, parts in answer.lines for at, _ in parts):
        raise TaxAnswerInvalid("The tax provider's answer does not fit the lines it was asked for.")


def _rates(count: int, answer: TaxResult) -> list[frozenset[Hashable]]:
    """The rates that each line is taxed by. Raises the error of an answer, or TaxAnswerInvalid for one that does not fit."""
    _check(count, answer)
    rates = [_rate(group) for group in answer.groups]
    known: dict[tuple[int, ...], frozenset[Hashable]] = {}
    found = []
    for _, parts in answer.lines:
        named = tuple([at for at, _ in parts])
        if named not in known:
            known[named] = frozenset([rates[at] for at in named])
        found.append(known[named])
    return found


def _rate(group: TaxGroup) -> Hashable:
    """Which rate a tax is by: one with brackets stays the same rate, whichever of its percentages a document reaches."""
    return group.name, group.code.replace("Z", "S"), group.region, group.note, group.rate_key or group.percent
