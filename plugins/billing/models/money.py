"""Tables of money that moves: ledger, payments, credits. Amounts are minor units of the row's currency."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, references, tenant_key

ACCOUNTS = (
    "receivable", "revenue", "tax", "credit", "cash", "discount", "prepayment", "credit_expired", "goodwill", "transfer",
    "adjustment",
)  # fmt: skip
"""Owed by clients · earned · owed to tax offices · owed to clients · received · kept back for paying early · asked for in
advance and not yet paid · earned by credits that expired · given away · on its way from one client to
another · differences that a person booked."""
ENTRY_KINDS = (
    "invoice", "credit_note", "prepayment", "payment", "early_discount", "refund", "credit_applied", "credit_granted",
    "credit_expired", "credit_transferred", "adjustment", "reversal",
)  # fmt: skip


def _among(column: str, values: tuple[str, ...]) -> str:
    return f"{column} in ({', '.join(repr(one) for one in values)})"


class LedgerEntry(TenantTable):
    """One booking: postings of one currency that add up to zero. Never changed; corrections are entries of their own."""

    __tablename__ = "billing_ledger_entries"
    __table_args__ = (
        tenant_key(),
        references("client_id", "clients"),
        references("reverses_id", "billing_ledger_entries"),
        UniqueConstraint("tenant_id", "reverses_id"),
        CheckConstraint(_among("kind", ENTRY_KINDS), name="kind"),
        Index(None, "tenant_id", "booked_on", "id"),
        Index(None, "tenant_id", "source_id"),
        Index(None, "tenant_id", "client_id", "id"),
    )

    booked_on: Mapped[date]
    kind: Mapped[str]
    currency: Mapped[str]
    client_id: Mapped[UUID]
    source_id: Mapped[UUID]
    words: Mapped[str]
    reverses_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    actor_name: Mapped[str]


class Posting(TenantTable):
    """An amount on an account: debit above zero, credit below."""

    __tablename__ = "billing_postings"
    __table_args__ = (
        references("entry_id", "billing_ledger_entries", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "entry_id", "account"),
        CheckConstraint(_among("account", ACCOUNTS), name="account"),
        CheckConstraint("amount <> 0", name="amount"),
    )

    entry_id: Mapped[UUID]
    account: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)


class Payment(TenantTable):
    """Money received from a client: `applied` of it pays invoices now, `refunded` went back, the rest became a credit.

    What a prepayment got is refunded out of the credit that it gave, and stays applied to it.
    Its allocations say which invoices; `idempotency_key` is what a form or program sent it under.
    """

    __tablename__ = "billing_payments"
    __table_args__ = (
        tenant_key(),
        references("client_id", "clients"),
        CheckConstraint("amount > 0 and applied between 0 and amount", name="amount"),
        CheckConstraint("refunded between 0 and amount", name="refunded"),
        CheckConstraint("taken_back_at is null or applied = 0", name="taken_back"),
        UniqueConstraint("tenant_id", "idempotency_key"),
        Index(None, "tenant_id", "client_id", "id"),
        Index(None, "tenant_id", "received_on", "id"),
    )

    client_id: Mapped[UUID]
    amount: Mapped[int] = mapped_column(BigInteger)
    applied: Mapped[int] = mapped_column(BigInteger)
    refunded: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    currency: Mapped[str]
    received_on: Mapped[date]
    method: Mapped[str]
    reference: Mapped[str] = mapped_column(default="", server_default="")
    entry_id: Mapped[UUID]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str]
    taken_back_at: Mapped[datetime | None]
    idempotency_key: Mapped[str | None]


class PaymentAllocation(TenantTable):
    """How much of a payment pays an invoice; below zero where it was taken back or refunded. Never changed."""

    __tablename__ = "billing_payment_allocations"
    __table_args__ = (
        tenant_key(),
        references("payment_id", "billing_payments"),
        references("invoice_id", "billing_invoices"),
        CheckConstraint("amount <> 0", name="amount"),
        Index(None, "tenant_id", "payment_id", "id"),
        Index(None, "tenant_id", "invoice_id", "id"),
    )

    payment_id: Mapped[UUID]
    invoice_id: Mapped[UUID]
    amount: Mapped[int] = mapped_column(BigInteger)
    entry_id: Mapped[UUID]
    allocated_at: Mapped[datetime]


class Refund(TenantTable):
    """Money paid back to a client: of a payment, or of a credit; `taken_back_at` once it came back or was entered by mistake.

    `idempotency_key` is what a program sent it under.
    """

    __tablename__ = "billing_refunds"
    __table_args__ = (
        tenant_key(),
        references("client_id", "clients"),
        references("payment_id", "billing_payments"),
        references("credit_id", "billing_credits"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("num_nonnulls(payment_id, credit_id) = 1", name="of"),
        UniqueConstraint("tenant_id", "idempotency_key"),
        Index(None, "tenant_id", "client_id", "id"),
        Index(None, "tenant_id", "payment_id"),
        Index(None, "tenant_id", "credit_id"),
    )

    client_id: Mapped[UUID]
    payment_id: Mapped[UUID | None]
    credit_id: Mapped[UUID | None]
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    refunded_on: Mapped[date]
    method: Mapped[str]
    reference: Mapped[str] = mapped_column(default="", server_default="")
    entry_id: Mapped[UUID]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str]
    taken_back_at: Mapped[datetime | None]
    idempotency_key: Mapped[str | None]
