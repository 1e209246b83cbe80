"""Credit notes: the only correction of a finalized invoice, in full or by amounts of its lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from kernel import audit
from kernel.errors import InvalidInput
from kernel.hookspecs.tax import TaxedLine, TaxGroup, TaxResult, TaxSource
from kernel.money import Rounding, format_minor, round_ratio
from plugins.billing.assembly import Discounted, Totals, total_up
from plugins.billing.contracts.ends import taken_back_of
from plugins.billing.credits.applying import apply_credit
from plugins.billing.drafts import Assembled, Draft
from plugins.billing.due.values import DueLine
from plugins.billing.errors import CreditTooLarge, InvoiceNotFinal
from plugins.billing.fees_back import fees_back_of
from plugins.billing.finalizing import finalize_invoice
from plugins.billing.funnel import write_invoices
from plugins.billing.invoices import get_invoice, list_lines, list_taxes, lock_invoice
from plugins.billing.models import Credit, Invoice, InvoiceLine, InvoiceTax
from plugins.billing.periods import Period
from plugins.billing.pricing import explain
from plugins.billing.receivables.early import lower_early_discount
from plugins.billing.said import check_reason
from plugins.billing.settings import billing_settings

if TYPE_CHECKING:
    from kernel.context import CallContext


class CreditAsked(NamedTuple):
    """How much of a line's amount (after discounts, before tax, in minor units) shall be credited."""

    line_id: UUID
    amount: int


class CreditPicked(NamedTuple):
    """A line picked on a form: all that is left of it, or so many of its quantity, or an amount."""

    line_id: UUID
    quantity: Decimal | None = None
    amount: int | None = None


class _Part(NamedTuple):
    """A line of which `amount` is credited, after `before` was credited earlier."""

    line: InvoiceLine
    before: int
    amount: int

    @property
    def whole(self) -> int:
        return self.line.net - self.line.discount


def create_credit_note(ctx: CallContext, invoice_id: UUID, *, reason: str, lines: Sequence[CreditAsked] | None = None,
                       apply: bool = True) -> Invoice:  # fmt: skip
    """Credit a finalized invoice: all that is left of it, or amounts of lines. The credit note is final at once; the
    client has a credit, which pays what is open of the invoice if `apply`.

    Tax goes back in proportion, so that notes over all of a line take back exactly its tax. Raises InvoiceNotFinal,
    CreditTooLarge and InvalidInput by field.
    """
    said = check_reason(reason, "why it is credited")
    original = lock_invoice(ctx, invoice_id)
    if original.status != "finalized" or original.kind != "invoice":
        raise InvoiceNotFinal(f"{original.number} is no finalized invoice. Drafts are changed or deleted instead.")
    parts = _parts(ctx, original, lines)
    mode = billing_settings(ctx)["rounding_mode"]
    [written] = write_invoices(ctx, [_checked(original, _assemble(ctx, original, parts, said, mode))])
    note = finalize_invoice(ctx, written.id)
    original.credited += note.total
    ctx.session.flush()
    lower_early_discount(ctx, original)
    if apply and original.settled < original.total:
        apply_credit(ctx, original.id, ctx.session.scalars(select(Credit.id).where(Credit.invoice_id == note.id)).one())
    audit.record(ctx, "invoice.credited", kind="invoice", row_id=original.id, label=original.number,
                 changes={"credit_note": note.number, "reason": reason})  # fmt: skip
    return note


def sum_credit(ctx: CallContext, invoice_id: UUID, lines: Sequence[CreditAsked] | None) -> Totals:
    """What a credit note over these would come to; nothing is written. Raises CreditTooLarge."""
    original = get_invoice(ctx, invoice_id)
    mode = billing_settings(ctx)["rounding_mode"]
    return _checked(original, _assemble(ctx, original, _parts(ctx, original, lines), "sum", mode)).totals


def read_picked(ctx: CallContext, invoice_id: UUID, picked: Sequence[CreditPicked]) -> list[CreditAsked]:
    """The amounts that picked lines mean: of a quantity its share of the line, at most what is left. Raises CreditTooLarge."""
    left = {line.id: (line, amount) for line, amount in list_creditable(ctx, invoice_id)}
    mode, asked, errors = billing_settings(ctx)["rounding_mode"], [], {}
    for at, one in enumerate(picked):
        line, most = left.get(one.line_id, (None, 0))
        if line is not None and one.amount is None and one.quantity is not None:
            if one.quantity > line.quantity:
                errors[f"lines[{at}].quantity"] = f"The line has {line.quantity.normalize():f}."
            share = Fraction(one.quantity) / Fraction(line.quantity) * (line.net - line.discount)
            asked.append(CreditAsked(one.line_id, min(most, round_ratio(share.numerator, share.denominator, mode))))
        else:
            asked.append(CreditAsked(one.line_id, most if one.amount is None else one.amount))
    if errors:
        raise CreditTooLarge(errors=errors)
    return asked


def list_creditable(ctx: CallContext, invoice_id: UUID) -> list[tuple[InvoiceLine, int]]:
    """The lines of an invoice of which something is left to credit, and how much before tax."""
    done = _gone(ctx, invoice_id)
    left = [(line, line.net - line.discount - done.get(line.id, 0)) for line in list_lines(ctx, invoice_id)]
    return [(line, amount) for line, amount in left if amount > 0]


def credited_so_far(ctx: CallContext, invoice_id: UUID) -> dict[UUID | None, int]:
    """How much of each line of an invoice was credited by notes that are not void, before tax."""
    note = (Invoice.tenant_id == InvoiceLine.tenant_id) & (Invoice.id == InvoiceLine.invoice_id)
    rows = ctx.session.execute(
        select(InvoiceLine.credited_line_id, func.sum(InvoiceLine.net)).join(Invoice, note)
        .where(Invoice.credit_of_id == invoice_id, Invoice.status == "finalized").group_by(InvoiceLine.credited_line_id)
    )  # fmt: skip
    return {line_id: int(amount) for line_id, amount in rows}


def _gone(ctx: CallContext, invoice_id: UUID) -> dict[UUID | None, int]:
    """What of each line went back already: by credit notes, for days that a contract does not serve, as a fee for nothing."""
    ids = [line.id for line in list_lines(ctx, invoice_id)]
    gone = credited_so_far(ctx, invoice_id)
    for back in (taken_back_of(ctx, ids), fees_back_of(ctx, ids)):
        for line_id, amount in back.items():
            gone[line_id] = gone.get(line_id, 0) + amount
    return gone


def _parts(ctx: CallContext, original: Invoice, asked: Sequence[CreditAsked] | None) -> list[_Part]:
    stored, done = {line.id: line for line in list_lines(ctx, original.id)}, _gone(ctx, original.id)
    if asked is None:
        every = [_Part(line, done.get(line.id, 0), line.net - line.discount - done.get(line.id, 0)) for line in stored.values()]
        parts = [part for part in every if part.amount]
    elif not asked:
        raise InvalidInput(errors={"lines": "Choose at least one line, or credit all of it."})
    else:
        _check_asked(asked, stored, done, original.currency)
        parts = [_Part(stored[one.line_id], done.get(one.line_id, 0), one.amount) for one in asked]
    if not parts:
        raise CreditTooLarge(f"Nothing of {original.number} is left to be credited.")
    return parts


def _check_asked(asked: Sequence[CreditAsked], stored: Mapping[UUID, InvoiceLine], done: Mapping[UUID | None, int],
                 currency: str) -> None:  # fmt: skip
    errors = {}
    for at, one in enumerate(asked):
        line = stored.get(one.line_id)
        if line is None or one.line_id in {other.line_id for other in asked[:at]}:
            errors[f"lines[{at}].line_id"] = "Name each line of this invoice at most once."
        elif not 0 < one.amount <= line.net - line.discount - done.get(line.id, 0):
            left = line.net - line.discount - done.get(line.id, 0)
            errors[f"lines[{at}].amount"] = (
                f"{format_minor(left, currency)} of this line can be credited; enter more than nothing, and no more."
            )
    if errors:
        raise CreditTooLarge(errors=errors)


def _assemble(ctx: CallContext, original: Invoice, parts: Sequence[_Part], reason: str, mode: Rounding) -> Assembled:
    """The credit note as the funnel writes it; its tax is a share of the invoice's, not reckoned at today's rates."""
    draft = Draft(
        client_id=original.client_id, currency=original.currency, invoice_date=ctx.today(), due_date=ctx.today(),
        lines=[_line(part, original, mode) for part in parts], notes=reason, po_number=original.po_number,
        origin="credit_note", kind="credit_note", credit_of_id=original.id,
        credited_line_ids=tuple(part.line.id for part in parts),
    )  # fmt: skip
    stored = list_taxes(ctx, original.id)
    taxed = [_taxed(part, mode) for part in parts]
    charged = _charged(list_lines(ctx, original.id))
    groups = [_group(tax, charged.get(tax.position), taxed, parts, original, mode) for tax in stored]
    trace = {"credit": {"rule": "credit", "invoice": original.number, **_tax_ids(original)}}
    taxes = TaxResult(taxed, groups, sum(line.tax for line in taxed), original.tax_notes, trace,
                      source=TaxSource(original.tax_source))  # fmt: skip
    discounted = Discounted(draft.reckoned_lines(), (), (0,) * len(parts))
    return Assembled(draft, discounted, taxes, tuple(tax.tax_date for tax in stored), total_up(discounted, taxes))


def _checked(original: Invoice, note: Assembled) -> Assembled:
    """Lines below zero lower an invoice: what is credited of the others is never more than all of them come to."""
    total, left = note.totals.total, original.total - original.credited
    if total <= 0 and any(line.amount < 0 for line in note.draft.lines):
        raise CreditTooLarge(f"Nothing of {original.number} is left to be credited.")
    if total > left:
        shown = format_minor(left, original.currency)
        words = f"At most {shown} with tax is left of {original.number}, since lines below zero lower it."
        raise CreditTooLarge(words, errors={"lines": words})
    return note


def _tax_ids(original: Invoice) -> dict[str, str | None]:
    """The tax ids that the invoice printed; its credit note prints the same."""
    return {f"{who}_tax_id": (original.parties or {}).get(who, {}).get("tax_id") for who in ("seller", "buyer")}


def _line(part: _Part, original: Invoice, mode: Rounding) -> DueLine:
    line, whole = part.line, part.amount == part.line.net
    period = Period(line.period_start, line.period_end) if line.period_start and line.period_end else None
    inputs = {"invoice": original.number, "line_amount": part.whole, "credited_before": part.before}
    trace = explain("credit", inputs, [["credited_amount", "", part.amount]], mode)
    return DueLine(
        line.description, line.item_id, line.quantity if whole else Decimal(1), line.unit_price if whole else part.amount,
        part.amount, line.unit if whole else "each", line.tax_category, line.location_id, line.contract_line_id, line.kind,
        period, line.tax_point, trace, [],
    )  # fmt: skip


def _share(amount: int, part: _Part, mode: Rounding) -> int:
    """What of an amount of the line goes back now: up to here less what went back before, so that the parts add up."""
    until = round_ratio(_signed(amount, part.before + part.amount, part.whole), abs(part.whole), mode)
    return until - round_ratio(_signed(amount, part.before, part.whole), abs(part.whole), mode)


def _signed(amount: int, share: int, whole: int) -> int:
    return amount * share * (1 if whole > 0 else -1)


def _taxed(part: _Part, mode: Rounding) -> TaxedLine:
    parts = tuple((at, _share(amount, part, mode)) for at, amount in part.line.tax_parts)
    return TaxedLine(sum(amount for _, amount in parts), parts)


def _charged(lines: Sequence[InvoiceLine]) -> dict[int, int]:
    """What lines that bear a tax come to, by the position of the tax."""
    sums: dict[int, int] = {}
    for line in lines:
        for at in {at for at, _ in line.tax_parts}:
            sums[at] = sums.get(at, 0) + line.net - line.discount
    return sums


def _group(tax: InvoiceTax, charged: int | None, taxed: Sequence[TaxedLine], parts: Sequence[_Part], original: Invoice,
           mode: Rounding) -> TaxGroup:  # fmt: skip
    """A tax of the invoice as it goes back. Where it was on just what its lines come to, so it is here (EN 16931, BR-S-8); else
    (taxes on taxes, amounts that are taxed in part) its base goes back in the proportion of the tax.
    """
    amount = sum(share for line in taxed for at, share in line.parts if at == tax.position)
    credited = sum(part.amount for part in parts)
    base = round_ratio(tax.base * credited, original.subtotal, mode) if original.subtotal else 0
    if tax.tax:
        base = round_ratio(tax.base * amount, tax.tax, mode)
    if charged == tax.base:
        base = sum(part.amount for part, line in zip(parts, taxed, strict=True) if tax.position in dict(line.parts))
    return TaxGroup(tax.name, tax.code, tax.percent, base, amount, tax.region, tax.note, tax.rate_key)
