"""Tables of credits: what the MSP owes clients, how each came to be and where it went. Amounts are minor units."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, Versioned, references, tenant_key


class Credit(TenantTable, Versioned):
    """What the MSP owes a client. Never spent beyond `amount`: `remaining` is the sum of its movements, which the database
    checks at each commit. `expires_on` is the last day on which it can be used.
    """

    __tablename__ = "billing_credits"
    __table_args__ = (
        tenant_key(),
        references("client_id", "clients"),
        references("invoice_id", "billing_invoices"),
        references("payment_id", "billing_payments"),
        references("transferred_from_id", "billing_credits"),
        CheckConstraint("remaining between 0 and amount", name="remaining"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("origin in ('credit_note', 'payment', 'prepayment', 'grant', 'transfer')", name="origin"),
        CheckConstraint("num_nonnulls(invoice_id, payment_id, transferred_from_id) = (origin <> 'grant')::int", name="given_by"),
        CheckConstraint("(transferred_from_id is not null) = (origin = 'transfer')", name="transferred"),
        CheckConstraint("origin <> 'grant' or reason <> ''", name="reason"),
        Index(None, "tenant_id", "client_id", "id"),
        Index(None, "tenant_id", "created_at", "id"),
        Index(None, "tenant_id", "transferred_from_id", postgresql_where=text("transferred_from_id is not null")),
        Index("ix_billing_credits_expiring", "tenant_id", "expires_on", "id",
              postgresql_where=text("remaining > 0 and expires_on is not null")),
        UniqueConstraint("tenant_id", "invoice_id"),
        UniqueConstraint("tenant_id", "payment_id", "origin"),
        UniqueConstraint("tenant_id", "idempotency_key"),
    )  # fmt: skip

    client_id: Mapped[UUID]
    currency: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
    remaining: Mapped[int] = mapped_column(BigInteger)
    origin: Mapped[str]
    invoice_id: Mapped[UUID | None]
    payment_id: Mapped[UUID | None]
    transferred_from_id: Mapped[UUID | None]
    reason: Mapped[str] = mapped_column(default="", server_default="")
    expires_on: Mapped[date | None]
    expired_at: Mapped[datetime | None]
    idempotency_key: Mapped[str | None]


class CreditMovement(TenantTable):
    """What happened to a credit: `amount` is what it added to or took from `remaining`. Never changed."""

    __tablename__ = "billing_credit_movements"
    __table_args__ = (
        tenant_key(),
        references("credit_id", "billing_credits"),
        references("invoice_id", "billing_invoices"),
        references("other_credit_id", "billing_credits"),
        references("entry_id", "billing_ledger_entries"),
        CheckConstraint("kind in ('given', 'applied', 'unapplied', 'expired', 'transferred', 'refunded', 'unrefunded', "
                        "'withdrawn', 'adjusted')", name="kind"),
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint("kind = 'adjusted' or (amount > 0) = (kind in ('given', 'unapplied', 'unrefunded'))", name="direction"),
        CheckConstraint("(invoice_id is not null) = (kind in ('applied', 'unapplied'))", name="invoice"),
        Index("uq_billing_credit_movements_given", "tenant_id", "credit_id", unique=True,
              postgresql_where=text("kind = 'given'")),
        Index(None, "tenant_id", "credit_id", "id"),
        Index(None, "tenant_id", "entry_id"),
    )  # fmt: skip

    credit_id: Mapped[UUID]
    kind: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
    invoice_id: Mapped[UUID | None]
    other_credit_id: Mapped[UUID | None]
    entry_id: Mapped[UUID]
    reason: Mapped[str] = mapped_column(default="", server_default="")
    moved_on: Mapped[date]
    moved_at: Mapped[datetime]
    actor_name: Mapped[str]


class CreditApplication(TenantTable):
    """A credit, or part of it, that paid an invoice; `reversed_at` once that was taken back."""

    __tablename__ = "billing_credit_applications"
    __table_args__ = (
        tenant_key(),
        references("credit_id", "billing_credits"),
        references("invoice_id", "billing_invoices"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("(reversed_at is null) = (reversal_entry_id is null)", name="reversed"),
        Index(None, "tenant_id", "invoice_id", "id"),
        Index(None, "tenant_id", "credit_id", "id"),
    )

    credit_id: Mapped[UUID]
    invoice_id: Mapped[UUID]
    amount: Mapped[int] = mapped_column(BigInteger)
    applied_on: Mapped[date]
    entry_id: Mapped[UUID]
    applied_at: Mapped[datetime]
    reversed_at: Mapped[datetime | None]
    reversal_entry_id: Mapped[UUID | None]


class CreditRule(TenantTable, Versioned):
    """Where one client's credits differ from what the tenant has set; what is null is as the tenant has it.

    `expiry_days` 0: never.
    """

    __tablename__ = "billing_credit_rules"
    __table_args__ = (
        tenant_key(),
        references("client_id", "clients", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "client_id"),
        CheckConstraint("expiry_days between 0 and 3650", name="expiry_days"),
        CheckConstraint("apply_order in ('expiration_first', 'oldest_first', 'newest_first')", name="apply_order"),
    )

    client_id: Mapped[UUID]
    auto_apply: Mapped[bool | None]
    expiry_days: Mapped[int | None]
    apply_order: Mapped[str | None]


class CreditNotice(TenantTable):
    """That a client's credit ends soon was said, once for each of the days before that day."""

    __tablename__ = "billing_credit_notices"
    __table_args__ = (
        tenant_key(),
        references("credit_id", "billing_credits"),
        UniqueConstraint("tenant_id", "credit_id", "expires_on", "days_before"),
    )

    credit_id: Mapped[UUID]
    expires_on: Mapped[date]
    days_before: Mapped[int]
    noticed_at: Mapped[datetime]
    mailed_to: Mapped[str] = mapped_column(default="", server_default="")


class CreditFinding(TenantTable, Versioned):
    """A difference between credits and ledger that the check found, and what a person did about it."""

    __tablename__ = "billing_credit_findings"
    __table_args__ = (
        tenant_key(),
        references("client_id", "clients"),
        references("credit_id", "billing_credits"),
        references("invoice_id", "billing_invoices"),
        CheckConstraint("kind in ('ledger', 'remaining', 'applied', 'settled')", name="kind"),
        CheckConstraint("state in ('open', 'gone', 'adjusted', 'no_action')", name="state"),
        CheckConstraint("(state = 'open') = (closed_at is null)", name="closed"),
        CheckConstraint("state <> 'no_action' or reason <> ''", name="reason"),
        CheckConstraint("expected <> actual", name="differs"),
        Index("uq_billing_credit_findings_open", "tenant_id", "kind", "subject_id", "currency", unique=True,
              postgresql_where=text("state = 'open'")),
        Index(None, "tenant_id", "found_at", "id"),
    )  # fmt: skip

    kind: Mapped[str]
    subject_id: Mapped[UUID]
    client_id: Mapped[UUID]
    credit_id: Mapped[UUID | None]
    invoice_id: Mapped[UUID | None]
    currency: Mapped[str]
    expected: Mapped[int] = mapped_column(BigInteger)
    actual: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(default="open", server_default="open")
    reason: Mapped[str] = mapped_column(default="", server_default="")
    entry_id: Mapped[UUID | None]
    found_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str] = mapped_column(default="", server_default="")
