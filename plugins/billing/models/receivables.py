"""Tables of what clients owe and when: terms of payment, early-payment discounts, reminders, late fees, letters."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, CheckConstraint, Index, Numeric, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, Versioned, references, tenant_key

PERCENT = Numeric(9, 6)
COUNTED_FROM = ("invoice_date", "month_end")
FEE_KINDS = ("percent", "fixed")
LETTER_KINDS = ("reminder", "statement")


class Terms(TenantTable, Versioned):
    """Terms of payment: due so many `days` after the invoice date or after the end of its month; perhaps with
    `early_percent` off for who pays within `early_days` of the invoice date. One of a tenant is the default.
    """

    __tablename__ = "billing_terms"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "code"),
        CheckConstraint("counted_from in ('invoice_date', 'month_end')", name="counted_from"),
        CheckConstraint("days between 0 and 365", name="days"),
        CheckConstraint("(early_percent is null) = (early_days is null)", name="early"),
        CheckConstraint("early_percent > 0 and early_percent < 100", name="early_percent"),
        CheckConstraint("early_days >= 0 and (counted_from = 'month_end' or early_days <= days)", name="early_days"),
        Index("uq_billing_terms_default", "tenant_id", unique=True, postgresql_where=text("is_default")),
    )

    code: Mapped[str]
    name: Mapped[str]
    counted_from: Mapped[str] = mapped_column(default="invoice_date", server_default="invoice_date")
    days: Mapped[int]
    early_percent: Mapped[Decimal | None] = mapped_column(PERCENT)
    early_days: Mapped[int | None]
    is_default: Mapped[bool] = mapped_column(default=False, server_default="false")


class Payer(TenantTable, Versioned):
    """How a client pays: its own terms (None: the tenant's default), and whether it gets reminders and late fees."""

    __tablename__ = "billing_payers"
    __table_args__ = (
        tenant_key(),
        references("client_id", "clients", on_delete="CASCADE"),
        references("terms_id", "billing_terms"),
        UniqueConstraint("tenant_id", "client_id"),
        Index(None, "tenant_id", "terms_id"),
    )

    client_id: Mapped[UUID]
    terms_id: Mapped[UUID | None]
    reminders: Mapped[bool] = mapped_column(default=True, server_default="true")
    late_fees: Mapped[bool] = mapped_column(default=True, server_default="true")


class Hold(TenantTable):
    """An invoice that is in dispute: no reminders and no late fees while it is held."""

    __tablename__ = "billing_holds"
    __table_args__ = (
        tenant_key(),
        references("invoice_id", "billing_invoices", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "invoice_id"),
        CheckConstraint("reason <> ''", name="reason"),
    )

    invoice_id: Mapped[UUID]
    reason: Mapped[str]
    held_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class OverdueNote(TenantTable):
    """That it was said of an invoice that it is overdue; so it is said once."""

    __tablename__ = "billing_overdue_notes"
    __table_args__ = (
        tenant_key(),
        references("invoice_id", "billing_invoices", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "invoice_id"),
    )

    invoice_id: Mapped[UUID]
    noted_on: Mapped[date]


class EarlyDiscount(TenantTable):
    """What a client kept back for paying early: `amount` = `net` + `tax`, booked beside the payment. `tax_parts` are the
    taxes of the invoice that it lowers: [position, base, tax] each. An invoice has at most one that was not taken back.
    """

    __tablename__ = "billing_early_discounts"
    __table_args__ = (
        tenant_key(),
        references("invoice_id", "billing_invoices"),
        references("payment_id", "billing_payments"),
        Index(None, "tenant_id", "payment_id"),
        CheckConstraint("amount > 0 and amount = net + tax", name="amount"),
        Index("uq_billing_early_discounts_live", "tenant_id", "invoice_id", unique=True,
              postgresql_where=text("taken_back_at is null")),
        Index(None, "tenant_id", "given_on"),
    )  # fmt: skip

    invoice_id: Mapped[UUID]
    payment_id: Mapped[UUID]
    amount: Mapped[int] = mapped_column(BigInteger)
    net: Mapped[int] = mapped_column(BigInteger)
    tax: Mapped[int] = mapped_column(BigInteger)
    tax_parts: Mapped[Any] = mapped_column(JSON())
    given_on: Mapped[date]
    entry_id: Mapped[UUID]
    taken_back_at: Mapped[datetime | None]


class DunningLevel(TenantTable, Versioned):
    """A reminder that is sent `days` after the due date, the first level first; `fee` (minor units of `fee_currency`) is
    charged on invoices of that currency.
    """

    __tablename__ = "billing_dunning_levels"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "level"),
        CheckConstraint("level between 1 and 9", name="level"),
        CheckConstraint("days between 1 and 1000", name="days"),
        CheckConstraint("fee > 0", name="fee"),
        CheckConstraint("(fee is null) = (fee_currency is null)", name="fee_currency"),
    )

    level: Mapped[int]
    name: Mapped[str]
    days: Mapped[int]
    fee: Mapped[int | None] = mapped_column(BigInteger)
    fee_currency: Mapped[str | None]


class DunningText(TenantTable):
    """The words of a level in one language; where there are none, the house's own are sent."""

    __tablename__ = "billing_dunning_texts"
    __table_args__ = (
        tenant_key(),
        references("level_id", "billing_dunning_levels", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "level_id", "locale"),
    )

    level_id: Mapped[UUID]
    locale: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]


class Letter(TenantTable):
    """A mail to a client that is about its account: a reminder or a statement. Until `sent_at` is known its job in the
    ledger says how it stands. `period_key` is the period of a statement that the schedule sent, so that it sends it once.
    """

    __tablename__ = "billing_letters"
    __table_args__ = (
        tenant_key(),
        references("client_id", "clients"),
        CheckConstraint("kind in ('reminder', 'statement')", name="kind"),
        UniqueConstraint("tenant_id", "mail_id", "recipient"),
        UniqueConstraint("tenant_id", "client_id", "kind", "period_key"),
        Index(None, "tenant_id", "client_id", "id"),
        Index(None, "tenant_id", "created_at", "id"),
    )

    client_id: Mapped[UUID]
    kind: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    recipient: Mapped[str]
    mail_id: Mapped[str]
    job_id: Mapped[UUID]
    asked_by: Mapped[str]
    period_key: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    sent_at: Mapped[datetime | None]


class Reminder(TenantTable):
    """An invoice that a client was reminded of at a level, once; `open_amount` (minor units) is what was open then, `fee` what
    the reminder costs.
    """

    __tablename__ = "billing_reminders"
    __table_args__ = (
        tenant_key(),
        references("invoice_id", "billing_invoices"),
        references("letter_id", "billing_letters"),
        UniqueConstraint("tenant_id", "invoice_id", "level"),
        CheckConstraint("fee > 0", name="fee"),
        Index(None, "tenant_id", "letter_id"),
    )

    invoice_id: Mapped[UUID]
    letter_id: Mapped[UUID]
    level: Mapped[int]
    reminded_on: Mapped[date]
    open_amount: Mapped[int] = mapped_column(BigInteger)
    fee: Mapped[int | None] = mapped_column(BigInteger)


class LateFeeRule(TenantTable, Versioned):
    """What late payment costs in one currency: `percent` a month of what is open, or a fixed `amount` a month, not less than
    `minimum`. The first month is charged after `grace_days`; months that began before `starts_on` are free.
    """

    __tablename__ = "billing_late_fee_rules"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "currency"),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint("kind in ('percent', 'fixed')", name="kind"),
        CheckConstraint("(kind = 'percent') = (percent is not null)", name="percent"),
        CheckConstraint("percent > 0 and percent <= 100", name="percent_range"),
        CheckConstraint("(kind = 'fixed') = (amount is not null)", name="amount"),
        CheckConstraint("amount > 0 and minimum >= 0", name="amounts"),
        CheckConstraint("grace_days between 0 and 365", name="grace_days"),
        CheckConstraint("tax_category in ('exempt', 'standard', 'reduced')", name="tax_category"),
    )

    currency: Mapped[str]
    kind: Mapped[str]
    percent: Mapped[Decimal | None] = mapped_column(PERCENT)
    amount: Mapped[int | None] = mapped_column(BigInteger)
    minimum: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    grace_days: Mapped[int] = mapped_column(default=0, server_default="0")
    starts_on: Mapped[date]
    tax_category: Mapped[str] = mapped_column(default="exempt", server_default="exempt")
