"""What receivables answer to other rooms' pages."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from kernel.context import CallContext
from kernel.hookspecs.accounting import Ours
from kernel.hookspecs.directory import Blocker, Ref
from kernel.hookspecs.screen import Panel
from plugins.billing.models import Reminder
from plugins.billing.receivables.terms import list_terms


def panels(ref: Ref) -> list[Panel]:
    """How a client pays, on the client's page."""
    return [Panel("Payment", f"/payers/{ref.id}", "invoice.read", 55)] if ref.kind == "client" else []


def blockers(ctx: CallContext, refs: Sequence[Ref]) -> list[Blocker]:
    """What a client was reminded of stays final."""
    ids = [ref.id for ref in refs if ref.kind == "invoice"]
    found = ctx.session.execute(
        select(Reminder.invoice_id, func.count()).where(Reminder.invoice_id.in_(ids)).group_by(Reminder.invoice_id)
    ).all() if ids else []  # fmt: skip
    return [Blocker(Ref("invoice", invoice_id), "reminder", count, f"{count} reminders") for invoice_id, count in found]


def ours(ctx: CallContext, kind: str) -> list[Ours]:
    """The terms of payment, for accounting systems."""
    return [Ours(str(one.id), one.name, url="/payment-terms") for one in list_terms(ctx)] if kind == "term" else []
