"""The reconciliation report: what was delivered beside what stands there, to the minor unit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from sqlalchemy import select

from kernel.hookspecs.accounting import CREDIT_NOTE, INVOICE
from kernel.hookspecs.papers import InvoicePaper
from kernel.hookspecs.receipts import CreditUse
from plugins.accounting.incoming.models import Seen
from plugins.accounting.models import Link

if TYPE_CHECKING:
    from kernel.context import CallContext

_PORTION = 500


class Amounts(NamedTuple):
    """Minor units; `open` is what is still to be paid of an invoice, or not used of a credit note."""

    total: int = 0
    tax: int = 0
    open: int = 0

    def plus(self, other: Amounts, sign: int = 1) -> Amounts:
        """Both together; what credit notes come to is taken off with a `sign` of -1."""
        return Amounts(self.total + sign * other.total, self.tax + sign * other.tax, self.open + sign * other.open)


class Reconciled(NamedTuple):
    """A document on both sides. `theirs` is None where nobody looked at it since it was delivered."""

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


class ClientSum(NamedTuple):
    """What a client's documents in a currency come to, credit notes taken off; `unseen` of them nobody looked at yet."""

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
    """All documents that were delivered to a target, in the order in which they were; what is void comes to nothing."""
    after = UUID(int=0)
    while True:
        mine = select(Link).where(Link.target_id == target_id, Link.kind.in_((INVOICE, CREDIT_NOTE)), Link.id > after)
        links = list(ctx.session.scalars(mine.order_by(Link.id).limit(_PORTION)))
        if not links:
            return
        yield from _beside(ctx, target_id, links)
        after = links[-1].id


def _beside(ctx: CallContext, target_id: UUID, links: Sequence[Link]) -> Iterator[Reconciled]:
    papers: Mapping[UUID, InvoicePaper] = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=[one.our_id for one in links])
    spent = _spent(ctx, [one.our_id for one in links if one.kind == CREDIT_NOTE])
    theirs = Seen.target_id == target_id, Seen.external_id.in_([one.external_id for one in links])
    seen = {(one.kind, one.external_id): one for one in ctx.session.scalars(select(Seen).where(*theirs))}
    for one in links:
        paper = papers.get(one.our_id)
        if paper is not None:
            there = seen.get((one.kind, one.external_id))
            yield Reconciled(one.our_id, one.kind, paper.number, paper.client_id, paper.buyer.name, paper.currency,
                             _ours(paper, spent.get(one.our_id, 0)), _theirs(there) if there else None)  # fmt: skip


def _spent(ctx: CallContext, credit_notes: Sequence[UUID]) -> dict[UUID, int]:
    uses: Sequence[CreditUse] = ctx.hooks.get_credit_uses(ctx=ctx, source_ids=credit_notes) if credit_notes else ()
    spent: dict[UUID, int] = {}
    for use in uses:
        if use.source_id is not None and not use.reversed:
            spent[use.source_id] = spent.get(use.source_id, 0) + use.amount
    return spent


def _ours(paper: InvoicePaper, spent: int) -> Amounts:
    if paper.status == "void":
        return Amounts()
    return Amounts(paper.total, paper.tax, paper.total - spent if paper.kind == CREDIT_NOTE else paper.due)


def _theirs(seen: Seen) -> Amounts:
    return Amounts() if seen.voided or seen.deleted else Amounts(seen.total, seen.tax, seen.balance)


def by_client(rows: Iterable[Reconciled]) -> list[ClientSum]:
    """The sums of clients by currency, by name."""
    sums: dict[tuple[UUID, str], ClientSum] = {}
    for row in rows:
        key, sign = (row.client_id, row.currency), -1 if row.kind == CREDIT_NOTE else 1
        before = sums.get(key) or ClientSum(row.client_id, row.client, row.currency, Amounts(), Amounts(), 0)
        sums[key] = before._replace(
            ours=before.ours.plus(row.ours, sign), theirs=before.theirs.plus(row.theirs or Amounts(), sign),
            unseen=before.unseen + (row.theirs is None),
        )  # fmt: skip
    return sorted(sums.values(), key=lambda one: (one.client.casefold(), one.currency))
