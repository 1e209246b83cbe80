"""Statements of account: what moved a client's account in a period, from the ledger, and what is open at its end.

The account is what the client owes less what it has as credits: the ledger's `receivable`, `credit` and `prepayment` (what was
asked for in advance counts once it is paid). So the closing balance is what is open, less credits, less prepayments asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, case, cast, func, select

from kernel.db import among
from kernel.directory.clients import get_client
from kernel.errors import InvalidInput
from plugins.billing.days import check_days
from plugins.billing.models import Invoice, LedgerEntry, Payment, Posting
from plugins.billing.receivables.open_items import movements, open_items

if TYPE_CHECKING:
    from kernel.context import CallContext

ACCOUNTS = ("receivable", "credit", "prepayment")
MOST_YEARS = 10
Balances = Mapping[tuple[str, str], int]
"""By currency and account."""
_POSTED = (Posting.tenant_id == LedgerEntry.tenant_id) & (Posting.entry_id == LedgerEntry.id)


class StatementRow(NamedTuple):
    """One booking: `amount` (minor units) is owed in addition, below zero less; `reference` names invoices or the payment."""

    entry_id: UUID
    booked_on: date
    kind: str
    reference: str
    amount: int
    balance: int


class Statement(NamedTuple):
    """A client's account in one currency from `first_day` to `last_day`, both included. Amounts in minor units.

    `closing` = `opening` + rows = open items - `credits` - `prepaid`: credits not used yet, prepayments asked for and open.
    """

    client_id: UUID
    currency: str
    first_day: date
    last_day: date
    opening: int
    rows: list[StatementRow]
    closing: int
    open_items: list[Mapping[str, Any]]
    credits: int
    prepaid: int

    @property
    def charged(self) -> int:
        """What was added to the account."""
        return sum(one.amount for one in self.rows if one.amount > 0)

    @property
    def settled(self) -> int:
        """What was taken off the account."""
        return -sum(one.amount for one in self.rows if one.amount < 0)


class _Booked(NamedTuple):
    """An entry that changed the account."""

    id: UUID
    booked_on: date
    kind: str
    currency: str
    amount: int
    reference: str


def usual_period(ctx: CallContext) -> tuple[date, date]:
    """From the first day of the month before this one until today."""
    return (ctx.today().replace(day=1) - timedelta(days=1)).replace(day=1), ctx.today()


def read_statements(ctx: CallContext, client_id: UUID, first_day: date | None = None,
                    last_day: date | None = None) -> list[Statement]:  # fmt: skip
    """A client's statements of a period, one for each currency in which it has an account; by default since last month.

    Raises ClientNotFound, and InvalidInput by field.
    """
    client = get_client(ctx, client_id)
    first, last = _period(ctx, first_day, last_day)
    before = _balances(ctx, client_id, first - timedelta(days=1))
    after = _balances(ctx, client_id, last)
    rows, items = _rows(ctx, client_id, first, last), open_items(ctx, last, client_id)
    currencies = {one.currency for one in rows} | {code for code, _ in after} | {one["currency"] for one in items}
    return [
        _statement(client_id, code, first, last, before, after, [one for one in rows if one.currency == code],
                   [one for one in items if one["currency"] == code])
        for code in sorted(currencies or {client.currency})
    ]  # fmt: skip


def _period(ctx: CallContext, first_day: date | None, last_day: date | None) -> tuple[date, date]:
    usual = usual_period(ctx)
    last = last_day or usual[1]
    first = first_day or min(usual[0], last)
    check_days(first_day=first, last_day=last)
    if not first <= last or last.year - first.year > MOST_YEARS:
        raise InvalidInput(errors={"last_day": f"The last day comes after the first one, within {MOST_YEARS} years."})
    return first, last


def _statement(client_id: UUID, currency: str, first: date, last: date, before: Balances, after: Balances,
               booked: Sequence[_Booked], items: list[Mapping[str, Any]]) -> Statement:  # fmt: skip
    opening = balance = sum(before.get((currency, account), 0) for account in ACCOUNTS)
    rows = []
    for one in booked:
        balance += one.amount
        rows.append(StatementRow(one.id, one.booked_on, one.kind, one.reference, one.amount, balance))
    credits, prepaid = (-after.get((currency, account), 0) for account in ("credit", "prepayment"))
    return Statement(client_id, currency, first, last, opening, rows, balance, items, credits, prepaid)


def _balances(ctx: CallContext, client_id: UUID, until: date) -> dict[tuple[str, str], int]:
    """Balances of the client's accounts at the end of a day, by currency and account; those at zero are left out."""
    left = cast(func.sum(Posting.amount), BigInteger)
    mine = LedgerEntry.client_id == client_id, Posting.account.in_(ACCOUNTS), LedgerEntry.booked_on <= until
    rows = ctx.session.execute(
        select(LedgerEntry.currency, Posting.account, left).join(Posting, _POSTED).where(*mine)
        .group_by(LedgerEntry.currency, Posting.account).having(left != 0)
    )  # fmt: skip
    return {(currency, account): amount for currency, account, amount in rows}


def _rows(ctx: CallContext, client_id: UUID, first: date, last: date) -> list[_Booked]:
    """The bookings that changed the account, in the order of days; what went from a credit to an invoice changed nothing."""
    amount = cast(func.sum(Posting.amount), BigInteger)
    mine = LedgerEntry.client_id == client_id, Posting.account.in_(ACCOUNTS), LedgerEntry.booked_on.between(first, last)
    booked = (
        select(LedgerEntry.id, LedgerEntry.tenant_id, LedgerEntry.booked_on, LedgerEntry.kind, LedgerEntry.currency,
               LedgerEntry.source_id, amount.label("amount"))
        .join(Posting, _POSTED).where(*mine).group_by(LedgerEntry.tenant_id, LedgerEntry.id).having(amount != 0)
    ).subquery()  # fmt: skip
    own = (Invoice.tenant_id == booked.c.tenant_id) & (Invoice.id == booked.c.source_id)
    paid = (Payment.tenant_id == booked.c.tenant_id) & (Payment.id == booked.c.source_id)
    reference = case((Payment.reference != "", Payment.reference), else_=func.coalesce(Invoice.number, ""))
    rows = ctx.session.execute(
        select(booked.c.id, booked.c.booked_on, booked.c.kind, booked.c.currency, booked.c.amount, reference.label("reference"))
        .outerjoin(Invoice, own).outerjoin(Payment, paid).order_by(booked.c.booked_on, booked.c.id)
    ).all()  # fmt: skip
    named = _invoices_of(ctx, [one.id for one in rows])
    return [_Booked(*one[:5], one.reference or named.get(one.id, "")) for one in rows]


def _invoices_of(ctx: CallContext, entry_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The numbers of the invoices that entries are about."""
    every = movements()
    here = (Invoice.tenant_id == every.c.tenant_id) & (Invoice.id == every.c.invoice_id)
    numbers = func.string_agg(Invoice.number.distinct(), ", ")
    wanted = select(every.c.entry_id, numbers).join(Invoice, here).where(among(every.c.entry_id, entry_ids))
    return dict(ctx.session.execute(wanted.group_by(every.c.entry_id)).all())
