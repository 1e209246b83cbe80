"""Invoices of a run that come to zero or less, as the tenant has decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kernel.errors import DeskhandError
from kernel.hookspecs.tax import TaxSource
from kernel.ids import uuid7_texts
from plugins.billing.buckets.pools import BUCKET
from plugins.billing.bulk import insert_rows
from plugins.billing.contracts.billed import CONTRACT_LINE
from plugins.billing.drafts import Assembled, Draft
from plugins.billing.due.values import CONTRACT_ITEM, DueLine
from plugins.billing.errors import InvoiceBelowZero
from plugins.billing.final_at_once import write_final
from plugins.billing.funnel import write_invoices
from plugins.billing.models import Source
from plugins.billing.reckoning import assemble
from plugins.billing.settings import billing_settings

if TYPE_CHECKING:
    from kernel.context import CallContext

_PERIODS = (CONTRACT_LINE, CONTRACT_ITEM, BUCKET)


def turn_round(ctx: CallContext, drafts: Sequence[Draft],
               reckoned: Sequence[Assembled | DeskhandError]) -> list[Assembled | DeskhandError]:  # fmt: skip
    """What came out below zero as a credit note over the same lines, if the tenant wants that instead of parking the client.

    Discounts stand in the way: taken from a credit they would raise it.
    """
    found = list(reckoned)
    below = [at for at, one in enumerate(found) if isinstance(one, InvoiceBelowZero) and not drafts[at].discounts]
    if below and billing_settings(ctx)["below_zero"] == "credit_note":
        for at, one in zip(below, assemble(ctx, [_turned(drafts[at]) for at in below]), strict=True):
            found[at] = one
    return found


def _turned(draft: Draft) -> Draft:
    return replace(draft, kind="credit_note", due_date=draft.invoice_date, terms_id=None, early_percent=None, early_until=None,
                   lines=[_negative(line) for line in draft.lines])  # fmt: skip


def _negative(line: DueLine) -> DueLine:
    price = None if line.unit_price is None else -line.unit_price
    return replace(line, amount=-line.amount, unit_price=price,
                   sources=[one._replace(amount=-one.amount) for one in line.sources])  # fmt: skip


def worth_writing(ctx: CallContext, reckoned: Sequence[Assembled]) -> tuple[list[Assembled], list[Assembled]]:
    """What is to be written and, if the tenant wants them left out, apart from it those that come to zero and show nothing:
    periods that cost nothing, in which nobody worked and nothing was used.
    """
    if billing_settings(ctx)["zero_invoices"] != "suppress":
        return list(reckoned), []
    empty = [one for one in reckoned if not _shows(one)]
    return [one for one in reckoned if _shows(one)], empty


def _shows(one: Assembled) -> bool:
    """Whether an invoice bills an amount, or anything but a period."""
    return one.totals.total != 0 or any(
        line.amount or not line.sources or any(source.kind not in _PERIODS for source in line.sources) for line in one.draft.lines
    )


def close_periods(ctx: CallContext, empty: Sequence[Assembled]) -> None:
    """Remember periods that cost nothing as billed without an invoice, so that a price that is agreed later does not bill them
    after all.
    """
    sources = [source for one in empty for line in one.draft.lines for source in line.sources]
    rows = [(row_id, one.kind, one.id, one.period_key, 0) for row_id, one in zip(uuid7_texts(len(sources)), sources, strict=True)]
    insert_rows(ctx.session, Source, ("id", "source_kind", "source_id", "period_key", "amount"), rows)


def write_of_run(ctx: CallContext, assembled: Sequence[Assembled]) -> None:
    """Write what a run bills: as drafts or, if the tenant wants that, final at once: all of it, or what came to zero, which
    nobody has to pay. What waits for the tax amounts of another system stays a draft.
    """
    settings = billing_settings(ctx)
    final = [one for one in assembled if one.taxes.source is not TaxSource.PENDING_EXTERNAL and _is_final(one, settings)]
    write_final(ctx, final)  # first, since it holds credits, and numbers of drafts hold the series that comes after these
    if len(final) < len(assembled):
        chosen = set(map(id, final))
        write_invoices(ctx, [one for one in assembled if id(one) not in chosen])


def _is_final(one: Assembled, settings: Mapping[str, Any]) -> bool:
    return settings["runs_finalize"] or (settings["zero_invoices"] == "finalize" and not one.totals.total)
