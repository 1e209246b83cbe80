"""The clients that the last run over them parked: listed, and billed again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import aliased

from kernel.api.listing import Page, paginate
from kernel.db import among
from kernel.directory.models import Client
from kernel.errors import InvalidInput
from plugins.billing.models import Run, RunClient
from plugins.billing.runs import start_run

if TYPE_CHECKING:
    from kernel.context import CallContext


def list_parked(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of the clients that the last run over them parked, with the reason and the days of that run."""
    newer = aliased(RunClient)
    again = select(newer.id).where(
        newer.tenant_id == RunClient.tenant_id, newer.client_id == RunClient.client_id, newer.id > RunClient.id,
        newer.state != "pending",
    )  # fmt: skip
    run = (Run.tenant_id == RunClient.tenant_id) & (Run.id == RunClient.run_id)
    client = (Client.tenant_id == RunClient.tenant_id) & (Client.id == RunClient.client_id)
    rows = select(
        RunClient.id, RunClient.client_id, Client.name.label("client_name"), RunClient.run_id, Run.window_start, Run.window_end,
        RunClient.reason_code, RunClient.reason, RunClient.mend_url,
    ).join(Client, client).join(Run, run).where(RunClient.state == "parked", ~exists(again))  # fmt: skip
    return paginate(ctx, rows, query, sortable={"client_id": RunClient.client_id}, default="client_id")


def bill_parked(ctx: CallContext, parked_ids: Sequence[UUID]) -> Run:
    """Start a run over clients of the list of parked ones, for all the days that they were parked in. Raises InvalidInput."""
    run = (Run.tenant_id == RunClient.tenant_id) & (Run.id == RunClient.run_id)
    wanted = select(RunClient.client_id, Run.window_start, Run.window_end).join(Run, run).where(among(RunClient.id, parked_ids))
    rows = ctx.session.execute(wanted).all()
    if not rows:
        raise InvalidInput(errors={"ids": "Choose at least one client of the list."})
    clients, starts, ends = zip(*rows, strict=True)
    return start_run(ctx, client_ids=list(dict.fromkeys(clients)), window_start=min(starts), window_end=max(ends))
