"""Ageing of receivables as of any day: what clients owed at its end by how late it was, from the ledger's postings of that day
and before, not from how invoices stand today. For each currency the sum is the balance of the account `receivable`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, cast, func, select

from kernel.directory.models import Client
from plugins.billing.days import check_days
from plugins.billing.models import Invoice, LedgerEntry, Posting
from plugins.billing.receivables.open_items import movements

if TYPE_CHECKING:
    from kernel.context import CallContext

BUCKETS = ("current", "days_30", "days_60", "days_90", "older")
"""Not due yet · 1 to 30 days late · 31 to 60 · 61 to 90 · more."""
_LATEST = (0, 30, 60, 90)


class Aged(NamedTuple):
    """What a client owed in a currency by how late it was, in minor units; `credits` is what it had to its credit."""

    client_id: UUID
    client_name: str
    currency: str
    current: int
    days_30: int
    days_60: int
    days_90: int
    older: int
    total: int
    credits: int


class Ageing(NamedTuple):
    """Clients by name, and the sums of the buckets for each currency, as of a day."""

    on: date
    rows: list[Aged]
    totals: dict[str, list[int]]


def age_on(ctx: CallContext, on: date | None = None, client_id: UUID | None = None) -> Ageing:
    """What clients owed at the end of a day, by default today. Raises InvalidInput."""
    check_days(on=on)
    day = on or ctx.today()
    credits = _credits(ctx, day)
    rows = [Aged(*row, credits.get((row.client_id, row.currency), 0)) for row in ctx.session.execute(_aged(day, client_id))]
    return Ageing(day, rows, _totals(rows))


def _aged(day: date, client_id: UUID | None) -> Any:
    left = _left(day, client_id)
    late = day - left.c.due_date
    client = (Client.tenant_id == left.c.tenant_id) & (Client.id == left.c.client_id)
    columns = [_sum(left.c.amount, inside).label(name) for name, inside in zip(BUCKETS, _spans(late), strict=True)]
    return (
        select(left.c.client_id, Client.name.label("client_name"), left.c.currency, *columns, _sum(left.c.amount).label("total"))
        .join(Client, client).group_by(left.c.client_id, Client.name, Client.name_key, left.c.currency)
        .order_by(left.c.currency, Client.name_key, left.c.client_id)
    )  # fmt: skip


def _left(day: date, client_id: UUID | None) -> Any:
    """What was open of each invoice at the end of a day."""
    every = movements()
    here = (Invoice.tenant_id == every.c.tenant_id) & (Invoice.id == every.c.invoice_id)
    amount = func.sum(every.c.amount)
    wanted = (
        select(Invoice.tenant_id, Invoice.client_id, Invoice.currency, Invoice.due_date, amount.label("amount"))
        .join(every, here).where(every.c.booked_on <= day).group_by(Invoice.tenant_id, Invoice.id).having(amount != 0)
    )  # fmt: skip
    return (wanted if client_id is None else wanted.where(Invoice.client_id == client_id)).subquery()


def _spans(late: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    spans, below = [], None
    for latest in _LATEST:
        spans.append(late <= latest if below is None else (late > below) & (late <= latest))
        below = latest
    return [*spans, late > _LATEST[-1]]


def _sum(amount: ColumnElement[Any], inside: ColumnElement[bool] | None = None) -> ColumnElement[int]:
    total = func.sum(amount) if inside is None else func.sum(amount).filter(inside)
    return cast(func.coalesce(total, 0), BigInteger)


def _credits(ctx: CallContext, day: date) -> dict[tuple[UUID, str], int]:
    posted = (Posting.tenant_id == LedgerEntry.tenant_id) & (Posting.entry_id == LedgerEntry.id)
    left = cast(func.sum(-Posting.amount), BigInteger)
    rows = ctx.session.execute(
        select(LedgerEntry.client_id, LedgerEntry.currency, left).join(Posting, posted)
        .where(Posting.account == "credit", LedgerEntry.booked_on <= day)
        .group_by(LedgerEntry.client_id, LedgerEntry.currency).having(left != 0)
    )  # fmt: skip
    return {(client_id, currency): amount for client_id, currency, amount in rows}


def _totals(rows: Sequence[Aged]) -> dict[str, list[int]]:
    sums: dict[str, list[int]] = {}
    for row in rows:
        so_far = sums.setdefault(row.currency, [0] * len(BUCKETS))
        for at, name in enumerate(BUCKETS):
            so_far[at] += getattr(row, name)
    return sums
