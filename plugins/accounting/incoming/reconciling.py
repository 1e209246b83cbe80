"""The reconciliation report: what was delivered beside what stands there, to the minor unit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, select

from kernel.directory.clients import get_clients
from kernel.hookspecs.accounting import CREDIT_NOTE, INVOICE, PAYMENT
from kernel.hookspecs.papers import PaperSum
from kernel.hookspecs.receipts import CreditUse, Receipt
from plugins.accounting.incoming.models import Seen
from plugins.accounting.links import find_links
from plugins.accounting.models import Link
from plugins.accounting.money import shares_of

if TYPE_CHECKING:
    from kernel.context import CallContext

_PORTION = 5_000


class Amounts(NamedTuple):
    """Minor units; `open` is what is still to be paid of an invoice, or not used of a credit note."""

    total: int = 0
    tax: int = 0
    open: int = 0

    def plus(self, other: Amounts, sign: int = 1) -> Amounts:
        """Both together; what credit notes come to is taken off with a `sign` of -1."""
        return Amounts(self.total + sign * other.total, self.tax + sign * other.tax, self.open + sign * other.open)


class Reconciled(NamedTuple):
    """A document or payment on both sides. `theirs` is None where nobody looked at it since it was delivered. Of a payment only
    `open` counts: what of it pays none of the documents that are there.
    """

    our_id: UUID
    kind: str
    number: str
    client_id: UUID
    client: str
    currency: str
    ours: Amounts
    theirs: Amounts | None

    @property
    def differs(self) -> bool:
        """Whether both sides are known to differ."""
        return self.theirs is not None and self.theirs != self.ours

    @property
    def url(self) -> str:
        """Where ours is looked at."""
        return f"/{'payments' if self.kind == PAYMENT else 'invoices'}/{self.our_id}"


class ClientSum(NamedTuple):
    """What a client's documents in a currency come to, credit notes and unused money taken off; `unseen` of them nobody looked at
    yet.
    """

    client_id: UUID
    client: str
    currency: str
    ours: Amounts
    theirs: Amounts
    unseen: int

    @property
    def differs(self) -> bool:
        """Whether both sides differ, or are not all known."""
        return self.ours != self.theirs or bool(self.unseen)


def reconcile(ctx: CallContext, target_id: UUID) -> Iterator[Reconciled]:
    """All documents and payments that stand on both sides, in the order in which they were linked; what is void comes to nothing.
    A fixed number of queries for each portion.
    """
    after = UUID(int=0)
    while rows := _linked(ctx, target_id, after):
        ours = _documents(ctx, [one for one in rows if one.kind != PAYMENT])
        ours |= _payments(ctx, target_id, [one.our_id for one in rows if one.kind == PAYMENT])
        for one in rows:
            if one.our_id in ours:
                yield Reconciled(one.our_id, one.kind, *ours[one.our_id], _theirs(one))
        after = rows[-1].id


def _linked(ctx: CallContext, target_id: UUID, after: UUID) -> Sequence[Row[Any]]:
    """The next links, each with what was seen of it there."""
    seen = (Seen.tenant_id == Link.tenant_id) & (Seen.target_id == Link.target_id) & (Seen.external_id == Link.external_id)
    facts = (Seen.total, Seen.tax, Seen.balance, Seen.voided, Seen.deleted)
    mine = select(Link.id, Link.kind, Link.our_id, *facts).outerjoin(Seen, seen & (Seen.kind == Link.kind))
    wanted = Link.target_id == target_id, Link.kind.in_((INVOICE, CREDIT_NOTE, PAYMENT)), Link.id > after
    return ctx.session.execute(mine.where(*wanted).order_by(Link.id).limit(_PORTION)).all()


_Ours = tuple[str, UUID, str, str, Amounts]
"""Number, client, its name, currency, and what it comes to."""


def _documents(ctx: CallContext, rows: Sequence[Row[Any]]) -> dict[UUID, _Ours]:
    found: Mapping[UUID, PaperSum] = ctx.hooks.sum_up_papers(ctx=ctx, invoice_ids=[one.our_id for one in rows]) if rows else {}
    return {our_id: (one.number, one.client_id, one.client, one.currency, Amounts(one.total, one.tax, one.open))
            for our_id, one in found.items()}  # fmt: skip


def _payments(ctx: CallContext, target_id: UUID, ids: Sequence[UUID]) -> dict[UUID, _Ours]:
    """Payments, of which that is open what pays no document that is there."""
    receipts: Mapping[UUID, Receipt] = ctx.hooks.get_receipts(ctx=ctx, payment_ids=ids) if ids else {}
    uses = defaultdict[UUID, list[CreditUse]](list)
    for use in ctx.hooks.get_credit_uses(ctx=ctx, source_ids=list(receipts)) if receipts else ():
        if use.source_id and not use.reversed:
            uses[use.source_id].append(use)
    shares = {one.id: shares_of(one, uses[one.id]) for one in receipts.values()}
    there = find_links(ctx, target_id, INVOICE, {invoice for some in shares.values() for invoice in some})
    names = {one.id: one.name for one in get_clients(ctx, sorted({one.client_id for one in receipts.values()})).values()}
    unused = {one.id: 0 if one.taken_back else one.amount - one.refunded - one.lapsed - sum(
        amount for invoice, amount in shares[one.id].items() if invoice in there) for one in receipts.values()}  # fmt: skip
    return {one.id: (one.reference, one.client_id, names.get(one.client_id, ""), one.currency, Amounts(open=unused[one.id]))
            for one in receipts.values()}  # fmt: skip


def _theirs(row: Row[Any]) -> Amounts | None:
    if row.total is None:
        return None
    if row.voided or row.deleted:
        return Amounts()
    return Amounts(open=row.balance) if row.kind == PAYMENT else Amounts(row.total, row.tax, row.balance)


def page_of(rows: Sequence[Reconciled], after: str, limit: int) -> tuple[Sequence[Reconciled], str | None]:
    """The rows behind a place, and the place of the last of them where more follow."""
    first = next((at for at, one in enumerate(rows, 1) if str(one.our_id) == after), 0)
    some = rows[first : first + limit]
    return some, str(some[-1].our_id) if first + limit < len(rows) else None


def by_client(rows: Iterable[Reconciled]) -> list[ClientSum]:
    """The sums of clients by currency, by name."""
    sums: dict[tuple[UUID, str], ClientSum] = {}
    for row in rows:
        key, sign = (row.client_id, row.currency), 1 if row.kind == INVOICE else -1
        before = sums.get(key) or ClientSum(row.client_id, row.client, row.currency, Amounts(), Amounts(), 0)
        sums[key] = before._replace(
            ours=before.ours.plus(row.ours, sign), theirs=before.theirs.plus(row.theirs or Amounts(), sign),
            unseen=before.unseen + (row.theirs is None),
        )  # fmt: skip
    return sorted(sums.values(), key=lambda one: (one.client.casefold(), one.currency))


class CurrencySum(NamedTuple):
    """What all documents in a currency come to; what nobody looked at yet is missing in `theirs`."""

    currency: str
    ours: Amounts
    theirs: Amounts


def by_currency(sums: Iterable[ClientSum]) -> list[CurrencySum]:
    """The sums of all clients, by currency."""
    found: dict[str, CurrencySum] = {}
    for one in sums:
        before = found.get(one.currency) or CurrencySum(one.currency, Amounts(), Amounts())
        found[one.currency] = CurrencySum(one.currency, before.ours.plus(one.ours), before.theirs.plus(one.theirs))
    return [found[key] for key in sorted(found)]
