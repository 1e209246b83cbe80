"""Tables of invoices and credit notes. Amounts are minor units of the invoice's currency.

What is written by the thousand (lines, taxes, sources) references its invoice alone, and through it the tenant: every
further foreign key is checked for each row.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Numeric,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, Versioned, references, tenant_key

QUANTITY = Numeric(18, 4)
PARTS = tuple(
    f"fk_billing_{name}_tenant_id_invoice_id" for name in ("invoice_lines", "invoice_taxes", "invoice_discounts", "sources")
)
"""The references of parts to their invoice; who writes an invoice as final from the beginning defers them, and it comes last."""


def _of_invoice() -> ForeignKeyConstraint:
    reference = references("invoice_id", "billing_invoices", on_delete="CASCADE")
    reference.deferrable, reference.initially = True, "IMMEDIATE"
    return reference


class Series(TenantTable):
    """A row of numbers, and the end of its hash chain; locked last by whoever takes a number."""

    __tablename__ = "billing_series"
    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "name"))

    name: Mapped[str]
    last_serial: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    chain_length: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    chain_hash: Mapped[bytes] = mapped_column(LargeBinary, default=b"", server_default=text("''::bytea"))


class Invoice(TenantTable, Versioned):
    """An invoice or credit note. `net` - `discount` = `subtotal`, + `tax` = `total`.

    `settled` is what payments and credits have paid, `credited` what credit notes took back; both are sums of rows that
    say so, kept here so that the database itself refuses to exceed `total`. Without a `serial` the number is provisional.
    `parties` holds seller and buyer as they were when it was finalized. Who pays by `early_until` may keep back
    `early_percent`.
    """

    __tablename__ = "billing_invoices"
    __table_args__ = (
        tenant_key(),
        references("client_id", "clients"),
        references("credit_of_id", "billing_invoices"),
        references("layout_version_id", "billing_layout_versions"),
        references("terms_id", "billing_terms"),
        UniqueConstraint("tenant_id", "number"),
        UniqueConstraint("tenant_id", "series", "serial"),
        CheckConstraint("kind in ('invoice', 'credit_note', 'prepayment')", name="kind"),
        CheckConstraint("origin in ('run', 'manual', 'credit_note')", name="origin"),
        CheckConstraint("status in ('draft', 'finalized', 'void')", name="status"),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint("subtotal = net - discount and total = subtotal + tax", name="sums"),
        CheckConstraint("discount >= 0 and total >= 0", name="not_below_zero"),
        CheckConstraint("settled between 0 and total", name="settled"),
        CheckConstraint("credited between 0 and total", name="credited"),
        CheckConstraint("credit_of_id is null or kind = 'credit_note'", name="credit_of"),
        CheckConstraint("kind <> 'credit_note' or credit_of_id is not null or origin = 'run'", name="credits_something"),
        CheckConstraint("status = 'draft' or (serial is not null and finalized_at is not null)", name="finalized"),
        CheckConstraint("(status = 'void') = (voided_at is not null and void_reason <> '')", name="void"),
        CheckConstraint("due_date >= invoice_date", name="due_date"),
        CheckConstraint("tax_source in ('internal', 'external', 'pending_external')", name="tax_source"),
        CheckConstraint("status = 'draft' or tax_source <> 'pending_external'", name="taxed"),
        CheckConstraint("(early_percent is null) = (early_until is null)", name="early"),
        CheckConstraint("early_percent > 0 and early_percent < 100", name="early_percent"),
        Index("uq_billing_invoices_idempotency", "tenant_id", "author_key", "idempotency_key", unique=True,
              postgresql_where=text("idempotency_key is not null")),
        Index(None, "tenant_id", "created_at", "id"),
        Index(None, "tenant_id", "invoice_date", "id"),
        Index(None, "tenant_id", "client_id", "invoice_date", "id"),
        Index(None, "tenant_id", "run_id", postgresql_where=text("run_id is not null")),
        Index(None, "tenant_id", "credit_of_id", postgresql_where=text("credit_of_id is not null")),
        Index("ix_billing_invoices_open", "tenant_id", "due_date",
              postgresql_where=text("status = 'finalized' and settled < total")),
        Index("ix_billing_invoices_void", "tenant_id", "client_id", postgresql_where=text("status = 'void'")),
    )  # fmt: skip

    kind: Mapped[str] = mapped_column(default="invoice", server_default="invoice")
    origin: Mapped[str]
    status: Mapped[str] = mapped_column(default="draft", server_default="draft")
    series: Mapped[str]
    serial: Mapped[int | None] = mapped_column(BigInteger)
    number: Mapped[str]
    client_id: Mapped[UUID]
    currency: Mapped[str]
    invoice_date: Mapped[date]
    due_date: Mapped[date]
    terms_id: Mapped[UUID | None]
    early_percent: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    early_until: Mapped[date | None]
    po_number: Mapped[str | None]
    notes: Mapped[str] = mapped_column(default="", server_default="")
    net: Mapped[int] = mapped_column(BigInteger)
    discount: Mapped[int] = mapped_column(BigInteger)
    subtotal: Mapped[int] = mapped_column(BigInteger)
    tax: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int] = mapped_column(BigInteger)
    settled: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    credited: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    tax_source: Mapped[str] = mapped_column(default="internal", server_default="internal")
    tax_notes: Mapped[list[str]] = mapped_column(default=list, server_default=text("'[]'::jsonb"))
    tax_trace: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    contract_ids: Mapped[list[str]] = mapped_column(default=list, server_default=text("'[]'::jsonb"))
    run_id: Mapped[UUID | None]
    credit_of_id: Mapped[UUID | None]
    layout_version_id: Mapped[UUID | None]
    parties: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    created_by_kind: Mapped[str]
    created_by_id: Mapped[UUID | None]
    created_by_name: Mapped[str]
    author: Mapped[str | None]
    author_key: Mapped[str]
    idempotency_key: Mapped[str | None]
    finalized_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]
    void_reason: Mapped[str] = mapped_column(default="", server_default="")


class InvoiceLine(TenantTable):
    """One charge as it is billed: `net` before discounts, `total` after them with tax. References its invoice only.

    `trace` says why the amount is what it is; `tax_parts` which taxes of the invoice it pays: [position, amount] each.
    """

    __tablename__ = "billing_invoice_lines"
    __table_args__ = (
        _of_invoice(),
        UniqueConstraint("tenant_id", "invoice_id", "position"),
        CheckConstraint("total = net - discount + tax", name="sums"),
    )

    invoice_id: Mapped[UUID]
    position: Mapped[int]
    kind: Mapped[str]
    description: Mapped[str]
    item_id: Mapped[UUID | None]
    quantity: Mapped[Decimal] = mapped_column(QUANTITY)
    unit: Mapped[str]
    unit_price: Mapped[int | None] = mapped_column(BigInteger)
    net: Mapped[int] = mapped_column(BigInteger)
    discount: Mapped[int] = mapped_column(BigInteger)
    tax: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int] = mapped_column(BigInteger)
    tax_category: Mapped[str | None]
    tax_parts: Mapped[Any] = mapped_column(JSON())
    tax_point: Mapped[date | None]
    location_id: Mapped[UUID | None]
    contract_line_id: Mapped[UUID | None]
    period_start: Mapped[date | None]
    period_end: Mapped[date | None]
    credited_line_id: Mapped[UUID | None]
    exemption: Mapped[str | None]
    trace: Mapped[Any] = mapped_column(JSON())


class InvoiceTax(TenantTable):
    """One tax of an invoice, as printed; `tax_date` is its tax point."""

    __tablename__ = "billing_invoice_taxes"
    __table_args__ = (
        _of_invoice(),
        UniqueConstraint("tenant_id", "invoice_id", "position"),
    )

    invoice_id: Mapped[UUID]
    position: Mapped[int]
    name: Mapped[str]
    code: Mapped[str]
    percent: Mapped[Decimal] = mapped_column(Numeric(12, 6))
    base: Mapped[int] = mapped_column(BigInteger)
    tax: Mapped[int] = mapped_column(BigInteger)
    region: Mapped[str | None]
    note: Mapped[str | None]
    rate_key: Mapped[str | None]
    tax_date: Mapped[date]


class InvoiceDiscount(TenantTable):
    """A discount of an invoice: of one line (its position), of the lines of an item, or of the whole."""

    __tablename__ = "billing_invoice_discounts"
    __table_args__ = (
        _of_invoice(),
        UniqueConstraint("tenant_id", "invoice_id", "position"),
        CheckConstraint("(percent is null) <> (fixed is null)", name="value"),
        CheckConstraint("percent between 0 and 100 and fixed >= 0 and amount >= 0", name="range"),
        CheckConstraint("line_position is null or item_id is null", name="one_target"),
    )

    invoice_id: Mapped[UUID]
    position: Mapped[int]
    description: Mapped[str]
    percent: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    fixed: Mapped[int | None] = mapped_column(BigInteger)
    line_position: Mapped[int | None]
    item_id: Mapped[UUID | None]
    amount: Mapped[int] = mapped_column(BigInteger)
    trace: Mapped[Any] = mapped_column(JSON())


class Source(TenantTable):
    """What was billed: billing's memory that a thing (a contract line for a period, a time entry) stands on an invoice.

    At most one live row for each thing; voiding an invoice makes its rows dead, and the things billable again. A period that
    cost nothing may be closed without an invoice.
    """

    __tablename__ = "billing_sources"
    __table_args__ = (
        _of_invoice(),
        CheckConstraint("(invoice_id is null) = (line_id is null)", name="line_id"),
        CheckConstraint("invoice_id is not null or amount = 0", name="closed"),
        Index("uq_billing_sources_live", "tenant_id", "source_kind", "source_id", "period_key", unique=True,
              postgresql_where=text("live")),
        Index(None, "tenant_id", "invoice_id"),
    )  # fmt: skip

    source_kind: Mapped[str]
    source_id: Mapped[UUID]
    period_key: Mapped[str] = mapped_column(default="", server_default="")
    invoice_id: Mapped[UUID | None]
    line_id: Mapped[UUID | None]
    amount: Mapped[int] = mapped_column(BigInteger)
    live: Mapped[bool] = mapped_column(default=True, server_default="true")


class ChainLink(TenantTable):
    """What happened to a finalized invoice, each link sealed by the hash of the one before it."""

    __tablename__ = "billing_chain_links"
    __table_args__ = (
        tenant_key(),
        references("invoice_id", "billing_invoices"),
        UniqueConstraint("tenant_id", "series", "position"),
        CheckConstraint("event in ('finalized', 'unfinalized', 'voided')", name="event"),
        Index(None, "tenant_id", "invoice_id"),
    )

    series: Mapped[str]
    position: Mapped[int] = mapped_column(BigInteger)
    invoice_id: Mapped[UUID]
    event: Mapped[str]
    occurred_at: Mapped[datetime]
    content_hash: Mapped[bytes] = mapped_column(LargeBinary)
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
