"""What a draft comes to: discounts, taxes by the tax provider, totals. Nothing is written here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    """One document for each tax point of the draft, and which of its lines are on it."""
    lines = tax_lines(found)
    points: dict[date, list[int]] = {}
    for place, line in enumerate(draft.lines):
        points.setdefault(line.tax_point or draft.invoice_date, []).append(place)
    for tax_date, places in sorted(points.items()):
        chosen = [lines[place] for place in places]
        yield places, TaxDocument(draft.client_id, tax_date, draft.currency, chosen, policy)


def _total(draft: Draft, found: Discounted,
           answers: Sequence[tuple[list[int], date, TaxResult]]) -> Assembled | DeskhandError:  # fmt: skip
    try:
        taxes, tax_dates = _joined(len(draft.lines), answers)
        totals = total_up(found, taxes)
    except DeskhandError as error:
        return error
    if totals.total < 0:
        return InvoiceBelowZero(f"The lines add up to {totals.total} minor units; write a credit note instead.")
    return Assembled(draft, found, taxes, tax_dates, totals)


def _joined(count: int, answers: Sequence[tuple[list[int], date, TaxResult]]) -> tuple[TaxResult, tuple[date, ...]]:
    """The answers for a draft's tax points as one. Raises the first error among them."""
    lines: list[TaxedLine] = [TaxedLine(0, ())] * count
    groups: list[TaxGroup] = []
    dates: list[date] = []
    for places, tax_date, answer in answers:
        if answer.error is not None:
            raise answer.error
        if len(answer.lines) != len(places):
            raise TaxAnswerInvalid("The tax provider did not answer for each line.")
        for place, taxed in zip(places, answer.lines, strict=True):
            lines[place] = TaxedLine(taxed.tax, tuple((at + len(groups), part) for at, part in taxed.parts))
        groups += answer.groups
        dates += [tax_date] * len(answer.groups)
    notes = tuple(dict.fromkeys(note for _, _, answer in answers for note in answer.notes))
    trace = {tax_date.isoformat(): answer.trace for _, tax_date, answer in answers}
    return TaxResult(lines, groups, sum(one.tax for _, _, one in answers), notes, trace), tuple(dates)
