"""What events of billing, and a connection that changed, make of targets' work."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import or_, select

from kernel.hookspecs.connections import Connection
from kernel.hookspecs.notify import Event
from kernel.hookspecs.receipts import CreditUse
from plugins.accounting.batches import (
    get_batch,
    list_documents,
    open_automatic,
    queue,
    recheck_open,
    refresh,
    take_papers,
)
from plugins.accounting.incoming.cursors import look_soon
from plugins.accounting.links import find_links
from plugins.accounting.models import ExportDocument, Outgoing, Target
from plugins.accounting.outgoing import add_work, reconsider, wake
from plugins.accounting.reopened import reopened_among, withdraw
from plugins.accounting.targets import halt, list_targets, systems_of
from plugins.accounting.taxing import follow, reckoners
from plugins.accounting.validating import validate

if TYPE_CHECKING:
    from kernel.context import CallContext


_ASIDE = ("left_out", "cancelled")
_GONE_OUT = ("queued", "delivered")
_OF_DRAFTS = ("invoice.created", "invoice.changed", "invoice.deleted")


def react(ctx: CallContext, event: Event) -> None:
    """Let go out what an event is about, to each target that takes it; what did not go out yet and counts no more stays here. A
    draft that waits for its taxes is asked about.

    Voids, money and questions wait where a target is paused or its room is switched off; documents are for a batch by hand then.
    """
    if event.name in _OF_DRAFTS:
        if event.name == "invoice.deleted" or reckoners(ctx):
            follow(ctx, [event.payload["invoice_id"]])
        return
    for target in list_targets(ctx):
        if event.name == "invoice.unfinalized":
            _reopen(ctx, target, event.payload["invoice_id"])
        elif event.name == "invoice.voided":
            _withdraw_void(ctx, target, event.payload["invoice_id"])
        if target.connection_id is None:
            continue
        if event.name == "invoice.finalized":
            _export(ctx, target, event.payload["invoice_id"])
        elif event.name == "invoice.voided":
            _void(ctx, target, event.payload["invoice_id"], event.payload["kind"])
        elif target.send_payments and event.payload.get("payment_id"):
            _pay(ctx, target, event.payload["payment_id"])
        elif target.send_payments and event.payload.get("credit_id"):
            _use_credit(ctx, target, event.payload["credit_id"], event.payload.get("invoice_id"))


def _export(ctx: CallContext, target: Target, invoice_id: UUID) -> None:
    paper = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=[invoice_id]).get(invoice_id)
    wanted = paper is not None and paper.status == "finalized" and paper.kind != "prepayment"
    goes = target.auto_export and target.active and target.system in systems_of(ctx)
    if not goes or not wanted or paper.invoice_date < target.starts_on:
        return
    batch = open_automatic(ctx, target)
    take_papers(ctx, target, batch, [paper])
    fresh = [one for one in list_documents(ctx, batch.id, "open") if one.invoice_id == invoice_id]
    if not fresh:  # the event was told before, or a batch by hand has it
        refresh(ctx, get_batch(ctx, batch.id, lock=True))
        return
    validate(ctx, target, fresh)
    queue(ctx, target, [one for one in fresh if one.state == "ready"])
    batch = get_batch(ctx, batch.id, lock=True)
    batch.job_id = wake(ctx, target.id)
    refresh(ctx, batch)


def _void(ctx: CallContext, target: Target, invoice_id: UUID, kind: str) -> None:
    """What may be there is voided there."""
    row = _document_of(ctx, target, invoice_id)
    if row is not None or find_links(ctx, target.id, kind, [invoice_id]):
        add_work(ctx, target.id, kind, invoice_id, action="void", label=row.number if row else "")
        wake(ctx, target.id)


def _withdraw_void(ctx: CallContext, target: Target, invoice_id: UUID) -> None:
    """What is not on its way stays here, also where nothing goes out by itself."""
    row = _document_of(ctx, target, invoice_id)
    if row is not None and row.state not in _GONE_OUT:
        withdraw(ctx, row, "", "")
        refresh(ctx, get_batch(ctx, row.batch_id, lock=True))


def _reopen(ctx: CallContext, target: Target, invoice_id: UUID) -> None:
    """What did not go out is withdrawn; what did, because both happened at once, is found by a look at what stands there."""
    row = _document_of(ctx, target, invoice_id)
    if row is None or not reopened_among(ctx, [row]):
        return
    if row.state not in _GONE_OUT:
        withdraw(ctx, row)
        refresh(ctx, get_batch(ctx, row.batch_id, lock=True))
    elif target.connection_id is not None and target.active:
        look_soon(ctx, target, everything=True)


def _document_of(ctx: CallContext, target: Target, invoice_id: UUID) -> ExportDocument | None:
    """The document that stands for an invoice; its batch is held, so that it does not go out meanwhile."""
    mine = select(ExportDocument).where(ExportDocument.target_id == target.id, ExportDocument.invoice_id == invoice_id)
    row = ctx.session.scalar(mine.where(ExportDocument.state.not_in(_ASIDE)))
    if row is not None:
        get_batch(ctx, row.batch_id, lock=True)
        ctx.session.refresh(row)
    return row if row is not None and row.state not in _ASIDE else None


def _pay(ctx: CallContext, target: Target, payment_id: UUID) -> None:
    """A payment goes out, unless it came from there and is as it was told."""
    receipt = ctx.hooks.get_receipts(ctx=ctx, payment_ids=[payment_id]).get(payment_id)
    link = find_links(ctx, target.id, "payment", [payment_id]).get(payment_id)
    if receipt is None or (link is None and receipt.taken_back):
        reconsider(ctx, target.id, "payment", payment_id)
        return
    same = link is not None and not link.voided and not receipt.taken_back and link.total == receipt.amount - receipt.refunded
    if same or (link is not None and link.voided and receipt.taken_back):
        return
    add_work(ctx, target.id, "payment", payment_id, label=receipt.reference)
    wake(ctx, target.id)


def _use_credit(ctx: CallContext, target: Target, credit_id: UUID, invoice_id: UUID | None) -> None:
    """A credit that a payment gave changes what that payment pays; one of a credit note ties two documents together."""
    uses: list[CreditUse] = ctx.hooks.get_credit_uses(ctx=ctx, source_ids=[credit_id])
    for use in uses:
        if use.invoice_id != invoice_id:
            continue
        if use.origin in ("payment", "prepayment") and use.source_id:
            add_work(ctx, target.id, "payment", use.source_id)
        elif not use.reversed or find_links(ctx, target.id, "credit_use", [use.id]) or _is_out(ctx, target, use.id):
            add_work(ctx, target.id, "credit_use", use.id)
    wake(ctx, target.id)


def _is_out(ctx: CallContext, target: Target, our_id: UUID) -> bool:
    mine = select(Outgoing.id).where(Outgoing.target_id == target.id, Outgoing.our_id == our_id)
    return ctx.session.scalar(mine.where(or_(Outgoing.state == "waiting", Outgoing.state == "sending")).limit(1)) is not None


def connection_changed(ctx: CallContext, connection: Connection) -> None:
    """A connection was made, made anew, or is gone: its targets go on, or halt, and say so."""
    for target in list_targets(ctx):
        system = systems_of(ctx).get(target.system)
        if system is None or system.provider != connection.provider:
            continue
        mine = target.connection_id == connection.id
        if connection.state == "withdrawn":
            if mine:
                halt(ctx, target.id, "missing_connection", f"{connection.account_name} was disconnected.")
        elif connection.account_id == target.account_id:
            target.connection_id = connection.id
            halt(ctx, target.id, "", "")
            wake(ctx, target.id)
        elif mine:
            words = f"The connection opens {connection.account_name}, not {target.account_name}."
            halt(ctx, target.id, "wrong_company", words)
        ctx.session.flush()
        recheck_open(ctx, target.id)
