"""Tables of the invoicing host."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, Versioned, references, tenant_key


class ExtensionCharge(TenantTable, Versioned):
    """Something a client owes because an extension says so. `rate` is the price of one in minor units of `currency`; without
    it the item's price counts. `author` is the `extension` with its version, `invoice_id` marks what is billed.
    """

    __tablename__ = "invoicing_host_charges"
    __table_args__ = (
        tenant_key(),
        references("client_id", "clients"),
        references("item_id", "catalog_items"),
        UniqueConstraint("tenant_id", "extension", "idempotency_key"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("rate >= 0", name="rate"),
        CheckConstraint("(rate is null) = (currency is null)", name="currency"),
        CheckConstraint("rate is not null or item_id is not null", name="priced"),
        CheckConstraint("(invoice_id is null) = (invoice_line_id is null)", name="billed"),
        Index(None, "tenant_id", "charged_on", "id"),
        Index(None, "tenant_id", "client_id", "charged_on", "id"),
        Index(None, "tenant_id", "item_id"),
        Index("ix_invoicing_host_charges_unbilled", "tenant_id", "client_id", "charged_on",
              postgresql_where=text("invoice_id is null")),
    )  # fmt: skip

    client_id: Mapped[UUID]
    item_id: Mapped[UUID | None]
    description: Mapped[str]
    quantity: Mapped[Decimal] = mapped_column(Numeric(14, 4))
    unit: Mapped[str]
    rate: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None]
    charged_on: Mapped[date]
    install_id: Mapped[UUID]
    author: Mapped[str]
    extension: Mapped[str]
    idempotency_key: Mapped[str]
    invoice_id: Mapped[UUID | None]
    invoice_line_id: Mapped[UUID | None]
