"""What the room of online payments answers to other rooms: panels, blockers, the dashboard's card."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from kernel.context import CallContext
from kernel.hookspecs.directory import Blocker, Ref
from kernel.hookspecs.screen import Card, Panel
from plugins.payments.models import Attempt

CARDS = [Card("/online-payments/card", "online_payment.read", 55, 4)]


def panels(ref: Ref) -> list[Panel]:
    """Paying online, on the pages of invoices and clients."""
    if ref.kind == "invoice":
        return [Panel("Online payment", f"/online-payments/of-invoice/{ref.id}", "online_payment.read", 30)]
    if ref.kind == "client":
        return [Panel("Automatic payments", f"/online-payments/of-client/{ref.id}", "online_payment.read", 65)]
    return []


def blockers(ctx: CallContext, refs: Sequence[Ref]) -> list[Blocker]:
    """Clients who tried to pay online are not deleted."""
    ids = {ref.id for ref in refs if ref.kind == "client"}
    if not ids:
        return []
    counts = select(Attempt.client_id, func.count()).where(Attempt.client_id.in_(ids)).group_by(Attempt.client_id)
    return [Blocker(Ref("client", client_id), "online_payment", count, f"{count} online payments")
            for client_id, count in ctx.session.execute(counts)]  # fmt: skip
