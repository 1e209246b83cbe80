"""What moving the last day of contract lines does to what is billed: days beyond it are taken back with the next invoice, and
the rest of a period of which a part was billed is billed on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, and_, cast, delete, exists, func, select
from sqlalchemy.orm import aliased

from kernel.context import CallContext
from kernel.db import among
from plugins.billing.contracts.billed import CONTRACT_LINE
from plugins.billing.errors import InvoiceSettled, PeriodsBilled
from plugins.billing.models import Invoice, InvoiceLine, Source
from plugins.billing.models.contracts import ContractLine, DaysBack
from plugins.billing.periods import ONE_DAY, Period, coverage
from plugins.billing.pricing import prorate
from plugins.billing.service_periods import period_of
from plugins.billing.settings import billing_settings

DAYS_BACK, CONTRACT_ITEM = "billing.days_back", "billing.contract_item"
_MEASURED = ("hourly", "usage")


class _Billed(NamedTuple):
    """A period of a line on an invoice: the days that its amount pays for, and what of it may still be taken back."""

    source: Source
    line: ContractLine
    invoice: Invoice
    paid: Period
    amount: int


def move_ends(ctx: CallContext, ends: Mapping[UUID, date | None]) -> None:
    """Let lines end on other last days (None: open). Raises PeriodsBilled for days on a draft, and for measured days."""
    _restore(ctx, ends)
    for one in _billed(ctx, ends):
        last = ends[one.line.id]
        end = date.max if last in (None, date.max) else last + ONE_DAY
        if one.paid.end > end:
            _cut(ctx, one, end)
        elif one.paid.end < period_of(one.source.period_key).end and one.paid.end < end:
            _rename(ctx, one.source, Period(period_of(one.source.period_key).start, one.paid.end))
    ctx.session.flush()


def move_ends_of(ctx: CallContext, contract_id: UUID, last: date | None) -> None:
    """Let the lines of a contract end with it; one with an earlier last day of its own keeps that. Raises PeriodsBilled."""
    rows = ctx.session.execute(select(ContractLine.id, ContractLine.end_on).where(ContractLine.contract_id == contract_id))
    move_ends(ctx, {line_id: min((day for day in (own, last) if day), default=None) for line_id, own in rows})


def _restore(ctx: CallContext, line_ids: Iterable[UUID]) -> None:
    """Forget days that wait to be taken back: the invoices are as they were, and what is taken back now is reckoned anew."""
    wanted = select(DaysBack, Source).join(Source, _OF).where(among(DaysBack.contract_line_id, line_ids), ~_taken())
    for waiting, source in ctx.session.execute(wanted.order_by(DaysBack.id.desc())).all():
        if source.live:
            source.period_key = waiting.old_key
        ctx.session.delete(waiting)
        ctx.session.flush()


_OF = and_(Source.tenant_id == DaysBack.tenant_id, Source.id == DaysBack.source_id)


def _taken() -> ColumnElement[bool]:
    """Whether days stand on an invoice that takes them back."""
    by = aliased(Source)
    return exists().where(by.tenant_id == DaysBack.tenant_id, by.source_kind == DAYS_BACK, by.source_id == DaysBack.id, by.live)


def _billed(ctx: CallContext, line_ids: Iterable[UUID]) -> list[_Billed]:
    """The billed periods of lines, held; those that were closed for nothing are left out."""
    own = {one.id: one for one in ctx.session.scalars(select(ContractLine).where(among(ContractLine.id, line_ids)))}
    first = select(Source.invoice_id).where(Source.live, Source.source_kind == CONTRACT_LINE, among(Source.source_id, own))
    wanted = (
        select(Source, InvoiceLine, Invoice)
        .join(InvoiceLine, (InvoiceLine.tenant_id == Source.tenant_id) & (InvoiceLine.id == Source.line_id))
        .join(Invoice, (Invoice.tenant_id == Source.tenant_id) & (Invoice.id == Source.invoice_id))
        .where(Source.live, Source.source_kind.in_([CONTRACT_LINE, CONTRACT_ITEM]), Source.invoice_id.in_(first),
               among(InvoiceLine.contract_line_id, own)).order_by(Source.id).with_for_update(of=Source)
    )  # fmt: skip
    rows = [(source, line, invoice) for source, line, invoice in ctx.session.execute(wanted)]
    back = taken_back_of(ctx, [line.id for _, line, _ in rows])
    return [
        _Billed(source, own[line.contract_line_id], invoice, _paid(source, line),
                line.net - line.discount - back.get(line.id, 0))
        for source, line, invoice in rows if line.contract_line_id is not None
    ]  # fmt: skip


def _paid(source: Source, line: InvoiceLine) -> Period:
    """The days that a line's amount pays for: those printed on it if it was prorated, else its whole period."""
    named = period_of(source.period_key)
    if not line.period_start or not line.period_end or not any(step[0] == "prorate" for step in line.trace.get("steps", ())):
        return named
    return Period(max(named.start, line.period_start), max(named.start, min(named.end, line.period_end)))


def taken_back_of(ctx: CallContext, invoice_line_ids: Sequence[UUID]) -> dict[UUID, int]:
    """What of invoice lines was, or is to be, taken back for days that are not served, before tax."""
    amount = cast(func.sum(DaysBack.amount), BigInteger)
    wanted = select(Source.line_id, amount).join(Source, _OF).where(among(Source.line_id, invoice_line_ids), Source.live)
    return dict(ctx.session.execute(wanted.group_by(Source.line_id)).all())


def _cut(ctx: CallContext, one: _Billed, end: date) -> None:
    """Take back the days from `end` on. A line that is not prorated keeps the whole price of a period that was begun."""
    kept = one.paid.start if end <= one.paid.start else end if one.line.prorate else one.paid.end
    if kept >= one.paid.end:
        return
    if one.invoice.status == "draft":
        raise PeriodsBilled(
            f"Days after {end - ONE_DAY} stand on the draft {one.invoice.number}. Delete it, and bill again afterwards.",
            errors={"end_on": "Billed later on a draft."},
        )
    if one.line.kind in _MEASURED:
        last = period_of(one.source.period_key).last_day
        raise PeriodsBilled(
            f"What was used is billed until {last}. End {one.line.name} on that day or later, or void the invoice first.",
            errors={"end_on": f"Not before {last}."},
        )
    days, key = coverage(one.paid, Period(kept, one.paid.end)), one.source.period_key
    _rename(ctx, one.source, Period(period_of(key).start, max(kept, period_of(key).start)))
    amount = prorate(one.amount, days, billing_settings(ctx)["rounding_mode"]) if days else 0
    amount = min(amount, one.amount - _credited(ctx, one.source))
    if amount > 0:
        ctx.session.add(DaysBack(
            client_id=one.invoice.client_id, contract_line_id=one.line.id, source_id=one.source.id, old_key=key,
            starts_on=kept, ends_on=one.paid.end - ONE_DAY, amount=amount,
        ))  # fmt: skip


def _credited(ctx: CallContext, source: Source) -> int:
    """What credit notes took back of the line that a source stands on, before tax."""
    note = (Invoice.tenant_id == InvoiceLine.tenant_id) & (Invoice.id == InvoiceLine.invoice_id)
    amount = cast(func.coalesce(func.sum(InvoiceLine.net), 0), BigInteger)
    notes = Invoice.credit_of_id == source.invoice_id, Invoice.status == "finalized"
    wanted = select(amount).join(Invoice, note).where(*notes, InvoiceLine.credited_line_id == source.line_id)
    return ctx.session.scalar(wanted) or 0


def _rename(ctx: CallContext, source: Source, period: Period) -> None:
    """Let a period stand for other days of it; what follows a plus sign tells it apart from another one of the same days."""
    same = select(Source.period_key).where(Source.source_kind == source.source_kind, Source.source_id == source.source_id,
                                           Source.live, Source.id != source.id)  # fmt: skip
    taken, key, count = set(ctx.session.scalars(same)), period.key, 0
    while key in taken:
        count += 1
        key = f"{period.key}+{count}"
    source.period_key = key
    ctx.session.flush()


def waiting_days(wanted: ColumnElement[bool]) -> Select[tuple[DaysBack, InvoiceLine, Invoice]]:
    """Days that a condition names and no invoice takes back yet, with the line and invoice that billed them."""
    return (
        select(DaysBack, InvoiceLine, Invoice).join(Source, _OF)
        .join(InvoiceLine, (InvoiceLine.tenant_id == Source.tenant_id) & (InvoiceLine.id == Source.line_id))
        .join(Invoice, (Invoice.tenant_id == Source.tenant_id) & (Invoice.id == Source.invoice_id))
        .where(wanted, Source.live, ~_taken()).order_by(DaysBack.id)
    )  # fmt: skip


def days_waiting(ctx: CallContext, contract_id: UUID) -> list[dict[str, Any]]:
    """The days of a contract that the next invoice takes back: `name` of the line, `first_day`, `last_day`, `amount`."""
    own = ctx.session.scalars(select(ContractLine.id).where(ContractLine.contract_id == contract_id))
    mine = among(DaysBack.contract_line_id, own)
    return [
        {"id": back.id, "name": line.description, "first_day": back.starts_on, "last_day": back.ends_on, "amount": back.amount}
        for back, line, _ in ctx.session.execute(waiting_days(mine))
    ]


def has_days_back(ctx: CallContext, invoice_id: UUID) -> bool:
    """Whether days that an invoice billed are taken back, or to be."""
    return ctx.session.scalar(select(DaysBack.id).join(Source, _OF).where(Source.invoice_id == invoice_id).limit(1)) is not None


def let_go_of_days(ctx: CallContext, invoice_id: UUID) -> None:
    """Before an invoice is void: days that wait to be taken back from it never are. Raises InvoiceSettled for days that stand
    on another invoice, which takes them back.
    """
    of_invoice = Source.invoice_id == invoice_id
    if ctx.session.scalar(select(DaysBack.id).join(Source, _OF).where(of_invoice, _taken()).limit(1)) is not None:
        raise InvoiceSettled("Days that it billed are taken back on a later invoice. Void or delete that one first.")
    ids = list(ctx.session.scalars(select(DaysBack.id).join(Source, _OF).where(of_invoice)))
    ctx.session.execute(delete(DaysBack).where(among(DaysBack.id, ids)), execution_options={"synchronize_session": False})
