# Made by `deskhand sdk` from the host functions that plugins register.
"""Invoices of the tenant's clients. Amounts are integers in minor units of the invoice's currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deskhand_extension._wire import Interface

__all__ = [
    "CreatedInvoice",
    "InvoiceItem",
    "ManualInvoiceInput",
    "create_manual_invoice",
]
_host = Interface("invoicing", __name__)


@dataclass(kw_only=True)
class InvoiceItem:
    """One item; a discount says of which kind it is, and may name one target. `rate` of a percentage is the
    percentage.
    """
    service_id: str
    """A UUID."""
    quantity: str
    """Decimal text above zero with at most four places."""
    description: str
    """At most 500 characters."""
    rate: int
    """Minor units; of a percentage, the percentage. At least 0."""
    is_discount: bool = False
    discount_type: str | None = None
    """Required with `is_discount`, refused without. One of `percentage`, `fixed`."""
    applies_to_item_id: str | None = None
    """The position of another item, counted from 0; only of a discount."""
    applies_to_service_id: str | None = None
    """Only of a discount. A UUID."""


@dataclass(kw_only=True)
class ManualInvoiceInput:
    """A draft to be made for a client."""
    client_id: str
    """A UUID."""
    items: Sequence[InvoiceItem]
    """1 to 1,000 items."""
    invoice_date: str | None = None
    """Today in the tenant's zone unless given. `YYYY-MM-DD`."""
    due_date: str | None = None
    """The invoice date unless given. `YYYY-MM-DD`."""
    po_number: str | None = None
    """At most 128 characters."""
    currency_code: str | None = None
    """ISO 4217; the client's unless given."""
    idempotency_key: str | None = None
    """The same key gives the same invoice again. 1 to 255 characters."""


@dataclass(kw_only=True)
class CreatedInvoice:
    """The draft. Amounts in minor units."""
    invoice_id: str
    """A UUID."""
    invoice_number: str | None
    """None where the tenant numbers invoices when they are finalized."""
    status: str
    subtotal: int
    tax: int
    total: int
    currency_code: str
    minor_unit_exponent: int
    """2 where 100 minor units make one unit."""
    url: str
    """The invoice's page."""


def create_manual_invoice(input: ManualInvoiceInput) -> CreatedInvoice:
    """Create a draft manual invoice.
    Raises HostRefusal without `cap:invoice.manual.create`.
    """
    answer: CreatedInvoice = _host.call("create_manual_invoice", "cap:invoice.manual.create", input)
    return answer
