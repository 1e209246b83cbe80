"""Finalizing and voiding: number, parties, ledger, hash chain, status and events in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from sqlalchemy import func, select

from kernel import audit, events
from kernel.db import among, cursor
from kernel.errors import InvalidInput
from kernel.hookspecs.tax import TaxSource
from plugins.billing.bulk import Batch, audit_batch, read_rows
from plugins.billing.chain import add_links, link_batch
from plugins.billing.contracts.ends import let_go_of_days
from plugins.billing.contracts.turns import begin_change
from plugins.billing.credits.applying import apply_held, hold_automatic, reverse_applications
from plugins.billing.credits.moving import give_credit, lock_credits, move_credit
from plugins.billing.errors import (
    CreditUsed,
    InvoiceNotDraft,
    InvoiceNotFinal,
    InvoiceNotFound,
    InvoiceSettled,
    TaxAmountsPending,
)
from plugins.billing.fees_back import has_fees_back
from plugins.billing.invoices import get_invoice, lock_invoice
from plugins.billing.layouts.asking import final_versions
from plugins.billing.ledger import Booking, find_entry, post_entries, reverse_entry
from plugins.billing.models import Credit, Invoice, PaymentAllocation
from plugins.billing.numbering import Number, take_numbers
from plugins.billing.parties import find_parties
from plugins.billing.said import check_reason
from plugins.billing.settings import billing_settings
from plugins.billing.sources import release_sources

if TYPE_CHECKING:
    from kernel.context import CallContext

MOST = 500
_FINAL = """
update billing_invoices i
set status = 'finalized', finalized_at = %s, updated_at = %s, version = i.version + 1, parties = x.parties,
  layout_version_id = x.layout_id, serial = x.serial, number = x.number
from json_to_recordset(%s::json) as x(id uuid, parties jsonb, layout_id uuid, serial bigint, number text)
where i.tenant_id = %s and i.id = x.id
"""


def finalize_invoice(ctx: CallContext, invoice_id: UUID) -> Invoice:
    """Finalize one draft. Raises InvoiceNotFound, InvoiceNotDraft and TaxAmountsPending."""
    return finalize_invoices(ctx, [invoice_id])[0]


def finalize_invoices(ctx: CallContext, invoice_ids: Sequence[UUID]) -> list[Invoice]:
    """Finalize drafts, all or none. From then on they never change; corrections are credit notes. What the client has as
    credits pays them at once where its rules say so; credit notes and, if so set, prepayments give theirs.

    Raises InvoiceNotFound, InvoiceNotDraft, TaxAmountsPending, LayoutNotGiven, and InvalidInput for more than 500 at once.
    """
    wanted = sorted(set(invoice_ids))
    if len(wanted) > MOST:
        raise InvalidInput(errors={"ids": f"At most {MOST} invoices are finalized at once."})
    finalize_batch(ctx, wanted)
    return _mapped(ctx, wanted)


def _mapped(ctx: CallContext, ids: Sequence[UUID]) -> list[Invoice]:
    """Invoices as they are by now."""
    return list(ctx.session.scalars(select(Invoice).where(among(Invoice.id, ids)).order_by(Invoice.id),
                                    execution_options={"populate_existing": True}))  # fmt: skip


def finalize_batch(ctx: CallContext, invoice_ids: Sequence[UUID]) -> None:
    """`finalize_invoices` for a billing run, which knows how many it takes at once: a fixed number of statements for any
    number, the series held from the numbers on. The drafts are read as plain rows, for there are thousands of them.
    """
    found = _locked_drafts(ctx, invoice_ids)
    if not found:
        return
    layouts = final_versions(ctx, found)
    held, parties = hold_automatic(ctx, found), find_parties(ctx, found)
    drafts = numbered(ctx, found)
    _make_final(ctx, drafts, parties, layouts)
    keep_books(ctx, drafts, held)


Held = dict[tuple[UUID, str], list[Credit]]
"""Credits by client and currency, as `hold_automatic` gives them."""


def keep_books(ctx: CallContext, final: Sequence[Any], held: Held, written: Mapping[UUID, bytes] | None = None,
               *before: Batch) -> None:  # fmt: skip
    """What is said and booked of invoices that become final: seals, the ledger, events, credits given and `held` ones used.

    `written` and `before` are for invoices that are written only now: the hashes of what will stand on them, and their rows.
    """
    in_order = sorted(final, key=lambda one: (one.series, one.serial))
    early = billing_settings(ctx)["prepayment_credit"] == "finalize"
    entry_ids = post_entries(ctx, [booking(one, early) for one in in_order], *before, *_sealed(ctx, in_order, written))
    events.publish_many(ctx, "invoice.finalized", [summary(one) for one in in_order])
    _give_credits(ctx, in_order, entry_ids, early)
    if held:
        mapped = {one.id: one for one in _mapped(ctx, [one.id for one in in_order])}
        apply_held(ctx, [mapped[one.id] for one in in_order], held)


def _give_credits(ctx: CallContext, in_order: Sequence[Any], entry_ids: Sequence[UUID], early: bool) -> None:
    giving = {"credit_note", "prepayment"} if early else {"credit_note"}
    for one, entry_id in zip(in_order, entry_ids, strict=True):
        if one.kind in giving and one.total:
            give_credit(ctx, one.client_id, one.currency, one.total, origin=one.kind, entry_id=entry_id, invoice_id=one.id)


def _locked_drafts(ctx: CallContext, ids: Sequence[UUID]) -> list[Invoice]:
    wanted = select(Invoice.__table__).where(among(Invoice.id, ids)).order_by(Invoice.id)
    found: list[Invoice] = read_rows(ctx.session, wanted.with_for_update())
    if len(found) != len(ids):
        raise InvoiceNotFound("There is no invoice with this id.")
    for invoice in found:
        check_draft(invoice)
    return found


def check_draft(invoice: Any) -> None:
    """Raise InvoiceNotDraft or TaxAmountsPending for what cannot become final."""
    if invoice.status != "draft":
        raise InvoiceNotDraft(f"{invoice.number} is {invoice.status} already.")
    if invoice.tax_source == TaxSource.PENDING_EXTERNAL:
        raise TaxAmountsPending(f"Import the tax amounts of {invoice.number} first, or let its taxes be reckoned here.")


def numbered(ctx: CallContext, drafts: Sequence[Any]) -> list[Any]:
    """The drafts with numbers, new ones by invoice date for those that have none yet; not written yet."""
    settings, numbers = billing_settings(ctx), dict[UUID, Number]()
    waiting = sorted((one for one in drafts if one.serial is None), key=lambda one: (one.invoice_date, one.id))
    for series in sorted({one.series for one in waiting}):
        same = [one for one in waiting if one.series == series]
        taken = take_numbers(ctx, series, [one.invoice_date for one in same], settings)
        numbers |= {one.id: number for one, number in zip(same, taken, strict=True)}
    return [one._replace(serial=number.serial, number=number.text) if (number := numbers.get(one.id)) else one for one in drafts]


def _make_final(ctx: CallContext, drafts: Sequence[Invoice], parties: Mapping[UUID, dict[str, Any]],
                layouts: Mapping[UUID, UUID]) -> None:  # fmt: skip
    """Write what makes them final by one statement."""
    now = ctx.now()
    rows = [{"id": one.id, "parties": parties[one.id], "layout_id": layouts[one.id], "serial": one.serial, "number": one.number}
            for one in drafts]  # fmt: skip
    with cursor(ctx.session) as cur:
        done = cur.execute(_FINAL, [now, now, orjson.dumps(rows, default=str).decode(), ctx.tenant_id]).rowcount
    if done != len(drafts):
        raise InvoiceNotDraft("An invoice was changed meanwhile. Load it again.")


def _sealed(ctx: CallContext, in_order: Sequence[Invoice], written: Mapping[UUID, bytes] | None) -> list[Batch]:
    """Links for what became final, each series in the order of its numbers, and entries that record who did it."""
    links = [link_batch(ctx, series, "finalized", [one.id for one in in_order if one.series == series], written)
             for series in sorted({one.series for one in in_order})]  # fmt: skip
    return [audit_batch(ctx, "invoice.finalized", "invoice", [(one.id, one.number) for one in in_order]), *links]


def booking(invoice: Any, early: bool) -> Booking:
    """A sale is owed by the client; a credit note is owed to the client until a credit is applied; a prepayment earns
    nothing: it is owed by the client and, once paid (or `early`, at once), to the client."""
    total = invoice.total
    if invoice.kind == "invoice":
        words, amounts = "Invoice", {"receivable": total, "revenue": -invoice.subtotal, "tax": -invoice.tax}
    elif invoice.kind == "prepayment":
        words, amounts = "Prepayment", {"receivable": total, "credit" if early else "prepayment": -total}
    else:
        words, amounts = "Credit note", {"revenue": invoice.subtotal, "tax": invoice.tax, "credit": -total}
    return Booking(invoice.kind, invoice.invoice_date, invoice.currency, invoice.client_id, invoice.id,
                   f"{words} {invoice.number}", amounts)  # fmt: skip


def summary(invoice: Invoice) -> dict[str, object]:
    """What events say of an invoice."""
    return {"invoice_id": invoice.id, "number": invoice.number, "client_id": invoice.client_id,
            "currency": invoice.currency, "total": invoice.total, "kind": invoice.kind}  # fmt: skip


def void_invoice(ctx: CallContext, invoice_id: UUID, reason: str) -> Invoice:
    """Take a finalized invoice, prepayment or credit note back: the ledger is reversed, what it billed can be billed again,
    credits that paid it are the client's again, and the credit that it gave is withdrawn.

    Raises InvalidInput without a reason, InvoiceNotFinal, InvoiceSettled when it is paid by money or credited,
    and CreditUsed.
    """
    said = check_reason(reason, "why the invoice is void")
    begin_change(ctx)  # what a run takes back just now has been read from what is void here
    original = _credited_invoice(ctx, invoice_id)
    invoice = lock_invoice(ctx, invoice_id)
    if invoice.status != "finalized":
        raise InvoiceNotFinal(f"{invoice.number} is {invoice.status}. Only a finalized invoice can be voided.")
    if is_paid(ctx, invoice) or invoice.credited:
        raise InvoiceSettled("Take back its payments first; what credit notes took back stays as it is.")
    if has_fees_back(ctx, invoice.id):
        raise InvoiceSettled("A fee that it charged is taken back on a later invoice. Void or delete that one first.")
    let_go_of_days(ctx, invoice.id)
    reverse_applications(ctx, invoice)
    credit = _unspent_credit(ctx, invoice)
    release_sources(ctx, invoice.id)
    entry_id = reverse_entry(ctx, find_entry(ctx, invoice.id), f"Void {invoice.number}: {said}")
    if credit is not None:
        move_credit(ctx, credit, "withdrawn", -credit.remaining, entry_id, reason=said)
    if original is not None:
        original.credited -= invoice.total
    invoice.status, invoice.voided_at, invoice.void_reason = "void", ctx.now(), said
    ctx.session.flush()
    add_links(ctx, invoice.series, "voided", [invoice.id])
    audit.record(ctx, "invoice.voided", kind="invoice", row_id=invoice.id, label=invoice.number, changes={"reason": reason})
    events.publish(ctx, "invoice.voided", {**summary(invoice), "reason": invoice.void_reason})
    return invoice


def _credited_invoice(ctx: CallContext, invoice_id: UUID) -> Invoice | None:
    """The invoice that this one, if it is a credit note, corrects; locked first, as credit notes are written."""
    invoice = get_invoice(ctx, invoice_id)
    return None if invoice.credit_of_id is None else lock_invoice(ctx, invoice.credit_of_id)


def is_paid(ctx: CallContext, invoice: Invoice) -> bool:
    """Whether money (not only credits) has paid some of an invoice."""
    paid = select(func.sum(PaymentAllocation.amount)).where(PaymentAllocation.invoice_id == invoice.id)
    return bool(invoice.settled and ctx.session.scalar(paid))


def _unspent_credit(ctx: CallContext, invoice: Invoice) -> Credit | None:
    """The credit that a credit note or prepayment gave. Raises CreditUsed when some of it is gone."""
    ids = list(ctx.session.scalars(select(Credit.id).where(Credit.invoice_id == invoice.id)))
    credits = lock_credits(ctx, ids)
    if any(one.remaining != one.amount for one in credits):
        raise CreditUsed(f"The credit of {invoice.number} is spent. Take it back from the invoices it paid first.")
    return credits[0] if credits else None
