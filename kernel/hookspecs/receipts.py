"""Money that came in, for rooms that bring it or tell others about it: card payments, bank files, accounting systems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from kernel.hookspecs import hookspec

if TYPE_CHECKING:
    from kernel.context import CallContext


class ReceiptShare(NamedTuple):
    """How much of a payment an invoice has, in minor units."""

    invoice_id: UUID
    amount: int


class Receipt(NamedTuple):
    """A payment. Amounts are minor units of `currency`: `refunded` was paid back since; what `shares` do not have, and was not
    refunded, is a credit of the client, but for what of that `lapsed`: it expired, or was transferred to another client.
    `taken_back` is set where it bounced or was entered by mistake.
    """

    id: UUID
    client_id: UUID
    currency: str
    amount: int
    received_on: date
    method: str
    reference: str
    shares: tuple[ReceiptShare, ...] = ()
    refunded: int = 0
    taken_back: bool = False
    lapsed: int = 0


class NewReceipt(NamedTuple):
    """A payment to be recorded. Without `shares` the invoices due first are paid first; with empty ones all becomes a credit.
    With `at_most`, shares are cut to what is still open of each invoice (nothing of one that is paid or void by now), and the
    rest becomes a credit: for money that is here whatever happened meanwhile. The same `key` gives the payment that it gave
    first.
    """

    client_id: UUID
    currency: str
    amount: int
    received_on: date
    method: str
    reference: str
    key: str
    shares: tuple[ReceiptShare, ...] | None = None
    at_most: bool = False


class OpenInvoice(NamedTuple):
    """A final invoice that is not paid in full: `due` minor units are open of `total`."""

    id: UUID
    number: str
    client_id: UUID
    currency: str
    exponent: int
    total: int
    due: int
    invoice_date: date
    due_date: date


class OpenInvoiceQuery(NamedTuple):
    """Which open invoices are asked for: each condition that is set must hold; `numbers` and `ids` are any of."""

    client_id: UUID | None = None
    currency: str | None = None
    numbers: tuple[str, ...] | None = None
    ids: tuple[UUID, ...] | None = None
    limit: int = 1_000


class CreditUse(NamedTuple):
    """A credit, or part of it, that pays an invoice. `origin` says what gave the credit: `credit_note`, `payment`, `prepayment`,
    `grant` or `transfer`; `source_id` is that credit note or payment, if there is one. `reversed` was taken back since.
    """

    id: UUID
    credit_id: UUID
    origin: str
    source_id: UUID | None
    invoice_id: UUID
    client_id: UUID
    currency: str
    amount: int
    applied_on: date
    reversed: bool = False


@hookspec(firstresult=True)
def record_receipt(ctx: CallContext, receipt: NewReceipt) -> Receipt | None:
    """Ask: note money that came in from a client. Billing; once per payment, in the caller's transaction.

    Raises ClientNotFound, InvoiceNotFound, InvoiceNotFinal, InvoiceVoid, and InvalidInput by field. Example:
    `Receipt(payment, client, "EUR", 12000, day, "card", "ch_1", (ReceiptShare(invoice, 12000),))`.
    """


@hookspec(firstresult=True)
def get_receipts(ctx: CallContext, payment_ids: Sequence[UUID]) -> Mapping[UUID, Receipt] | None:
    """Ask: give these payments as they are now; unknown ids are left out. Billing; once per batch, in a fixed number of queries.

    Example: `{payment: Receipt(payment, client, "EUR", 12000, day, "card", "ch_1", (ReceiptShare(invoice, 12000),))}`.
    """


@hookspec(firstresult=True)
def take_back_receipt(ctx: CallContext, payment_id: UUID, reason: str) -> Receipt | None:
    """Ask: take back a payment that bounced, was disputed, or is void in another system. Billing; in the caller's transaction.

    Raises PaymentNotFound, PaymentTaken, PaymentRefunded and CreditUsed. Example: `Receipt(…, taken_back=True)`.
    """


@hookspec(firstresult=True)
def refund_receipt(ctx: CallContext, payment_id: UUID, amount: int, refunded_on: date, method: str, reference: str,
                   key: str) -> Receipt | None:  # fmt: skip
    """Ask: note that part of a payment was paid back to the client, in minor units; the same `key` does it once. Billing; in the
    caller's transaction.

    Raises PaymentNotFound, PaymentTaken, CreditTooLarge, and InvalidInput by field. Example: `Receipt(…, refunded=5000)`.
    """


@hookspec(firstresult=True)
def take_back_receipt_refund(ctx: CallContext, key: str) -> Receipt | None:
    """Ask: take back the refund that was noted under `key`, since the money came back; a second time changes nothing. Billing;
    in the caller's transaction.

    Raises RefundNotFound and RefundStands. Example: `Receipt(…, refunded=0)`.
    """


@hookspec(firstresult=True)
def find_open_invoices(ctx: CallContext, query: OpenInvoiceQuery) -> Sequence[OpenInvoice] | None:
    """Ask: give final invoices that are not paid in full, those due first coming first. Billing; once per page or file.

    Example: `[OpenInvoice(invoice, "INV-000042", client, "EUR", 2, 12000, 12000, day, due_day)]`.
    """


@hookspec(firstresult=True)
def get_credit_uses(ctx: CallContext, source_ids: Sequence[UUID]) -> Sequence[CreditUse] | None:
    """Ask: give what these credits, or those that these credit notes and payments gave, have paid, in the order in which they
    did; uses may be named themselves. Billing; once per batch, in one query.

    Example: `[CreditUse(use, credit, "credit_note", note, invoice, client, "EUR", 5000, day)]`.
    """
