"""Draft invoices: written by hand, changed, deleted; and reading any invoice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import delete, select, text

from kernel import audit, events
from kernel.errors import DeskhandError, InvalidInput, PreconditionFailed
from plugins.billing.bulk import among_asked, read_together
from plugins.billing.days import check_days
from plugins.billing.drafts import Assembled, Draft
from plugins.billing.due.values import DueLine
from plugins.billing.errors import InvoiceLineNotFound, InvoiceLinesFixed, InvoiceNotDraft, InvoiceNotFound, InvoiceWasFinal
from plugins.billing.funnel import author_key, write_parts
from plugins.billing.manual import DiscountAsked, resolve_discounts, resolve_lines
from plugins.billing.models import ChainLink, Invoice, InvoiceDiscount, InvoiceLine, InvoiceTax
from plugins.billing.periods import Period
from plugins.billing.receivables.terms import agree_again
from plugins.billing.reckoning import assemble
from plugins.billing.settings import billing_settings
from plugins.billing.sources import release_sources

if TYPE_CHECKING:
    from kernel.context import CallContext

_CLAIM = text("select pg_advisory_xact_lock(hashtextextended(:claim, 0))")
LONGEST_PO = 128
_HEADER = ("invoice_date", "po_number", "notes")
_TERMS = ("due_date", "terms_id", "early_percent", "early_until")


def get_invoice(ctx: CallContext, invoice_id: UUID) -> Invoice:
    """One invoice or credit note. Raises InvoiceNotFound."""
    return _found(ctx.session.scalar(select(Invoice).where(Invoice.id == invoice_id)))


def lock_invoice(ctx: CallContext, invoice_id: UUID) -> Invoice:
    """One invoice, held to the end of the transaction. Raises InvoiceNotFound."""
    wanted = select(Invoice).where(Invoice.id == invoice_id).with_for_update()
    return _found(ctx.session.scalar(wanted, execution_options={"populate_existing": True}))


def _found(invoice: Invoice | None) -> Invoice:
    if invoice is None:
        raise InvoiceNotFound("There is no invoice with this id.")
    return invoice


def list_lines(ctx: CallContext, invoice_id: UUID) -> list[InvoiceLine]:
    """An invoice's lines as printed."""
    return list(ctx.session.scalars(select(InvoiceLine).where(InvoiceLine.invoice_id == invoice_id)
                                    .order_by(InvoiceLine.position)))  # fmt: skip


def get_line(ctx: CallContext, invoice_id: UUID, line_id: UUID) -> InvoiceLine:
    """One line of an invoice. Raises InvoiceLineNotFound."""
    wanted = (InvoiceLine.id == line_id) & (InvoiceLine.invoice_id == invoice_id)
    line = ctx.session.scalar(select(InvoiceLine).where(wanted))
    if line is None:
        raise InvoiceLineNotFound("The invoice has no line with this id.")
    return line


def list_taxes(ctx: CallContext, invoice_id: UUID) -> list[InvoiceTax]:
    """An invoice's taxes as printed."""
    return list(ctx.session.scalars(select(InvoiceTax).where(InvoiceTax.invoice_id == invoice_id)
                                    .order_by(InvoiceTax.position)))  # fmt: skip


def list_discounts(ctx: CallContext, invoice_id: UUID) -> list[InvoiceDiscount]:
    """An invoice's discounts in the order they were taken."""
    return list(ctx.session.scalars(select(InvoiceDiscount).where(InvoiceDiscount.invoice_id == invoice_id)
                                    .order_by(InvoiceDiscount.position)))  # fmt: skip


SHOWN_PARTS: Mapping[str, tuple[Any, tuple[str, ...]]] = {
    "lines": (InvoiceLine, (
        "id", "position", "kind", "description", "item_id", "quantity", "unit", "unit_price", "net", "discount", "tax", "total",
        "tax_category", "location_id", "contract_line_id", "period_start", "period_end", "credited_line_id", "exemption",
    )),
    "taxes": (InvoiceTax, ("name", "code", "percent", "base", "tax", "region", "note", "tax_date")),
    "discounts": (InvoiceDiscount, ("description", "percent", "fixed", "line_position", "item_id", "amount")),
}  # fmt: skip
"""What is shown of an invoice beside its header."""
_READ_PARTS = [
    select(*[table.__table__.c[name] for name in names]).where(among_asked(table.invoice_id)).order_by(table.position)
    for table, names in SHOWN_PARTS.values()
]


def read_parts(ctx: CallContext, invoice_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """An invoice's `lines`, `taxes` and `discounts` as rows, as they are shown; cheaper than mapped objects."""
    return dict(zip(SHOWN_PARTS, read_together(ctx.session, _READ_PARTS, [invoice_id]), strict=True))


def claimed(ctx: CallContext, key: str) -> Invoice | None:
    """The invoice this key gave before; a concurrent call with the same key waits here for the first one."""
    if not 1 <= len(key) <= 255:
        raise InvalidInput(errors={"idempotency_key": "Write 1 to 255 characters."})
    author = author_key(ctx)
    ctx.session.execute(_CLAIM, {"claim": f"{ctx.tenant_id}|invoice|{author}|{key}"})
    return ctx.session.scalar(select(Invoice).where(Invoice.author_key == author, Invoice.idempotency_key == key))


def check_header(draft: Draft) -> None:
    """Raise InvalidInput at the field of a date or number that cannot be."""
    check_days(invoice_date=draft.invoice_date, due_date=draft.due_date)
    if draft.due_date < draft.invoice_date:
        raise InvalidInput(errors={"due_date": "The due date is before the invoice date."})
    if draft.po_number and len(draft.po_number) > LONGEST_PO:
        raise InvalidInput(errors={"po_number": f"Write at most {LONGEST_PO} characters."})


def reckoned(ctx: CallContext, draft: Draft) -> Assembled:
    """A draft as it comes out. Raises what keeps it from being billed."""
    [one] = assemble(ctx, [draft])
    if isinstance(one, DeskhandError):
        raise one
    return one


def change_invoice(ctx: CallContext, invoice_id: UUID, changes: Mapping[str, Any], version: int | None = None) -> Invoice:
    """Change a draft: dates, terms, PO number, notes; `lines` and `discounts` replace what is there. All is reckoned anew.

    Lines of a billing run stay as they are. Raises InvoiceNotDraft, InvoiceLinesFixed, PreconditionFailed, InvalidInput.
    """
    invoice = _draft_row(ctx, invoice_id)
    if version is not None and invoice.version != version:
        raise PreconditionFailed("Somebody else changed this meanwhile. Load it again and repeat the change.")
    one = reckoned(ctx, _changed_draft(ctx, invoice, changes))
    _rewrite(ctx, invoice, one)
    audit.record(ctx, "invoice.changed", kind="invoice", row_id=invoice.id, label=invoice.number,
                 changes={name: str(changes[name]) for name in (*_HEADER, *_TERMS) if name in changes})  # fmt: skip
    _say(ctx, "invoice.changed", invoice)
    return invoice


def _say(ctx: CallContext, event: str, invoice: Invoice) -> None:
    facts = {name: getattr(invoice, name) for name in ("number", "client_id", "currency", "total", "kind")}
    events.publish(ctx, event, {"invoice_id": invoice.id, **facts})


def reckon_anew(ctx: CallContext, invoice_ids: Sequence[UUID]) -> list[Invoice]:
    """Reckon drafts anew as they stand, since what they stand on changed. Raises InvoiceNotFound and InvoiceNotDraft."""
    found = [_draft_row(ctx, invoice_id) for invoice_id in sorted(set(invoice_ids))]
    for invoice in found:
        _rewrite(ctx, invoice, reckoned(ctx, _changed_draft(ctx, invoice, {})))
        _say(ctx, "invoice.changed", invoice)
    return found


def _draft_row(ctx: CallContext, invoice_id: UUID) -> Invoice:
    invoice = lock_invoice(ctx, invoice_id)
    if invoice.status != "draft":
        raise InvoiceNotDraft(f"{invoice.number} is {invoice.status}. Correct it by a credit note.")
    return invoice


def _changed_draft(ctx: CallContext, invoice: Invoice, changes: Mapping[str, Any]) -> Draft:
    stored, agreed = list_lines(ctx, invoice.id), agree_again(ctx, invoice, changes)
    lines, line_ids = [as_due(line) for line in stored], tuple(line.id for line in stored)
    if "lines" in changes:
        if invoice.kind == "prepayment":
            raise InvoiceLinesFixed("Delete this prepayment and write another one.")
        if invoice.origin == "run":
            raise InvoiceLinesFixed("Delete this draft and run the billing again, or add a discount.")
        mode = billing_settings(ctx)["rounding_mode"]
        on = changes.get("invoice_date") or invoice.invoice_date
        lines, line_ids = resolve_lines(ctx, invoice.client_id, invoice.currency, changes["lines"], mode, on), ()
    if "discounts" in changes:
        discounts = resolve_discounts(changes["discounts"], lines)
    else:
        kept = [as_asked(at, one) for at, one in enumerate(list_discounts(ctx, invoice.id))]
        discounts = resolve_discounts(kept, lines)
    header = {name: changes.get(name, getattr(invoice, name)) for name in _HEADER}
    header |= {"po_number": header["po_number"] or None, "notes": header["notes"] or ""}
    draft = Draft(
        client_id=invoice.client_id, currency=invoice.currency, lines=lines, discounts=discounts, origin=invoice.origin,
        line_ids=line_ids, invoice_id=invoice.id, **header, **agreed._asdict(),
    )  # fmt: skip
    check_header(draft)
    return draft


def as_due(line: InvoiceLine) -> DueLine:
    """A line as it is reckoned again; it bills no sources of its own."""
    period = Period(line.period_start, line.period_end) if line.period_start and line.period_end else None
    return DueLine(line.description, line.item_id, line.quantity, line.unit_price, line.net, line.unit, line.tax_category,
                   line.location_id, line.contract_line_id, line.kind, period, line.tax_point, line.trace, [],
                   exemption=line.exemption)  # fmt: skip


def as_asked(at: int, one: InvoiceDiscount) -> DiscountAsked:
    """A discount as it is asked for again."""
    return DiscountAsked(f"discounts[{at}]", one.description, one.percent, one.fixed, one.line_position, one.item_id)


def _rewrite(ctx: CallContext, invoice: Invoice, one: Assembled) -> None:
    for table in (InvoiceLine, InvoiceTax, InvoiceDiscount):
        ctx.session.execute(delete(table).where(table.invoice_id == invoice.id))
    draft, totals = one.draft, one.totals
    for name in (*_HEADER, *_TERMS):
        setattr(invoice, name, getattr(draft, name))
    for name in ("net", "discount", "subtotal", "tax", "total"):
        setattr(invoice, name, getattr(totals, name))
    invoice.tax_notes, invoice.tax_trace, invoice.tax_source = list(one.taxes.notes), one.taxes.trace, one.taxes.source.value
    ctx.session.flush()
    write_parts(ctx, [(invoice.id, one)])


def delete_invoice(ctx: CallContext, invoice_id: UUID) -> None:
    """Delete a draft; what it billed can be billed again. Raises InvoiceNotDraft, and InvoiceWasFinal for one that was final
    once, whose number must not be lost.
    """
    invoice = _draft_row(ctx, invoice_id)
    if ctx.session.scalar(select(ChainLink.id).where(ChainLink.invoice_id == invoice_id).limit(1)) is not None:
        raise InvoiceWasFinal(f"{invoice.number} was final once. Finalize it and void it, so that no number is missing.")
    release_sources(ctx, invoice.id)
    _say(ctx, "invoice.deleted", invoice)
    ctx.session.delete(invoice)
    ctx.session.flush()
    audit.record(ctx, "invoice.deleted", kind="invoice", row_id=invoice_id, label=invoice.number)
