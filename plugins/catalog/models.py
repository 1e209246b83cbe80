"""Tables of the catalog."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Computed, Index, Numeric, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, Versioned, references, tenant_key


class Category(TenantTable, Versioned):
    """A shelf of the catalog, by which items are filtered and mapped; its name is unique whatever its letters' case."""

    __tablename__ = "catalog_categories"
    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "name_key"))

    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(Computed("lower(name)", persisted=True))


class Item(TenantTable, Versioned):
    """Something sold. `tax_category` is None when it is not taxable at all.

    `cost` (minor units of `cost_currency`) is what one unit costs the seller. `license_term` is how long a license is
    bound, `license_cadence` how often the vendor bills it. `default_quantity` is proposed where the item is put on a line.
    """

    __tablename__ = "catalog_items"
    __table_args__ = (
        tenant_key(),
        references("category_id", "catalog_categories"),
        UniqueConstraint("tenant_id", "sku_key"),
        CheckConstraint("kind in ('service', 'product', 'license')", name="kind"),
        CheckConstraint("billing_method in ('fixed', 'hourly', 'usage', 'per_unit')", name="billing_method"),
        CheckConstraint("tax_category in ('standard', 'reduced', 'exempt')", name="tax_category"),
        CheckConstraint("license_term in ('monthly', 'annual', 'perpetual')", name="license_term"),
        CheckConstraint("license_cadence in ('monthly', 'annual')", name="license_cadence"),
        CheckConstraint("kind = 'license' or license_term is null", name="term_of_license"),
        CheckConstraint("kind = 'license' or license_cadence is null", name="cadence_of_license"),
        CheckConstraint("cost >= 0 and (cost is null) = (cost_currency is null)", name="cost"),
        CheckConstraint("default_quantity > 0", name="default_quantity"),
        Index(None, "tenant_id", "name_key", "id"),
        Index(None, "tenant_id", "updated_at", "id"),
        Index(None, "tenant_id", "kind", "name_key", "id"),
        Index(None, "tenant_id", "category_id", "name_key", "id"),
        Index(None, "tenant_id", "active", "name_key", "id"),
    )

    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(Computed("lower(name)", persisted=True))
    sku: Mapped[str | None]
    sku_key: Mapped[str | None] = mapped_column(Computed("lower(sku)", persisted=True))
    kind: Mapped[str]
    billing_method: Mapped[str]
    unit: Mapped[str] = mapped_column(default="each", server_default="each")
    category_id: Mapped[UUID | None]
    tax_category: Mapped[str | None] = mapped_column(default="standard", server_default="standard")
    license_term: Mapped[str | None]
    license_cadence: Mapped[str | None]
    vendor: Mapped[str | None]
    manufacturer: Mapped[str | None]
    part_number: Mapped[str | None]
    cost: Mapped[int | None] = mapped_column(BigInteger)
    cost_currency: Mapped[str | None]
    default_quantity: Mapped[Decimal] = mapped_column(Numeric(16, 4), default=Decimal(1), server_default="1")
    description: Mapped[str] = mapped_column(default="", server_default="")
    active: Mapped[bool] = mapped_column(default=True, server_default="true")


class ExternalId(TenantTable):
    """What an item is called in another system, such as an accounting program: one name for each system."""

    __tablename__ = "catalog_external_ids"
    __table_args__ = (
        tenant_key(),
        references("item_id", "catalog_items", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "item_id", "system"),
        UniqueConstraint("tenant_id", "system", "value"),
    )

    item_id: Mapped[UUID]
    system: Mapped[str]
    value: Mapped[str]


class Price(TenantTable):
    """The list price of an item in one currency, in minor units, from a day on; without a day, from the beginning.

    It holds until the next one of the same currency begins.
    """

    __tablename__ = "catalog_prices"
    __table_args__ = (
        tenant_key(),
        references("item_id", "catalog_items", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "item_id", "currency", "start_on", postgresql_nulls_not_distinct=True),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint("amount >= 0", name="amount"),
    )

    item_id: Mapped[UUID]
    currency: Mapped[str]
    start_on: Mapped[date | None]
    amount: Mapped[int] = mapped_column(BigInteger)


class ClientPrice(TenantTable, Versioned):
    """What one client pays for an item in one currency, in minor units; `end_on` is the last day it counts.

    Of several in force the one that began last counts.
    """

    __tablename__ = "catalog_client_prices"
    __table_args__ = (
        tenant_key(),
        references("item_id", "catalog_items", on_delete="CASCADE"),
        references("client_id", "clients", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "client_id", "item_id", "currency", "start_on", name="uq_catalog_client_prices_from_a_day"),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint("end_on >= start_on", name="days"),
        Index(None, "tenant_id", "item_id", "id"),
    )

    item_id: Mapped[UUID]
    client_id: Mapped[UUID]
    currency: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
    start_on: Mapped[date]
    end_on: Mapped[date | None]
    note: Mapped[str] = mapped_column(default="", server_default="")
