"""The ledger: double entry in each currency. Balances are computed from postings, never stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, case, exists, func, select
from sqlalchemy.orm import aliased

from kernel.api.listing import Page, paginate
from kernel.db import fetch_rows
from kernel.directory.models import Client
from kernel.ids import uuid7_texts, uuid7s
from plugins.billing.bulk import Batch, insert_batches
from plugins.billing.models import LedgerEntry, Posting

if TYPE_CHECKING:
    from kernel.context import CallContext

_ENTRY = (
    "id", "booked_on", "kind", "currency", "client_id", "source_id", "words", "reverses_id", "created_at", "actor_name",
)  # fmt: skip
_POSTING = ("id", "entry_id", "account", "amount")
_SORTABLE = {"booked_on": LedgerEntry.booked_on}


class Booking(NamedTuple):
    """An entry to be made: amounts in minor units by account, debit above zero, together zero."""

    kind: str
    booked_on: date
    currency: str
    client_id: UUID
    source_id: UUID
    words: str
    amounts: Mapping[str, int]
    reverses_id: UUID | None = None


def post_entries(ctx: CallContext, bookings: Sequence[Booking], *before: Batch) -> list[UUID]:
    """Book entries, writing `before` them what goes along; the database refuses one that does not add up to zero. Returns
    their ids.
    """
    ids, batches = entry_batches(ctx, bookings)
    insert_batches(ctx.session, [*before, *batches])
    return ids


def entry_batches(ctx: CallContext, bookings: Sequence[Booking]) -> tuple[list[UUID], list[Batch]]:
    """`post_entries`, to be written by `insert_batches`."""
    ids = uuid7s(len(bookings))
    now, who = ctx.now(), ctx.actor.name
    entries = [
        (entry_id, one.booked_on, one.kind, one.currency, one.client_id, one.source_id, one.words, one.reverses_id, now, who)
        for entry_id, one in zip(ids, bookings, strict=True)
    ]
    drawn = [
        (entry_id, account, amount)
        for entry_id, one in zip(ids, bookings, strict=True)
        for account, amount in one.amounts.items()
        if amount
    ]
    postings = [(posting_id, *one) for posting_id, one in zip(uuid7_texts(len(drawn)), drawn, strict=True)]
    return ids, [(LedgerEntry, _ENTRY, entries), (Posting, _POSTING, postings)]


def reverse_entry(ctx: CallContext, entry_id: UUID, words: str) -> UUID:
    """Book the opposite of an entry today. An entry is reversed once (the database refuses a second time)."""
    entry = ctx.session.scalars(select(LedgerEntry).where(LedgerEntry.id == entry_id)).one()
    rows = ctx.session.execute(select(Posting.account, Posting.amount).where(Posting.entry_id == entry_id))
    opposite = {account: -amount for account, amount in rows}
    return post_entries(ctx, [Booking("reversal", ctx.today(), entry.currency, entry.client_id, entry.source_id, words,
                                      opposite, entry_id)])[0]  # fmt: skip


def find_entry(ctx: CallContext, source_id: UUID) -> UUID:
    """The entry that an invoice, payment or application is booked by, as long as it is not reversed."""
    later = aliased(LedgerEntry)
    reversed_ = exists().where(later.tenant_id == LedgerEntry.tenant_id, later.reverses_id == LedgerEntry.id)
    mine = LedgerEntry.source_id == source_id, LedgerEntry.reverses_id.is_(None)
    return ctx.session.scalars(select(LedgerEntry.id).where(*mine, ~reversed_)).one()


def trial_balance(ctx: CallContext, *, until: date | None = None) -> list[dict[str, Any]]:
    """Debits, credits and balance of each account in each currency, up to and including a day (None: all)."""
    same = (Posting.tenant_id == LedgerEntry.tenant_id) & (Posting.entry_id == LedgerEntry.id)
    wanted = (
        select(
            LedgerEntry.currency, Posting.account,
            _sum(case((Posting.amount > 0, Posting.amount), else_=0)).label("debit"),
            _sum(case((Posting.amount < 0, -Posting.amount), else_=0)).label("credit"),
            _sum(Posting.amount).label("balance"),
        )
        .join(LedgerEntry, same).group_by(LedgerEntry.currency, Posting.account)
        .order_by(LedgerEntry.currency, Posting.account)
    )  # fmt: skip
    return fetch_rows(ctx.session, wanted if until is None else wanted.where(LedgerEntry.booked_on <= until))


def _sum(amount: Any) -> Any:
    from sqlalchemy import BigInteger, cast

    return cast(func.sum(amount), BigInteger)


def list_entries(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """The journal, newest first: entries with their postings as `postings` {account: amount}."""
    page = paginate(ctx, _entries(), query, sortable=_SORTABLE, default="-booked_on")
    ids = [row["id"] for row in page.items]
    found: dict[UUID, dict[str, int]] = {one: {} for one in ids}
    for entry_id, account, amount in ctx.session.execute(
        select(Posting.entry_id, Posting.account, Posting.amount).where(Posting.entry_id.in_(ids)).order_by(Posting.id)
    ):
        found[entry_id][account] = amount
    return Page([{**row, "postings": found[row["id"]]} for row in page.items], page.next_cursor)


def _entries() -> Select[Any]:
    client = (Client.tenant_id == LedgerEntry.tenant_id) & (Client.id == LedgerEntry.client_id)
    return select(
        LedgerEntry.id, LedgerEntry.booked_on, LedgerEntry.kind, LedgerEntry.currency, LedgerEntry.client_id,
        Client.name.label("client_name"), LedgerEntry.source_id, LedgerEntry.words, LedgerEntry.reverses_id,
        LedgerEntry.created_at, LedgerEntry.actor_name,
    ).join(Client, client)  # fmt: skip


def revenue_by_month(ctx: CallContext, months: int = 12) -> dict[str, list[tuple[date, int]]]:
    """Revenue of each of the last months by currency, oldest first; months without any are zero."""
    first = _months_before(ctx.today().replace(day=1), months - 1)
    month = func.date_trunc("month", LedgerEntry.booked_on)
    same = (Posting.tenant_id == LedgerEntry.tenant_id) & (Posting.entry_id == LedgerEntry.id)
    rows = ctx.session.execute(
        select(LedgerEntry.currency, month, _sum(-Posting.amount)).join(LedgerEntry, same)
        .where(Posting.account == "revenue", LedgerEntry.booked_on >= first)
        .group_by(LedgerEntry.currency, month).order_by(LedgerEntry.currency)
    )  # fmt: skip
    earned = {(currency, stamp.date()): amount for currency, stamp, amount in rows}
    known = [_months_before(ctx.today().replace(day=1), back) for back in range(months - 1, -1, -1)]
    return {code: [(day, earned.get((code, day), 0)) for day in known] for code in dict.fromkeys(code for code, _ in earned)}


def _months_before(day: date, count: int) -> date:
    month = day.year * 12 + day.month - 1 - count
    return date(month // 12, month % 12 + 1, 1)
