"""Rows of receivables for the house rules to knock with."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from kernel.context import CallContext
from kernel.ids import uuid7
from plugins.billing.models import Letter
from plugins.billing.receivables import late_fees, levels, payers, terms


def furnish_receivables(ctx: CallContext, client_id: UUID, invoice_id: UUID) -> Mapping[str, UUID]:
    """Terms of payment and a level of reminders that nobody has; a client with terms of its own; a held invoice; a late fee;
    a letter.
    """
    unused = terms.add_terms(ctx, code="net_45", name="Net 45 days", days=45)
    payers.change_payer(ctx, client_id, {"terms_id": terms.add_terms(ctx, code="net_50", name="Net 50 days", days=50).id})
    payers.hold_invoice(ctx, invoice_id, "The client says that the work was not done")
    _letter(ctx, client_id)
    rule = late_fees.add_rule(ctx, currency="NOK", kind="fixed", amount=10_000)
    return {"rule_id": rule.id, "terms_id": unused.id, "level_id": levels.add_level(ctx, name="Last call", days=800).id}


def _letter(ctx: CallContext, client_id: UUID) -> None:
    """A statement that was sent."""
    ctx.session.add(Letter(client_id=client_id, kind="statement", subject="Statement", body="Attached.", asked_by="Alice",
                           recipient="pay@contoso.example", mail_id=str(client_id), job_id=uuid7()))  # fmt: skip
    ctx.session.flush()
