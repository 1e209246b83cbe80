"""Payments and uses of credits as they are delivered: what of them goes to which document of theirs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from sqlalchemy import select

from kernel.hookspecs.accounting import External, Money, MoneyShare
from kernel.hookspecs.papers import InvoicePaper
from kernel.hookspecs.receipts import CreditUse, Receipt
from kernel.money import exponent
from plugins.accounting.links import find_links
from plugins.accounting.mapping import read_mappings
from plugins.accounting.models import ExportDocument, Link, Outgoing, Target
from plugins.accounting.outgoing import BY_HAND, WAITS, add_work
from plugins.accounting.settling import postpone

if TYPE_CHECKING:
    from kernel.context import CallContext

_LONG = timedelta(days=1)


class _Known(NamedTuple):
    """What the books know of the invoices and clients that money is about, and what our papers say of the rest."""

    invoices: Mapping[UUID, Link]
    customers: Mapping[UUID, Link]
    papers: Mapping[UUID, InvoicePaper]
    coming: frozenset[UUID]


def build_money(ctx: CallContext, target: Target, rows: Sequence[Outgoing]) -> dict[UUID, Money]:
    """Payments as they are now. One whose documents are not there yet waits; one that is gone is voided or dropped."""
    ids = [row.our_id for row in rows]
    receipts: Mapping[UUID, Receipt] = ctx.hooks.get_receipts(ctx=ctx, payment_ids=ids)
    uses = defaultdict[UUID, list[CreditUse]](list)
    for use in ctx.hooks.get_credit_uses(ctx=ctx, source_ids=ids):
        if use.source_id and not use.reversed:
            uses[use.source_id].append(use)
    shares = {one: shares_of(receipt, uses[one]) for one, receipt in receipts.items()}
    known = _look_up(ctx, target, {invoice for some in shares.values() for invoice in some},
                     {one.client_id for one in receipts.values()})  # fmt: skip
    links, deposit = find_links(ctx, target.id, "payment", ids), read_mappings(ctx, target).own("account", "deposit")
    values = {}
    for row in rows:
        receipt = receipts.get(row.our_id)
        if receipt is None or receipt.taken_back or receipt.amount == receipt.refunded:
            lost = _may_be_there(row, links.get(row.our_id)) and receipt is not None and receipt.client_id in known.customers
            _withdraw(ctx, target, row, links.get(row.our_id), lost=lost)
            if not lost or receipt is None:
                continue
            parts: tuple[MoneyShare, ...] | None = ()
        else:
            parts = _ready_shares(ctx, target, row, receipt.client_id, shares[receipt.id], known)
        if parts is not None:
            values[row.id] = Money(
                receipt.id, row.request_id, known.customers[receipt.client_id].external_id, receipt.currency,
                exponent(receipt.currency), receipt.amount - receipt.refunded or receipt.amount, receipt.received_on,
                receipt.reference, parts, _external(links.get(row.our_id)), deposit.external_id if deposit else None,
                receipt.method,
            )  # fmt: skip
    return values


def shares_of(receipt: Receipt, uses: Sequence[CreditUse]) -> dict[UUID, int]:
    """What each invoice has of a payment, also by the credit that it gave."""
    shares: dict[UUID, int] = defaultdict(int)
    for one in (*receipt.shares, *uses):
        shares[one.invoice_id] += one.amount
    return {invoice: amount for invoice, amount in shares.items() if amount > 0}


def build_uses(ctx: CallContext, target: Target, rows: Sequence[Outgoing]) -> dict[UUID, Money]:
    """What credit notes paid, each as a payment of nothing that ties the two documents together."""
    ids = [row.our_id for row in rows]
    uses = {one.id: one for one in ctx.hooks.get_credit_uses(ctx=ctx, source_ids=ids)}
    known = _look_up(ctx, target, {one.invoice_id for one in uses.values()}, {one.client_id for one in uses.values()})
    notes = find_links(ctx, target.id, "credit_note", [one.source_id for one in uses.values() if one.source_id])
    links, values = find_links(ctx, target.id, "credit_use", ids), {}
    for row in rows:
        use = uses.get(row.our_id)
        lost = _may_be_there(row, links.get(row.our_id))
        if use is None or use.reversed:
            _withdraw(ctx, target, row, links.get(row.our_id), lost=lost)
        if use is None or (use.reversed and not lost):
            continue
        if use.origin != "credit_note" or use.source_id is None:
            words = ("This credit was given without a document, so there is nothing to apply there and the invoice stays open. "
                     "Take the amount off it there by hand, then put this aside.")  # fmt: skip
            postpone(row, ctx.now() + _LONG, BY_HAND, words)
            row.mend_url = f"/invoices/{use.invoice_id}"
        elif use.source_id not in notes:
            _await(ctx, row, "Its credit note is not delivered yet.")
        else:
            parts = _ready_shares(ctx, target, row, use.client_id, {use.invoice_id: use.amount}, known)
            if parts:
                note = MoneyShare("credit_note", notes[use.source_id].external_id, use.amount)
                values[row.id] = Money(use.id, row.request_id, known.customers[use.client_id].external_id, use.currency,
                                       exponent(use.currency), 0, use.applied_on, row.label, (*parts, note),
                                       _external(links.get(row.our_id)))  # fmt: skip
            elif parts is not None:
                row.state, row.finished_at = "dropped", ctx.now()
    return values


def _look_up(ctx: CallContext, target: Target, invoices: set[UUID], clients: set[UUID]) -> _Known:
    links = find_links(ctx, target.id, "invoice", invoices)
    missing = [one for one in invoices if one not in links]
    papers = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=missing) if missing else {}
    coming = select(ExportDocument.invoice_id).where(
        ExportDocument.target_id == target.id, ExportDocument.invoice_id.in_(missing), ExportDocument.state == "left_out"
    )
    return _Known(links, find_links(ctx, target.id, "client", clients), papers, frozenset(ctx.session.scalars(coming)))


def _ready_shares(ctx: CallContext, target: Target, row: Outgoing, client_id: UUID, shares: Mapping[UUID, int],
                  known: _Known) -> tuple[MoneyShare, ...] | None:  # fmt: skip
    """What goes to documents of theirs; None where the money does not go out now.

    A prepayment is no document of theirs: its money goes out as not used yet. What pays only documents that never go there
    (dated before the first day, or left out) does not go there either.
    """
    parts, prepaid = [], not shares
    for invoice_id, amount in shares.items():
        link, paper = known.invoices.get(invoice_id), known.papers.get(invoice_id)
        if link is not None:
            parts.append(MoneyShare("invoice", link.external_id, amount))
        elif paper is not None and paper.kind == "prepayment":
            prepaid = True
        elif paper is not None and paper.invoice_date >= target.starts_on and invoice_id not in known.coming:
            _await(ctx, row, f"{paper.number} is not delivered yet.")
            return None
    if not parts and not prepaid:
        row.state, row.finished_at = "dropped", ctx.now()
        row.detail = "It pays documents that do not go there."
        return None
    if client_id not in known.customers:
        if target.provision:
            add_work(ctx, target.id, "client", client_id)
        _await(ctx, row, "Its client is no customer there yet.")
        return None
    return tuple(parts)


def _await(ctx: CallContext, row: Outgoing, words: str) -> None:
    postpone(row, ctx.now() + _LONG, WAITS, words)


def _may_be_there(row: Outgoing, link: Link | None) -> bool:
    """Whether money was sent, and nobody knows what became of it."""
    return link is None and row.attempts > 0


def _withdraw(ctx: CallContext, target: Target, row: Outgoing, link: Link | None, *, lost: bool) -> None:
    """Money that counts no more: void it there, if it is there. What may have arrived (`lost`) is sent once more under its
    request id, whose answer says which one it is; then it is void.
    """
    if not lost:
        row.state, row.finished_at = "dropped", ctx.now()
    if lost or (link is not None and not link.voided):
        add_work(ctx, target.id, row.kind, row.our_id, action="void", label=row.label)


def _external(link: Link | None) -> External | None:
    return External(link.external_id, link.external_version) if link and not link.voided else None
