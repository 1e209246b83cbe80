"""Tables of the catalog."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Computed, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, Versioned, references, tenant_key


class Item(TenantTable, Versioned):
    """Something sold. `tax_category` is None when it is not taxable at all."""

    __tablename__ = "catalog_items"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "sku"),
        CheckConstraint("kind in ('service', 'product', 'license')", name="kind"),
        CheckConstraint("billing_method in ('fixed', 'hourly', 'usage', 'per_unit')", name="billing_method"),
        CheckConstraint("tax_category in ('standard', 'reduced', 'exempt')", name="tax_category"),
        CheckConstraint("license_term in ('monthly', 'annual', 'perpetual')", name="license_term"),
        CheckConstraint("kind = 'license' or license_term is null", name="term_of_license"),
        Index(None, "tenant_id", "name_key", "id"),
        Index(None, "tenant_id", "updated_at", "id"),
    )

    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(Computed("lower(name)", persisted=True))
    sku: Mapped[str | None]
    kind: Mapped[str]
    billing_method: Mapped[str]
    unit: Mapped[str] = mapped_column(default="each", server_default="each")
    category: Mapped[str | None]
    tax_category: Mapped[str | None] = mapped_column(default="standard", server_default="standard")
    license_term: Mapped[str | None]
    description: Mapped[str] = mapped_column(default="", server_default="")
    active: Mapped[bool] = mapped_column(default=True, server_default="true")


class Price(TenantTable):
    """The list price of an item in one currency, in minor units."""

    __tablename__ = "catalog_prices"
    __table_args__ = (
        tenant_key(),
        references("item_id", "catalog_items", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "item_id", "currency"),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint("amount >= 0", name="amount"),
    )

    item_id: Mapped[UUID]
    currency: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
