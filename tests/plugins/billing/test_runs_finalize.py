"""A run that finalizes what it writes: numbers, ledger, seals and events are those of drafts finalized by hand."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from kernel import jobs
from kernel.audit import AuditEntry
from kernel.context import Actor
from kernel.events import OutboxEvent
from kernel.tenancy import change_settings
from plugins.billing import finalizing, runs
from plugins.billing.chain import verify_chain
from plugins.billing.ledger import trial_balance
from plugins.billing.listing import draft_ids
from plugins.billing.models import ChainLink, Invoice
from tests.plugins.billing.invoice_desk import lay_out_taxes
from tests.plugins.billing.test_runs import SEPTEMBER, contracts

COUNT = 70  # more than go as arrays


def bill(world: Any, *, finally_: bool) -> list[tuple[Any, ...]]:
    """What a run leaves behind in a world, by numbers instead of ids."""
    with world.call(Actor.system()) as ctx:
        contracts(ctx, COUNT, lay_out_taxes(ctx))
        change_settings(ctx, "billing", {"runs_finalize": finally_, "number_at": "finalize"})
    with world.call("carol") as ctx:
        runs.start_run(ctx, **SEPTEMBER)
    jobs.drain(world.kernel, world.tenant_id)
    with world.call(Actor.system()) as ctx:
        if not finally_:
            finalizing.finalize_invoices(ctx, draft_ids(ctx))
    with world.call("carol") as ctx:
        rows = select(
            Invoice.number, Invoice.status, Invoice.total, Invoice.parties, Invoice.version, Invoice.layout_version_id.is_(None)
        )
        found = [tuple(row) for row in ctx.session.execute(rows.order_by(Invoice.number))]
        assert verify_chain(ctx, "invoice") == []
        assert all(one["balance"] for one in trial_balance(ctx))
        said = select(func.count()).select_from(OutboxEvent).where(OutboxEvent.name == "invoice.finalized")
        recorded = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "invoice.finalized")
        assert (ctx.session.scalar(said), ctx.session.scalar(recorded)) == (COUNT, COUNT)
        assert ctx.session.scalar(select(func.count()).select_from(ChainLink)) == COUNT
        return [*found, *[tuple(one.items()) for one in trial_balance(ctx)]]


def test_a_run_that_finalizes_leaves_what_finalizing_its_drafts_leaves(acme: Any, beta: Any) -> None:
    ours, theirs = bill(acme, finally_=True), bill(beta, finally_=False)
    assert [one[0] for one in ours[:COUNT]] == [f"INV-{number:06}" for number in range(1, COUNT + 1)]
    assert {one[1] for one in ours[:COUNT]} == {"finalized"}
    assert [(one[0], one[2], one[3]["buyer"]) for one in ours[:COUNT]] == [
        (one[0], one[2], one[3]["buyer"]) for one in theirs[:COUNT]
    ]
    assert ours[COUNT:] == theirs[COUNT:]
