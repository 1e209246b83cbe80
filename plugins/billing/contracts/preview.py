"""What one contract owes now, and how far it is billed: the same search as a billing run makes, for one client."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from uuid import UUID

from kernel.context import CallContext
from kernel.errors import DeskhandError
from kernel.hookspecs.charging import ChargeWindow
from plugins.billing.assembly import Line, apply_discounts
from plugins.billing.contracts.agreed import AgreedLine
from plugins.billing.contracts.billed import BilledKeys, billed_periods, last_billed_day
from plugins.billing.contracts.services import get_contract, list_lines
from plugins.billing.days import check_days
from plugins.billing.drafts import DraftDiscount
from plugins.billing.due import DueInvoice, DueLine, collect_due
from plugins.billing.periods import ONE_DAY, Period
from plugins.billing.service_periods import next_due_period
from plugins.billing.settings import billing_settings


@dataclass(frozen=True, slots=True)
class Preview:
    """What is due on a contract before `until`; `discount` is taken off the amount, `problem` is in the way of billing."""

    until: date
    currency: str
    amount: int
    discount: int
    lines: list[DueLine]
    problem: DeskhandError | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a line is billed, and the next period that is not."""

    agreed: AgreedLine
    billed_until: date | None
    next_period: Period | None


def preview_contract(ctx: CallContext, contract_id: UUID, until: date | None = None) -> Preview:
    """What is due on a contract before a day (tomorrow, if not said), as a run would bill it."""
    contract = get_contract(ctx, contract_id)
    check_days(until=until)
    end = until or ctx.today() + ONE_DAY
    due = collect_due(ctx, ChargeWindow(contract.start_on, end), [contract.client_id])
    own = {one.line.id for one in list_lines(ctx, contract_id)}
    lines = [line for invoice in due.invoices for line in invoice.lines if line.contract_line_id in own]
    amount = sum(
        line.amount for invoice in due.invoices if invoice.currency == contract.currency
        for line in invoice.lines if line.contract_line_id in own
    )  # fmt: skip
    discount = sum(_taken(ctx, one, own) for one in due.invoices if one.currency == contract.currency and one.discounts)
    return Preview(end, contract.currency, amount, discount, lines, due.problems.get(contract.client_id))


def _taken(ctx: CallContext, invoice: DueInvoice, own: Container[UUID]) -> int:
    """What the discounts of an invoice take off the contract's own lines."""
    lines = [Line(str(at), one.amount) for at, one in enumerate(invoice.lines, 1)]
    asked = [DraftDiscount(*one).as_discount(str(at)) for at, one in enumerate(invoice.discounts)]
    taken = apply_discounts(lines, asked, billing_settings(ctx)["rounding_mode"]).taken
    return sum(part for part, line in zip(taken, invoice.lines, strict=True) if line.contract_line_id in own)


def preview_view(preview: Preview) -> dict[str, Any]:
    """A preview as interfaces show it."""
    problem = preview.problem.problem() if preview.problem else None
    return {
        "until": preview.until, "currency": preview.currency, "amount": preview.amount, "discount": preview.discount,
        "problem": problem,
        "lines": [_line_view(line) for line in preview.lines],
    }  # fmt: skip


def _line_view(line: DueLine) -> dict[str, Any]:
    period = line.service_period
    return asdict(line) | {
        "service_period": {"start": period.start, "end": period.end} if period else None,
        "sources": [one._asdict() for one in line.sources],
    }


def standing_of(ctx: CallContext, lines: list[AgreedLine]) -> list[Standing]:
    """How far each of these lines is billed."""
    billed = billed_periods(ctx, [one.line.id for one in lines])
    return [_standing(one, billed) for one in lines]


def _standing(agreed: AgreedLine, billed: BilledKeys) -> Standing:
    line_id = agreed.line.id
    keys = billed.get(line_id, frozenset())
    last = last_billed_day({line_id: keys})
    days = [day for day in (last, agreed.contract.billed_until) if day]
    upcoming = None if agreed.line.kind == "hourly" else next_due_period(agreed.agreement, keys)
    return Standing(agreed, max(days, default=None), upcoming)
