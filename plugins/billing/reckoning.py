"""What a draft comes to: discounts, taxes by the tax provider, totals. Nothing is written here."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from kernel.errors import DeskhandError
from kernel.hookspecs.tax import TaxDocument, TaxedLine, TaxGroup, TaxPolicy, TaxResult
from plugins.billing.assembly import Discounted, apply_discounts, tax_lines, total_up
from plugins.billing.drafts import Assembled, Draft
from plugins.billing.errors import InvoiceBelowZero, TaxAnswerInvalid
from plugins.billing.settings import billing_settings, tax_policy

if TYPE_CHECKING:
    from kernel.context import CallContext

Answer = tuple[list[int], date, TaxResult]
"""Which lines were asked about, at which tax point, and the provider's answer."""


def assemble(ctx: CallContext, drafts: Sequence[Draft]) -> list[Assembled | DeskhandError]:
    """Reckon drafts without writing anything: each with its totals, or the error that keeps it from being billed."""
    policy = tax_policy(billing_settings(ctx))
    discounted = [_discount(draft, policy) for draft in drafts]
    asked = [
        list(_documents(draft, found, policy)) if isinstance(found, Discounted) else []
        for draft, found in zip(drafts, discounted, strict=True)
    ]
    documents = [document for each in asked for _, document in each]
    answers = iter(ctx.hooks.compute_taxes(ctx=ctx, documents=documents) if documents else ())
    return [
        _total(draft, found, [(places, document.tax_date, next(answers)) for places, document in each])
        if isinstance(found, Discounted)
        else found
        for draft, found, each in zip(drafts, discounted, asked, strict=True)
    ]


def _discount(draft: Draft, policy: TaxPolicy) -> Discounted | DeskhandError:
    discounts = [one.as_discount(str(at)) for at, one in enumerate(draft.discounts)]
    try:
        return apply_discounts(draft.reckoned_lines(), discounts, policy.mode)
    except DeskhandError as error:
        return error


def _documents(draft: Draft, found: Discounted, policy: TaxPolicy) -> Iterator[tuple[list[int], TaxDocument]]:
    """One document for each tax point of the draft, and which of its lines are on it; where there are several points,
    also one of all lines at the last of them, for when the same rates hold at each.
    """
    lines = tax_lines(found)
    points: dict[date, list[int]] = {}
    for place, line in enumerate(draft.lines):
        points.setdefault(line.tax_point or draft.invoice_date, []).append(place)
    if len(points) > 1:
        yield list(range(len(lines))), TaxDocument(draft.client_id, max(points), draft.currency, lines, policy)
    for tax_date, places in sorted(points.items()):
        chosen = [lines[place] for place in places]
        yield places, TaxDocument(draft.client_id, tax_date, draft.currency, chosen, policy)


def _total(draft: Draft, found: Discounted, answers: Sequence[Answer]) -> Assembled | DeskhandError:
    try:
        taxes, tax_dates = _joined(len(draft.lines), answers)
        totals = total_up(found, taxes)
    except DeskhandError as error:
        return error
    if totals.total < 0:
        return InvoiceBelowZero(f"The lines add up to {totals.total} minor units; write a credit note instead.")
    return Assembled(draft, found, taxes, tax_dates, totals)


def _joined(count: int, answers: Sequence[Answer]) -> tuple[TaxResult, tuple[date, ...]]:
    """The answers for a draft's tax points as one. Raises the first error among them.

    Where the same rates hold at each point, each rate is reckoned once over the whole invoice (EN 16931 BR-CO-17);
    where a rate changed between them, each point's tax stands as it is.
    """
    whole, points = answers[:1], answers[1:] or answers
    rates = _rates(count, points)
    if len(points) < len(answers):
        answers = whole if whole[0][2].error is None and _rates(count, whole) == rates else points
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
    return TaxResult(lines, list(groups.values()), tax, notes, trace), tuple(dates.values())


def _key(group: TaxGroup) -> Hashable:
    """What makes two taxes of different tax points the same line of print."""
    return group.name, group.code, group.percent, group.region, group.note, group.rate_key


def _rates(count: int, answers: Sequence[Answer]) -> list[frozenset[Hashable]]:
    """The rates that each line is taxed by. Raises the error of an answer, or TaxAnswerInvalid for one that does not fit."""
    found: list[frozenset[Hashable]] = [frozenset()] * count
    for places, _, answer in answers:
        if answer.error is not None:
            raise answer.error
        named = {at for line in answer.lines for at, _ in line.parts}
        if len(answer.lines) != len(places) or not named <= set(range(len(answer.groups))):
            raise TaxAnswerInvalid("The tax provider's answer does not fit the lines it was asked for.")
        for place, taxed in zip(places, answer.lines, strict=True):
            found[place] = frozenset(_rate(answer.groups[at]) for at, _ in taxed.parts)
    return found


def _rate(group: TaxGroup) -> Hashable:
    """Which rate a tax is by: one with brackets stays the same rate, whichever of its percentages a document reaches."""
    return group.name, group.code.replace("Z", "S"), group.region, group.note, group.rate_key or group.percent
