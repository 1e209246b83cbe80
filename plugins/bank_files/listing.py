"""Lists of bank entries, and their sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, cast, func, or_, select

from kernel.api.listing import Page, paginate
from plugins.bank_files.models import BankAccount, BankFile, Entry
from plugins.bank_files.services import TO_SETTLE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from kernel.context import CallContext

_ROWS = select(
    Entry.id, Entry.account_id, BankAccount.number.label("account"), Entry.booked_on, Entry.amount, Entry.currency, Entry.name,
    Entry.iban, Entry.text, Entry.structured, Entry.reference, Entry.state, Entry.matched,
).join(BankAccount, (BankAccount.tenant_id == Entry.tenant_id) & (BankAccount.id == Entry.account_id))  # fmt: skip
_FILES = select(
    BankFile.id, BankFile.name, BankFile.state, BankFile.problem, BankFile.found, BankFile.fresh, BankFile.skipped,
    BankFile.job_id, BankFile.uploaded_by, BankFile.uploaded_at,
)  # fmt: skip
_SORTABLE = {"booked_on": Entry.booked_on}
_FILTERS = {"state": Entry.state, "account_id": Entry.account_id, "file_id": Entry.file_id}


def list_entries(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of bank entries. With `q` those whose name, words or account hold it."""
    wanted = dict(query)
    statement = _ROWS
    if words := wanted.pop("q", None):
        part = f"%{words.replace('%', '').replace('_', '')}%"
        statement = statement.where(or_(Entry.name.ilike(part), Entry.text.ilike(part), Entry.iban.ilike(part)))
    return paginate(ctx, statement, wanted, sortable=_SORTABLE, default="-booked_on", filters=_FILTERS)


def entries_of(ctx: CallContext, ids: Iterable[UUID]) -> list[Entry]:
    """The rows of a page."""
    return list(ctx.session.scalars(select(Entry).where(Entry.id.in_(list(ids)))))


def sums(ctx: CallContext) -> Sequence[Mapping[str, Any]]:
    """By currency: how many entries are to be settled, how much that is, and how much is in the books."""
    waiting = Entry.state.in_(TO_SETTLE)
    rows = ctx.session.execute(
        select(
            Entry.currency, func.count().filter(waiting).label("waiting"),
            cast(func.coalesce(func.sum(Entry.amount - Entry.matched).filter(waiting), 0), BigInteger).label("left"),
            cast(func.sum(Entry.matched), BigInteger).label("matched"), func.count().label("all"),
        ).where(Entry.state != "outgoing").group_by(Entry.currency).order_by(Entry.currency)
    )  # fmt: skip
    return [dict(row) for row in rows.mappings()]


def list_files(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of files, the latest first."""
    return paginate(ctx, _FILES, query, sortable={"uploaded_at": BankFile.uploaded_at}, default="-uploaded_at")
