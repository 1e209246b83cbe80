"""Rows of credits, laid out for the house rules."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from plugins.billing import by_hand, finalizing, refunds
from plugins.billing.credits import applying, giving
from plugins.billing.manual import LineAsked
from plugins.billing.models import CreditFinding

if TYPE_CHECKING:
    from kernel.context import CallContext


def furnish_credits(ctx: CallContext, client_id: UUID) -> dict[str, UUID]:
    """A grant that has paid part of an invoice, one that was paid out, and a difference as the check would find it."""
    paid_out = giving.grant_credit(ctx, client_id, amount=50, reason="Late reply")
    refund = refunds.refund_credit(ctx, paid_out.id, amount=50)
    credit = giving.grant_credit(ctx, client_id, amount=300, reason="Late reply")
    draft = by_hand.create_invoice(ctx, client_id=client_id, lines=[LineAsked("lines[0]", "Cleaning", Decimal(1), 5_000)])
    finalizing.finalize_invoice(ctx, draft.id)
    application = next(one for one in applying.list_applications(ctx, draft.id) if one.credit_id == credit.id)
    finding = CreditFinding(kind="ledger", subject_id=client_id, client_id=client_id, currency=credit.currency, expected=1,
                            actual=0, found_at=ctx.now())  # fmt: skip
    ctx.session.add(finding)
    ctx.session.flush()
    return {"application_id": application.id, "finding_id": finding.id, "refund_id": refund.id}
