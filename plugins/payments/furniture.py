"""A payment by card, laid out for the house rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from kernel.context import CallContext
from kernel.ids import uuid7
from plugins.payments.links import make_setup_link
from plugins.payments.models import Attempt, AttemptInvoice, Dispute, Mandate, OnlineRefund

NEEDS = ("client_id", "invoice_id")


def furnish(ctx: CallContext, there: Mapping[str, UUID]) -> dict[str, UUID]:
    """A refused charge by consent, with a refund and a dispute beside it."""
    make_setup_link(ctx, there["client_id"])
    mandate = Mandate(id=uuid7(), client_id=there["client_id"], provider="stripe", customer="cus_1", method="pm_1",
                      label="Visa •••• 4242", given_by="Dana", given_at=ctx.now())  # fmt: skip
    attempt = Attempt(
        id=uuid7(), client_id=there["client_id"], mandate_id=mandate.id, kind="auto", provider="stripe", currency="EUR",
        amount=1000, state="failed", payment="pi_1", customer="cus_1", refused_code="generic_decline",
        refused_words="Your card was declined.", looked_at=ctx.now(), started_at=ctx.now() - timedelta(hours=1),
        ended_at=ctx.now(),
    )  # fmt: skip
    for row in (mandate, attempt):
        ctx.session.add(row)
        ctx.session.flush()
    ctx.session.add(
        AttemptInvoice(attempt_id=attempt.id, invoice_id=there["invoice_id"], number="INV-1", amount=1000, live=False)
    )
    ctx.session.add(OnlineRefund(attempt_id=attempt.id, amount=100, asked_by="Carol", asked_at=ctx.now(), state="failed",
                                 provider_ref="re_1"))  # fmt: skip
    ctx.session.add(Dispute(attempt_id=attempt.id, provider_ref="dp_1", amount=100, state="asked", reason="general",
                            opened_at=ctx.now()))  # fmt: skip
    ctx.session.flush()
    return {"attempt_id": attempt.id, "mandate_id": mandate.id, "invoice_ids": there["invoice_id"]}
