"""Work that stands on no invoice: what a run would bill, what waits for approval."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from sqlalchemy import Date, cast, func, select

from kernel.errors import DeskhandError
from kernel.hookspecs.charging import ChargeWindow, Unapproved, Unbilled
from plugins.billing.errors import WorkUnapproved
from plugins.billing.models.contracts import UsageEntry

if TYPE_CHECKING:
    from kernel.context import CallContext


class Backlog(NamedTuple):
    """Unbilled work of all rooms: minutes of time that is approved and that is not, counts of the rest, and how many pieces
    of work there are of each month (its first day).
    """

    minutes: int
    minutes_to_approve: int
    materials: int
    usage: int
    months: list[tuple[date, int]]


def unbilled_usage(ctx: CallContext, until: date) -> list[Unbilled]:
    """Usage records before a day that stand on no invoice, by month."""
    month = cast(func.date_trunc("month", UsageEntry.used_on), Date).label("month")
    wanted = select(month, func.count()).where(UsageEntry.used_on < until, UsageEntry.invoice_id.is_(None))
    rows = ctx.session.execute(wanted.group_by("month").order_by("month"))
    return [Unbilled(first, "usage", count) for first, count in rows]


def count_backlog(ctx: CallContext, until: date) -> Backlog:
    """The unbilled work before a day, by all rooms."""
    found = list(chain.from_iterable(ctx.hooks.count_unbilled(ctx=ctx, until=until)))
    months: dict[date, int] = {}
    for one in found:
        months[one.month] = months.get(one.month, 0) + one.count
    return Backlog(
        sum(one.minutes for one in found if one.ready),
        sum(one.minutes for one in found if not one.ready),
        sum(one.count for one in found if one.kind == "material"),
        sum(one.count for one in found if one.kind == "usage"),
        sorted(months.items()),
    )


def find_unapproved(ctx: CallContext, window: ChargeWindow, client_ids: Sequence[UUID]) -> dict[UUID, Unapproved]:
    """Billable work of clients that waits for approval, added up over all rooms."""
    sums: dict[UUID, Unapproved] = {}
    answers = ctx.hooks.collect_unapproved(ctx=ctx, window=window, clients=client_ids)
    for one in chain.from_iterable(answers):
        known = sums.get(one.client_id, Unapproved(one.client_id, 0))
        sums[one.client_id] = Unapproved(one.client_id, known.count + one.count, known.minutes + one.minutes)
    return sums


def refuse_unapproved(unapproved: dict[UUID, Unapproved]) -> dict[UUID, DeskhandError]:
    """What keeps these clients from being billed where unapproved work blocks."""
    return {
        client_id: WorkUnapproved(f"{one.count} entries wait for approval. Approve them or send them back.", count=one.count)
        for client_id, one in unapproved.items()
    }
