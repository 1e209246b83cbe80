"""What credits have paid, for rooms that tell others about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import func, or_, select

from kernel.hookspecs.receipts import CreditUse
from plugins.billing.models import Credit, CreditApplication

if TYPE_CHECKING:
    from kernel.context import CallContext


def read_credit_uses(ctx: CallContext, source_ids: Sequence[UUID]) -> list[CreditUse]:
    """What these credits, or those that these credit notes and payments gave, have paid, in the order in which they did; uses may
    be named themselves.
    """
    source = func.coalesce(Credit.invoice_id, Credit.payment_id)
    use, same = CreditApplication, (Credit.tenant_id == CreditApplication.tenant_id) & (Credit.id == CreditApplication.credit_id)
    found = (
        select(use.id, use.credit_id, Credit.origin, source, use.invoice_id, Credit.client_id, Credit.currency, use.amount,
               use.applied_on, use.reversed_at.is_not(None))
        .join(Credit, same).where(or_(use.id.in_(source_ids), Credit.id.in_(source_ids), source.in_(source_ids))).order_by(use.id)
    )  # fmt: skip
    return [CreditUse(*row) for row in ctx.session.execute(found)] if source_ids else []
