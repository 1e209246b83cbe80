"""Manual invoices for other rooms and extensions: the same funnel, with paths of `lines[i]` for what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from kernel.errors import InvalidInput
from kernel.hookspecs.invoicing import DraftInvoice, ManualInvoice, ManualLine
from kernel.money import exponent
from plugins.billing import by_hand, invoices
from plugins.billing.manual import DiscountAsked, LineAsked
from plugins.billing.models import Invoice

if TYPE_CHECKING:
    from kernel.context import CallContext

_KINDS = ("percentage", "fixed")


def create_manual_invoice(ctx: CallContext, asked: ManualInvoice) -> DraftInvoice:
    """Create a draft as the hook of this name says; the due date defaults to the invoice date.

    Raises InvalidInput with `lines[i].…` paths, and what the tax provider refuses.
    """
    errors = {path: words for at, line in enumerate(asked.lines) for path, words in _errors(at, line, asked.lines).items()}
    if errors:
        raise InvalidInput(errors=errors)
    places = [at for at, line in enumerate(asked.lines) if line.discount_type is None]
    day = asked.invoice_date or ctx.today()
    invoice = by_hand.create_invoice(
        ctx, client_id=asked.client_id, lines=[_line(at, asked.lines[at]) for at in places],
        discounts=[_discount(at, one, places) for at, one in enumerate(asked.lines) if one.discount_type is not None],
        currency=asked.currency, invoice_date=day, due_date=asked.due_date or day, po_number=asked.po_number,
        idempotency_key=asked.idempotency_key,
    )  # fmt: skip
    return _told(invoice)


def reckon_drafts(ctx: CallContext, invoice_ids: Sequence[UUID]) -> list[DraftInvoice]:
    """Reckon drafts anew as the hook of this name says."""
    return [_told(invoice) for invoice in invoices.reckon_anew(ctx, invoice_ids)]


def _told(invoice: Invoice) -> DraftInvoice:
    return DraftInvoice(invoice.id, invoice.number, invoice.status, invoice.subtotal, invoice.tax, invoice.total,
                        invoice.currency, exponent(invoice.currency), f"/invoices/{invoice.id}")  # fmt: skip


def _errors(at: int, line: ManualLine, lines: Sequence[ManualLine]) -> dict[str, str]:
    """What the hook's own words forbid; the rest is found where every invoice is checked."""
    field, errors = f"lines[{at}]", {}
    if line.discount_type is None and (line.applies_to_line is not None or line.applies_to_item is not None):
        name = "applies_to_line" if line.applies_to_line is not None else "applies_to_item"
        errors[f"{field}.{name}"] = "Only a discount applies to another line."
    if line.discount_type is not None and line.exemption is not None:
        errors[f"{field}.exemption"] = "A discount is taxed as the lines that it is taken from."
    if line.discount_type is not None and line.discount_type not in _KINDS:
        errors[f"{field}.discount_type"] = "Either percentage or fixed."
    if line.applies_to_line is not None and line.applies_to_item is not None:
        errors[field] = "A discount applies to a line or an item, not to both."
    target = line.applies_to_line
    if target is not None and not (0 <= target < len(lines) and lines[target].discount_type is None):
        errors[f"{field}.applies_to_line"] = "There is no such line."
    if line.applies_to_item is not None and line.applies_to_item not in {one.item_id for one in lines if not one.discount_type}:
        errors[f"{field}.applies_to_item"] = "This item is on no line of the invoice."
    return errors


def _line(at: int, line: ManualLine) -> LineAsked:
    return LineAsked(f"lines[{at}]", line.description, line.quantity, line.rate, line.item_id, exemption=line.exemption)


def _discount(at: int, line: ManualLine, places: Sequence[int]) -> DiscountAsked:
    """A fixed discount takes off its rate, whatever its quantity."""
    target = None if line.applies_to_line is None else places.index(line.applies_to_line) + 1
    percent = (line.percent if line.percent is not None else Decimal(-1)) if line.discount_type == "percentage" else None
    amount = line.rate if percent is None else None
    return DiscountAsked(f"lines[{at}]", line.description, percent, amount, target, line.applies_to_item)
