"""Cycles of clients, as periods are counted by them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from kernel.context import CallContext
from kernel.db import among
from plugins.billing.models.buckets import ClientCycle
from plugins.billing.periods import Anchoring, Cycle


def read_cycles(ctx: CallContext, client_ids: Iterable[UUID]) -> dict[UUID, list[Anchoring]]:
    """The cycles of these clients, each one's in the order of their first days; nothing is asked for none."""
    wanted = sorted(client_ids)
    found: defaultdict[UUID, list[Anchoring]] = defaultdict(list)
    if wanted:
        rows = select(ClientCycle).where(among(ClientCycle.client_id, wanted)).order_by(ClientCycle.starts_on.nulls_first())
        for row in ctx.session.scalars(rows):
            found[row.client_id].append(as_anchoring(row))
    return found


def as_anchoring(row: ClientCycle) -> Anchoring:
    """A row as periods are counted by it."""
    return Anchoring(row.starts_on, Cycle(row.cycle), row.weekday, row.reference_on, row.month, row.day)
