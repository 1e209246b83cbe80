"""Other rooms and extensions create invoices only through this door; billing answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from kernel.hookspecs import hookspec

if TYPE_CHECKING:
    from kernel.context import CallContext


class ManualLine(NamedTuple):
    """A line asked for. `rate` in minor units; a discount has `discount_type` percentage (rate is ignored, `percent`
    counts) or fixed, and names at most one target: the position of another line, or a catalog item. `exemption` is the printed
    reason why this line alone is exempt from tax.
    """

    item_id: UUID | None
    description: str
    quantity: Decimal
    rate: int
    discount_type: str | None = None
    percent: Decimal | None = None
    applies_to_line: int | None = None
    applies_to_item: UUID | None = None
    exemption: str | None = None


class ManualInvoice(NamedTuple):
    """A manual invoice asked for; unset header fields take the client's and tenant's defaults."""

    client_id: UUID
    lines: Sequence[ManualLine]
    invoice_date: date | None = None
    due_date: date | None = None
    po_number: str | None = None
    currency: str | None = None
    idempotency_key: str | None = None


class DraftInvoice(NamedTuple):
    """What was created; amounts in minor units of `currency`."""

    id: UUID
    number: str
    status: str
    subtotal: int
    tax: int
    total: int
    currency: str
    exponent: int
    url: str


@hookspec(firstresult=True)
def create_manual_invoice(ctx: CallContext, invoice: ManualInvoice) -> DraftInvoice | None:
    """Ask: create a draft manual invoice through the one invoice funnel. Billing; once per invoice, in the caller's transaction.

    Raises InvalidInput with `lines[i].…` field paths. The same idempotency key of the same author gives the same invoice.
    """


@hookspec(firstresult=True)
def reckon_drafts(ctx: CallContext, invoice_ids: Sequence[UUID]) -> Sequence[DraftInvoice] | None:
    """Ask: reckon the totals of these drafts anew, since what they stand on changed. Billing; whenever a room learns something
    that counts for drafts, in the caller's transaction.

    Raises InvoiceNotFound, InvoiceNotDraft, and what the tax provider refuses. Example:
    `[DraftInvoice(invoice, "INV-000042", "draft", 10000, 2000, 12000, "EUR", 2, "/invoices/…")]`.
    """
