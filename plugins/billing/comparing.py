"""What clients are billed beside what they were billed the last time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Text, case, cast, func, select

from kernel.db import among
from kernel.directory.clients import get_clients
from plugins.billing.models import Invoice, InvoiceLine, Run, RunClient

if TYPE_CHECKING:
    from kernel.context import CallContext
    from plugins.billing.drafts import Assembled

LOOKS_BACK = timedelta(days=400)  # a yearly bill still finds the one before
ClientSums = dict[tuple[UUID, str], int]
"""Subtotals in minor units by client and currency."""


class LastBilled(NamedTuple):
    """What runs over the last window billed a client: `amount` is the subtotal in minor units, before tax."""

    window_start: date
    window_end: date
    amount: int


class Change(NamedTuple):
    """A client's subtotal now and in the last period: None where it was not billed."""

    client_id: UUID
    client_name: str
    currency: str
    before: int | None
    now: int | None
    last: LastBilled | None

    @property
    def difference(self) -> int:
        """What is more now; below zero what is less."""
        return (self.now or 0) - (self.before or 0)

    @property
    def kind(self) -> str:
        """new, gone, more, less or same."""
        if self.before is None:
            return "new"
        if self.now is None:
            return "gone"
        return "same" if not self.difference else "more" if self.difference > 0 else "less"


class LineChange(NamedTuple):
    """What one thing on a client's invoices came to now and the last time, in minor units before discounts."""

    description: str
    before: int | None
    now: int | None

    @property
    def difference(self) -> int:
        """What is more now; below zero what is less."""
        return (self.now or 0) - (self.before or 0)


def last_billed(ctx: CallContext, before: date, client_ids: Iterable[UUID] | None = None) -> dict[tuple[UUID, str], LastBilled]:
    """What runs over windows that ended by a day billed clients the last time, by client and currency; void invoices and
    drafts that were deleted do not count.
    """
    amount = _sum(Invoice.subtotal)
    wanted = (
        select(Invoice.client_id, Invoice.currency, func.min(Run.window_start), Run.window_end, amount)
        .join(Run, (Run.tenant_id == Invoice.tenant_id) & (Run.id == Invoice.run_id))
        .where(Run.window_end <= before, Invoice.status != "void", Invoice.invoice_date >= before - LOOKS_BACK)
        .group_by(Invoice.client_id, Invoice.currency, Run.window_end)
        .order_by(Invoice.client_id, Invoice.currency, Run.window_end)
    )
    if client_ids is not None:
        wanted = wanted.where(among(Invoice.client_id, client_ids))
    rows = ctx.session.execute(wanted).all()  # of several windows the last one stays
    return {(client, currency): LastBilled(start, end, amount) for client, currency, start, end, amount in rows}


def sums_of(assembled: Iterable[Assembled]) -> ClientSums:
    """What reckoned invoices come to."""
    sums: ClientSums = {}
    for one in assembled:
        key = (one.draft.client_id, one.draft.currency)
        sign = -1 if one.draft.kind == "credit_note" else 1
        sums[key] = sums.get(key, 0) + sign * one.totals.subtotal
    return sums


def sums_of_run(ctx: CallContext, run_id: UUID) -> ClientSums:
    """What a run billed that still counts."""
    wanted = select(Invoice.client_id, Invoice.currency, _sum(Invoice.subtotal))
    wanted = wanted.where(Invoice.run_id == run_id, Invoice.status != "void")
    rows = ctx.session.execute(wanted.group_by(Invoice.client_id, Invoice.currency)).all()
    return {(client, currency): amount for client, currency, amount in rows}


def changes(ctx: CallContext, before: date, now: ClientSums, client_ids: Sequence[UUID] | None = None) -> list[Change]:
    """Clients with what they are billed now and were the last time, the largest difference first.

    Who is not billed now counts as gone if the very last window billed them.
    """
    last = last_billed(ctx, before, client_ids)
    newest = max((one.window_end for one in last.values()), default=None)
    gone = {key for key, one in last.items() if key not in now and one.window_end == newest}
    keys = sorted({*now, *gone})
    names = get_clients(ctx, sorted({client for client, _ in keys}))
    found = [
        Change(client, names[client].name, currency, one.amount if one else None, now.get((client, currency)), one)
        for client, currency in keys
        for one in [last.get((client, currency))]
    ]
    return sorted(found, key=lambda one: (-abs(one.difference), one.client_name, one.currency))


def changes_of_run(ctx: CallContext, run: Run) -> list[Change]:
    """What a run changed, among the clients that it was for."""
    clients = select(RunClient.client_id).where(RunClient.run_id == run.id)
    return changes(ctx, run.window_start, sums_of_run(ctx, run.id), list(ctx.session.scalars(clients)))


def line_changes(ctx: CallContext, run: Run, client_id: UUID, currency: str) -> list[LineChange]:
    """A client's lines in a run beside those of the last window, by contract line, else by item, else by words."""
    last = last_billed(ctx, run.window_start, [client_id]).get((client_id, currency))
    ids = [] if last is None else _runs_of(ctx, last)
    now, before = _lines(ctx, [run.id], client_id, currency), _lines(ctx, ids, client_id, currency)
    found = [
        LineChange((now.get(key) or before[key])[0], *(sums[key][1] if key in sums else None for sums in (before, now)))
        for key in sorted({*now, *before})
    ]
    return sorted(found, key=lambda one: (-abs(one.difference), one.description))


def _sum(amount: Any) -> Any:
    """A sum in which the credit notes of runs take away."""
    return cast(func.sum(case((Invoice.kind == "credit_note", -amount), else_=amount)), BigInteger)


def _runs_of(ctx: CallContext, last: LastBilled) -> list[UUID]:
    return list(ctx.session.scalars(select(Run.id).where(Run.window_end == last.window_end)))


def _lines(ctx: CallContext, run_ids: Sequence[UUID], client_id: UUID, currency: str) -> Mapping[str, tuple[str, int]]:
    """Words and sum of what each thing came to."""
    key = func.coalesce(cast(InvoiceLine.contract_line_id, Text), "").concat(
        func.coalesce(cast(InvoiceLine.item_id, Text), InvoiceLine.description)
    )
    invoice = (Invoice.tenant_id == InvoiceLine.tenant_id) & (Invoice.id == InvoiceLine.invoice_id)
    rows = ctx.session.execute(
        select(key, func.min(InvoiceLine.description), _sum(InvoiceLine.net))
        .join(Invoice, invoice)
        .where(
            Invoice.run_id.in_(run_ids), Invoice.client_id == client_id, Invoice.currency == currency, Invoice.status != "void"
        )
        .group_by(key)
    ).all()
    return {row[0]: (row[1], row[2]) for row in rows}
