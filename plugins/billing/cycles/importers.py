"""Billing cycles from the file of clients."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from kernel.context import CallContext
from kernel.db import upsert
from kernel.hookspecs.transfer import Column, Importer, ImportRow, Resolver, RowError
from plugins.billing.contracts.schemas import CYCLES
from plugins.billing.contracts.turns import begin_change
from plugins.billing.models.buckets import ClientCycle

KIND = "client_billing_cycle"


def load_cycles(ctx: CallContext, every: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """The cycle of clients that have none yet; one that was set here is changed here, so that periods stay whole."""
    rows = [row for row in every if row.values["billing_cycle"]]
    begin_change(ctx)
    clients = resolver.resolve("client", [row.external_id for row in rows])
    known = dict(ctx.session.execute(
        select(ClientCycle.client_id, ClientCycle.cycle).where(ClientCycle.client_id.in_(clients.values()))
        .order_by(ClientCycle.starts_on.nulls_first())
    ).all())  # fmt: skip
    wrong = [
        RowError(row.line, "billing_cycle", f"The client is billed {known[clients[row.external_id]]}; change it on its page.")
        for row in rows if known.get(clients[row.external_id], row.values["billing_cycle"]) != row.values["billing_cycle"]
    ]  # fmt: skip
    fresh = [row for row in rows if clients[row.external_id] not in known]
    if fresh and not wrong:
        ids = resolver.claim(KIND, [row.external_id for row in fresh])
        upsert(ctx.session, ClientCycle, [
            {"id": ids[row.external_id], "client_id": clients[row.external_id], "cycle": row.values["billing_cycle"]}
            for row in fresh
        ])  # fmt: skip
    return wrong


IMPORTERS = (
    Importer(KIND, "clients.csv", 85, (Column("billing_cycle", "enum", choices=CYCLES),), load_cycles,
             "Billing cycles of clients"),
)  # fmt: skip
