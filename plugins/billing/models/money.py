"""Tables of money that moves: ledger, payments, credits. Amounts are minor units of the row's currency."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, references, tenant_key

ACCOUNTS = ("receivable", "revenue", "tax", "credit", "cash")
"""Owed by clients · earned · owed to tax offices · owed to clients · received."""


class LedgerEntry(TenantTable):
    """One booking: postings of one currency that add up to zero. Never changed; corrections are entries of their own."""

    __tablename__ = "billing_ledger_entries"
    __table_args__ = (
        tenant_key(),
        references("client_id", "clients"),
        references("reverses_id", "billing_ledger_entries"),
        UniqueConstraint("tenant_id", "reverses_id"),
        CheckConstraint("kind in ('invoice', 'credit_note', 'payment', 'credit_applied', 'reversal')", name="kind"),
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
        CheckConstraint("account in ('receivable', 'revenue', 'tax', 'credit', 'cash')", name="account"),
        CheckConstraint("amount <> 0", name="amount"),
    )

    entry_id: Mapped[UUID]
    account: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)


class Payment(TenantTable):
    """Money received for an invoice. What exceeds the invoice became a credit of the client."""

    __tablename__ = "billing_payments"
    __table_args__ = (
        tenant_key(),
        references("invoice_id", "billing_invoices"),
        CheckConstraint("amount > 0 and applied between 0 and amount", name="amount"),
        Index(None, "tenant_id", "invoice_id", "id"),
    )

    invoice_id: Mapped[UUID]
    amount: Mapped[int] = mapped_column(BigInteger)
    applied: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    received_on: Mapped[date]
    method: Mapped[str]
    reference: Mapped[str] = mapped_column(default="", server_default="")
    entry_id: Mapped[UUID]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str]
    taken_back_at: Mapped[datetime | None]


class Credit(TenantTable):
    """What the MSP owes a client: given by a credit note, or paid beyond an invoice. Never spent beyond `amount`."""

    __tablename__ = "billing_credits"
    __table_args__ = (
        tenant_key(),
        references("client_id", "clients"),
        references("invoice_id", "billing_invoices"),
        references("payment_id", "billing_payments"),
        CheckConstraint("remaining between 0 and amount", name="remaining"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("(invoice_id is null) <> (payment_id is null)", name="given_by"),
        Index(None, "tenant_id", "client_id", "id"),
        Index(None, "tenant_id", "created_at", "id"),
        UniqueConstraint("tenant_id", "invoice_id"),
        UniqueConstraint("tenant_id", "payment_id"),
    )

    client_id: Mapped[UUID]
    currency: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
    remaining: Mapped[int] = mapped_column(BigInteger)
    invoice_id: Mapped[UUID | None]
    payment_id: Mapped[UUID | None]
    created_at: Mapped[datetime]


class CreditApplication(TenantTable):
    """A credit, or part of it, that paid an invoice."""

    __tablename__ = "billing_credit_applications"
    __table_args__ = (
        tenant_key(),
        references("credit_id", "billing_credits"),
        references("invoice_id", "billing_invoices"),
        CheckConstraint("amount > 0", name="amount"),
        Index(None, "tenant_id", "invoice_id", "id"),
        Index(None, "tenant_id", "credit_id", "id"),
    )

    credit_id: Mapped[UUID]
    invoice_id: Mapped[UUID]
    amount: Mapped[int] = mapped_column(BigInteger)
    applied_on: Mapped[date]
    entry_id: Mapped[UUID]
    applied_at: Mapped[datetime]
