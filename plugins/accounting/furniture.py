"""Books of a company, and a difference in them, laid out for the house rules."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select

from kernel.context import CallContext
from plugins.accounting.incoming.cursors import cursor_of
from plugins.accounting.incoming.discrepancies import About, Ledger
from plugins.accounting.incoming.drift import TOTAL, Difference
from plugins.accounting.incoming.models import Discrepancy
from plugins.accounting.models import Target


def furnish(ctx: CallContext, there: Mapping[str, UUID]) -> dict[str, UUID]:
    """Somebody changed the total of an invoice on the other side."""
    target = Target(system="quickbooks", name="QuickBooks Online", connection_id=ctx.tenant_id, account_id=ctx.tenant.slug,
                    starts_on=ctx.today(), created_at=ctx.now())  # fmt: skip
    ctx.session.add(target)
    ctx.session.flush()
    cursor_of(ctx, target)
    about = About("invoice", "145", None, there["client_id"], "INV-000042", "EUR")
    Ledger(ctx, target.id, ["145"]).weigh(about, [Difference(TOTAL, "12000", "11000")], [TOTAL])
    ctx.session.flush()
    exception_id = ctx.session.scalars(select(Discrepancy.id).where(Discrepancy.target_id == target.id)).one()
    return {"target_id": target.id, "exception_id": exception_id}
