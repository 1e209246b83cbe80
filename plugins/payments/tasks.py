"""Background work: asking the service, always between two transactions, never in one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import select

from kernel.hookspecs.paying import PaymentRefused, Seen
from kernel.jobs import enqueue
from plugins.payments import charging, refunding
from plugins.payments.applying import apply_seen, note_refund
from plugins.payments.models import Attempt
from plugins.payments.services import CHARGE, LOOK, REFUND, RETIRE, get_attempt, open_gateway, shares_of, sought
from plugins.payments.watching import due_looks, unanswered_refunds

if TYPE_CHECKING:
    from collections.abc import Generator

    from kernel.context import CallContext
    from kernel.hookspecs.notify import Event
    from kernel.jobs import JobRun


def look(job: JobRun) -> Generator[None, None, dict[str, Any]]:
    """Read an attempt at the service and bring our rows to it."""
    attempt_id = UUID(job.args["attempt_id"])
    with job.step() as ctx:
        attempt = get_attempt(ctx, attempt_id)
        gateway, wanted = open_gateway(ctx, attempt.provider), sought(attempt)
    yield
    seen = gateway.look(wanted)
    with job.step() as ctx:
        return {"state": apply_seen(ctx, attempt_id, seen).state}


def charge(job: JobRun) -> Generator[None, None, dict[str, Any]]:
    """Charge by consent. Each try has the attempt's own request id, so a lost answer is asked for, not paid, again."""
    attempt_id = UUID(job.args["attempt_id"])
    with job.step() as ctx:
        ready = charging.charge_asked(ctx, attempt_id)
        if ready is None:
            return {"state": "settled"}
        attempt, asked, again = ready
        gateway, wanted = open_gateway(ctx, attempt.provider), sought(attempt)
    yield
    try:
        seen = gateway.charge(asked) if asked else gateway.look(wanted)
    except PaymentRefused as refusal:
        refused = Seen("failed", refused_code="refused", refused_words=refusal.detail)
        seen = (gateway.look(wanted) or refused) if again else refused  # an earlier try may have been taken
    with job.step() as ctx:
        return {"state": apply_seen(ctx, attempt_id, seen).state}


def refund(job: JobRun) -> Generator[None, None, dict[str, Any]]:
    """Send money back, once whatever happens to the answer."""
    refund_id = UUID(job.args["refund_id"])
    with job.step() as ctx:
        ready = refunding.refund_asked(ctx, refund_id)
        if ready is None:
            return {"state": "settled"}
        attempt, asked = ready
        gateway, wanted = open_gateway(ctx, attempt.provider), sought(attempt)
    yield
    try:
        back = gateway.refund(asked)
    except PaymentRefused as refusal:
        seen = gateway.look(wanted)  # an earlier try may have been taken
        with job.step() as ctx:
            apply_seen(ctx, attempt.id, seen)
            return {"state": refunding.refuse(ctx, refund_id, refusal.detail)}
    with job.step() as ctx:
        note_refund(ctx, get_attempt(ctx, attempt.id, lock=True), back)
        return {"state": back.state}


def charge_all(job: JobRun) -> Generator[None, None, dict[str, Any]]:
    """Begin to charge what is due, one client in a transaction of its own."""
    with job.step() as ctx:
        waiting = charging.clients_to_charge(ctx)
    yield
    begun = 0
    for at, client_id in enumerate(waiting, 1):
        with job.step() as ctx:
            begun += charging.charge_client(ctx, client_id)
        job.progress(at, len(waiting))
        yield
    return {"begun": begun}


def watch(ctx: CallContext) -> dict[str, Any]:
    """Take up what no notice was heard of: attempts that live, refunds that were not answered."""
    found = due_looks(ctx)
    for attempt in found:
        kind = CHARGE if attempt.kind == "auto" and attempt.live and not attempt.payment else LOOK
        enqueue(ctx, kind, {"attempt_id": str(attempt.id)}, key=str(attempt.id))
    for row_id in unanswered_refunds(ctx):
        enqueue(ctx, REFUND, {"refund_id": str(row_id)}, key=str(row_id))
    return {"looked_at": len(found)}


def retire(job: JobRun) -> Generator[None, None, dict[str, Any]]:
    """Close the service's page of an attempt whose invoices were paid otherwise or are void."""
    attempt_id = UUID(job.args["attempt_id"])
    with job.step() as ctx:
        attempt = get_attempt(ctx, attempt_id)
        if attempt.state != "open" or not _is_stale(ctx, attempt):
            return {"state": attempt.state}
        gateway, wanted = open_gateway(ctx, attempt.provider), sought(attempt)
    yield
    seen = Seen("expired") if gateway.close_checkout(wanted.checkout) else gateway.look(wanted)
    with job.step() as ctx:
        return {"state": apply_seen(ctx, attempt_id, seen).state}


def _is_stale(ctx: CallContext, attempt: Attempt) -> bool:
    asked = {one.invoice_id: one.amount for one in shares_of(ctx, attempt.id)}
    papers = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=list(asked)).values()
    return {one.id: one.due for one in papers} != asked


def on_event(ctx: CallContext, event: Event) -> None:
    """An invoice became final: charge it where that is agreed. One was paid or void: its open pages ask for too much."""
    if event.name == "invoice.finalized":
        charging.charge_client(ctx, UUID(str(event.payload["client_id"])))
        return
    for attempt in _waiting_pages(ctx, UUID(str(event.payload["client_id"]))):
        enqueue(ctx, RETIRE, {"attempt_id": str(attempt.id)}, key=str(attempt.id))


def _waiting_pages(ctx: CallContext, client_id: UUID) -> list[Attempt]:
    """The pages of the service that wait for a client."""
    waiting = Attempt.client_id == client_id, Attempt.state == "open", Attempt.kind == "checkout"
    return list(ctx.session.scalars(select(Attempt).where(*waiting)))
