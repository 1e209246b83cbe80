"""The verbs of a client's billing cycle: read it, set it, change it without billing a day twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select

from kernel import audit
from kernel.context import CallContext
from kernel.directory.clients import get_client
from kernel.errors import InvalidInput
from plugins.billing.contracts.billed import billed_line_ids
from plugins.billing.contracts.turns import begin_change
from plugins.billing.cycles.anchors import as_anchoring
from plugins.billing.days import check_days
from plugins.billing.models.buckets import ClientCycle
from plugins.billing.models.contracts import Contract, ContractLine
from plugins.billing.periods import Anchoring, Cycle, turns_of

EACH_MONTH = Anchoring(None, Cycle.MONTHLY)
FACTS = ("cycle", "weekday", "reference_on", "month", "day")


def list_cycles(ctx: CallContext, client_id: UUID) -> list[ClientCycle]:
    """The cycles of a client, in the order of their first days. Raises ClientNotFound."""
    get_client(ctx, client_id)
    return _rows(ctx, client_id)


def billing_cycle(ctx: CallContext, client_id: UUID) -> dict[str, Any]:
    """How a client is billed today, the period that is running, and what follows or went before. Raises ClientNotFound."""
    rows, today = list_cycles(ctx, client_id), ctx.today()
    now = [as_anchoring(row) for row in rows if row.starts_on is None or row.starts_on <= today][-1:] or [EACH_MONTH]
    running = turns_of([as_anchoring(row) for row in rows] or [EACH_MONTH]).period_containing(today)
    shown = _view(now[0])
    return {**shown, "running": running._asdict(), "history": [_view(as_anchoring(row)) for row in rows]}


def _view(one: Anchoring) -> dict[str, Any]:
    return {"starts_on": one.starts, "cycle": one.cycle.value, "weekday": one.weekday, "reference_on": one.reference,
            "month": one.month, "day": one.day}  # fmt: skip


def set_cycle(ctx: CallContext, client_id: UUID, *, starts_on: date | None = None, **facts: Any) -> None:
    """Set how a client is billed. As long as nothing was billed by it, it holds ever since; afterwards from `starts_on` on, or
    when the running period is over. Periods that are billed stay; the gap is a short period, billed by days.

    Raises ClientNotFound, and InvalidInput for a day that lies in the past.
    """
    begin_change(ctx)
    client, rows = get_client(ctx, client_id), list_cycles(ctx, client_id)
    check_days(starts_on=starts_on, reference_on=facts.get("reference_on"))
    if starts_on is None and not _billed(ctx, client_id):
        _replace(ctx, client_id, ClientCycle.id.is_not(None), None, facts)
    else:
        if not rows:
            ctx.session.add(ClientCycle(client_id=client_id, **_columns(EACH_MONTH)))
        _replace(ctx, client_id, *_from(ctx, rows, starts_on), facts)
    audit.record(ctx, "client.billing_cycle_set", kind="client", row_id=client_id, label=client.name,
                 changes={name: str(value) for name, value in facts.items()})  # fmt: skip


def _from(ctx: CallContext, rows: Sequence[ClientCycle], starts_on: date | None) -> tuple[ColumnElement[bool], date]:
    """From which day on it holds, and which cycles that have not begun it takes the place of."""
    today, known = ctx.today(), [as_anchoring(row) for row in rows] or [EACH_MONTH]
    begun = [one for one in known if one.starts is None or one.starts <= today]
    first = starts_on or turns_of(begun or known).next_boundary(today)
    latest = begun[-1].starts if begun else None
    if first <= (latest or date.min) or first <= today:
        raise InvalidInput(errors={"starts_on": "Give a day to come; what went before is billed as it was."})
    return ClientCycle.starts_on > today, first


def _replace(
    ctx: CallContext, client_id: UUID, obsolete: ColumnElement[bool], starts_on: date | None, facts: Mapping[str, Any]
) -> None:  # fmt: skip
    ctx.session.flush()
    ctx.session.execute(delete(ClientCycle).where(ClientCycle.client_id == client_id, obsolete))
    ctx.session.add(ClientCycle(client_id=client_id, starts_on=starts_on, **facts))
    ctx.session.flush()


def _columns(one: Anchoring) -> dict[str, Any]:
    return {"cycle": one.cycle.value, "weekday": one.weekday, "month": one.month, "day": one.day}


def _rows(ctx: CallContext, client_id: UUID) -> list[ClientCycle]:
    wanted = select(ClientCycle).where(ClientCycle.client_id == client_id).order_by(ClientCycle.starts_on.nulls_first())
    return list(ctx.session.scalars(wanted))


def _billed(ctx: CallContext, client_id: UUID) -> bool:
    mine = select(Contract.id).where(Contract.client_id == client_id, Contract.cadence == "client")
    return bool(billed_line_ids(ctx, ContractLine.contract_id.in_(mine)))
