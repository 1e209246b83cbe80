"""Exceptions: where both sides differ. They are found by looking, go by looking, and are accepted by people."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from sqlalchemy import select

from kernel import audit
from kernel.errors import PreconditionFailed
from plugins.accounting.errors import ExceptionNotFound, ExceptionSettled
from plugins.accounting.incoming.drift import Difference
from plugins.accounting.incoming.models import Discrepancy

if TYPE_CHECKING:
    from kernel.context import CallContext


class About(NamedTuple):
    """What an exception is about: a thing of theirs, and what of ours it is."""

    subject: str
    external_id: str
    our_id: UUID | None
    client_id: UUID | None
    label: str
    currency: str = ""


class Ledger:
    """The exceptions about some things of a target, read once; `weigh` brings them up to date."""

    def __init__(self, ctx: CallContext, target_id: UUID, external_ids: Collection[str]) -> None:
        self._ctx, self._target_id = ctx, target_id
        mine = Discrepancy.target_id == target_id, Discrepancy.external_id.in_(list(external_ids))
        rows = ctx.session.scalars(select(Discrepancy).where(*mine)) if external_ids else ()
        self._rows = {(one.kind, one.subject, one.external_id): one for one in rows}

    def weigh(self, about: About, found: Iterable[Difference], among: Collection[str]) -> None:
        """Let these differences be the ones of the kinds `among`: new ones are open, others are resolved."""
        differences = {one.kind: one for one in found}
        for kind in among:
            row = self._rows.get((kind, about.subject, about.external_id))
            if kind in differences:
                self._find(row, about, differences[kind])
            elif row is not None and row.state != "resolved":
                row.state, row.settled_at, row.settled_by = "resolved", self._ctx.now(), ""

    def _find(self, row: Discrepancy | None, about: About, found: Difference) -> None:
        if row is None:
            row = Discrepancy(target_id=self._target_id, kind=found.kind, subject=about.subject, external_id=about.external_id)
            self._rows[found.kind, about.subject, about.external_id] = row
            self._ctx.session.add(row)
            self._open(row, about, found)
        elif row.state == "resolved" or (row.ours, row.theirs) != (found.ours, found.theirs):
            self._open(row, about, found)

    def _open(self, row: Discrepancy, about: About, found: Difference) -> None:
        row.our_id, row.client_id, row.label, row.currency = about.our_id, about.client_id, about.label, about.currency
        row.ours, row.theirs, row.state = found.ours, found.theirs, "open"
        row.found_at, row.settled_at, row.settled_by = self._ctx.now(), None, ""


def get_exception(ctx: CallContext, exception_id: UUID) -> Discrepancy:
    """Raises ExceptionNotFound, also for another tenant's."""
    found = ctx.session.get(Discrepancy, (ctx.tenant_id, exception_id))
    if found is None:
        raise ExceptionNotFound("There is no exception with this id.")
    return found


def accept(ctx: CallContext, exception_id: UUID, version: int | None = None) -> Discrepancy:
    """Accept a difference as known: it stays quiet as long as both sides say the same.

    Raises ExceptionNotFound, ExceptionSettled and PreconditionFailed.
    """
    found = get_exception(ctx, exception_id)
    if version is not None and found.version != version:
        raise PreconditionFailed("This exception changed since you looked at it. Look at it again.")
    if found.state != "open":
        raise ExceptionSettled(f"This exception is {found.state} already.")
    found.state, found.settled_at, found.settled_by = "accepted", ctx.now(), ctx.actor.name
    audit.record(ctx, "accounting_exception.accepted", kind="accounting.exception", row_id=found.id, label=found.label,
                 changes={"kind": found.kind, "ours": found.ours, "theirs": found.theirs})  # fmt: skip
    ctx.session.flush()
    return found


def count_open(ctx: CallContext) -> Mapping[UUID, int]:
    """How many exceptions wait for a person, by target."""
    counts: dict[UUID, int] = {}
    for target_id in ctx.session.scalars(select(Discrepancy.target_id).where(Discrepancy.state == "open")):
        counts[target_id] = counts.get(target_id, 0) + 1
    return counts
