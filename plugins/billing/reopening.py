"""Making a finalized invoice a draft again, or void with a copy to go on with."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from kernel import audit, events
from kernel.errors import DeskhandError
from kernel.hookspecs.directory import Ref
from plugins.billing.chain import add_links
from plugins.billing.contracts.ends import has_days_back
from plugins.billing.credits.applying import reverse_applications
from plugins.billing.drafts import Draft
from plugins.billing.due.values import DueLine
from plugins.billing.due.values import Source as DueSource
from plugins.billing.errors import InvoiceNotFinal, InvoiceSettled, NotUnfinalizable
from plugins.billing.fees_back import has_fees_back
from plugins.billing.finalizing import is_paid, summary, void_invoice
from plugins.billing.funnel import write_invoices
from plugins.billing.invoices import as_asked, as_due, get_invoice, list_discounts, list_lines, lock_invoice
from plugins.billing.ledger import find_entry, reverse_entry
from plugins.billing.manual import resolve_discounts
from plugins.billing.models import Invoice, Sending, Source
from plugins.billing.numbering import hold_series
from plugins.billing.receivables.terms import agree
from plugins.billing.reckoning import assemble

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kernel.context import CallContext


def unfinalize_invoice(ctx: CallContext, invoice_id: UUID) -> Invoice:
    """Make the last invoice of its series a draft again, with its number; the chain says so, and the ledger is reversed.

    Credits that paid it are the client's again. Raises InvoiceNotFinal, and NotUnfinalizable when a later number was given,
    when it was sent, is paid or credited, is no plain invoice, or another room (such as an export) has taken it over.
    """
    invoice = lock_invoice(ctx, invoice_id)
    if invoice.status != "finalized":
        raise InvoiceNotFinal(f"{invoice.number} is {invoice.status}. Only a finalized invoice becomes a draft again.")
    if reason := _in_the_way(ctx, invoice):
        raise NotUnfinalizable(f"{reason} Void it and go on with a copy.")
    reverse_applications(ctx, invoice)
    hold_series(ctx, invoice.series)
    if _has_later(ctx, invoice):
        raise NotUnfinalizable(f"A number after {invoice.number} was given meanwhile. Void it and go on with a copy.")
    reverse_entry(ctx, find_entry(ctx, invoice.id), f"{invoice.number} is a draft again")
    add_links(ctx, invoice.series, "unfinalized", [invoice.id])
    invoice.status, invoice.finalized_at, invoice.parties, invoice.layout_version_id = "draft", None, None, None
    ctx.session.flush()
    audit.record(ctx, "invoice.unfinalized", kind="invoice", row_id=invoice.id, label=invoice.number)
    events.publish(ctx, "invoice.unfinalized", summary(invoice))
    return invoice


def _in_the_way(ctx: CallContext, invoice: Invoice) -> str:
    if invoice.kind != "invoice":
        return f"{invoice.number} has given a credit."
    if _has_later(ctx, invoice):
        return f"Numbers after {invoice.number} are given already."
    if ctx.session.scalar(select(Sending.id).where(Sending.invoice_id == invoice.id).limit(1)) is not None:
        return f"{invoice.number} was sent to the client."
    if has_days_back(ctx, invoice.id):
        return f"Days of {invoice.number} are taken back."
    if has_fees_back(ctx, invoice.id):
        return f"A fee of {invoice.number} is taken back."
    if is_paid(ctx, invoice) or invoice.credited:
        return f"{invoice.number} is paid or credited."
    refs = [Ref("invoice", invoice.id)]
    answers = ctx.hooks.collect_blockers(ctx=ctx, refs=refs) + ctx.hooks.silenced.collect_blockers(ctx=ctx, refs=refs)
    held = [one.label for answer in answers for one in answer]
    return f"{invoice.number} is held by: {', '.join(held)}." if held else ""


def _has_later(ctx: CallContext, invoice: Invoice) -> bool:
    later = select(Invoice.id).where(Invoice.series == invoice.series, Invoice.serial > invoice.serial).limit(1)
    return ctx.session.scalar(later) is not None


def void_and_copy(ctx: CallContext, invoice_id: UUID, reason: str) -> Invoice:
    """Void a finalized invoice and write the same lines as a new draft of today, at the same prices, which bills the same
    work and periods; returns the draft.

    Raises what voiding raises, InvoiceNotFinal for credit notes, and what the tax provider refuses.
    """
    original = get_invoice(ctx, invoice_id)
    if original.kind == "credit_note":
        raise InvoiceNotFinal(f"{original.number} is a credit note. Void it, and write another one on the invoice.")
    if has_days_back(ctx, invoice_id):
        raise InvoiceSettled(f"Days of {original.number} are taken back. Void it; the next run bills the others.")
    bills = _sources(ctx, invoice_id)
    void_invoice(ctx, invoice_id, reason)
    [assembled] = assemble(ctx, [_copy(ctx, original, bills)])
    if isinstance(assembled, DeskhandError):
        raise assembled
    [written] = write_invoices(ctx, [assembled])
    audit.record(ctx, "invoice.copied", kind="invoice", row_id=written.id, label=written.number, changes={"of": original.number})
    return get_invoice(ctx, written.id)


def _sources(ctx: CallContext, invoice_id: UUID) -> dict[UUID, list[DueSource]]:
    """What each line bills; as version 0, which takes the rows as they are, since nobody else can have them meanwhile."""
    bills: dict[UUID, list[DueSource]] = {}
    live = Source.invoice_id == invoice_id, Source.live
    for one in ctx.session.scalars(select(Source).where(*live).order_by(Source.id)):
        bills.setdefault(one.line_id, []).append(DueSource(one.source_kind, one.source_id, one.period_key, one.amount))
    return bills


def _copy(ctx: CallContext, original: Invoice, bills: Mapping[UUID, Sequence[DueSource]]) -> Draft:
    stored = list_lines(ctx, original.id)
    lines = [_with_sources(as_due(line), bills.get(line.id, ())) for line in stored]
    discounts = [as_asked(at, one) for at, one in enumerate(list_discounts(ctx, original.id))]
    typed = None if original.terms_id else ctx.today() + (original.due_date - original.invoice_date)
    agreed = agree(ctx, original.client_id, ctx.today(), original.terms_id, typed)
    return Draft(
        client_id=original.client_id, currency=original.currency, invoice_date=ctx.today(), lines=lines,
        discounts=resolve_discounts(discounts, lines), po_number=original.po_number, notes=original.notes,
        origin=original.origin, kind=original.kind, contract_ids=tuple(UUID(one) for one in original.contract_ids),
        run_id=original.run_id, **agreed._asdict(),
    )  # fmt: skip


def _with_sources(line: DueLine, sources: Sequence[DueSource]) -> DueLine:
    line.sources.extend(sources)
    return line
