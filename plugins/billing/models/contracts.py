"""Tables of contracts, their lines and prices, and of what was used."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Computed, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, Versioned, references, tenant_key

QUANTITY = Numeric(14, 4)


class Contract(TenantTable, Versioned):
    """An agreement with a client. `end_on` is its last day, None for evergreen; `billed_until` is the last day that
    was billed before this system did; `cadence` says whether periods follow the calendar or the day it began.

    `po_amount` is what the client's order authorizes (minor units, tax included); `po_policy` says whether what exceeds it
    is parked or billed. `renewal_months` is by how much it is renewed, unless somebody says no `notice_days` before its end.
    """

    __tablename__ = "billing_contracts"
    __table_args__ = (
        tenant_key(),
        references("client_id", "clients"),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint("status in ('draft', 'active')", name="status"),
        CheckConstraint("cadence in ('calendar', 'anniversary', 'client')", name="cadence"),
        CheckConstraint("end_on >= start_on", name="end_on"),
        CheckConstraint("po_amount >= 0", name="po_amount"),
        CheckConstraint("po_amount is null or po_number is not null", name="po_amount_of_number"),
        CheckConstraint("po_policy in ('park', 'warn')", name="po_policy"),
        CheckConstraint("renewal_mode in ('none', 'manual', 'auto')", name="renewal_mode"),
        CheckConstraint("renewal_months between 1 and 120", name="renewal_months"),
        CheckConstraint("renewal_mode = 'none' or renewal_months is not null", name="renewal_terms"),
        CheckConstraint("notice_days between 0 and 3650", name="notice_days"),
        Index(None, "tenant_id", "client_id", "id"),
        Index(None, "tenant_id", "name_key", "id"),
        Index(None, "tenant_id", "start_on", "id"),
        Index(None, "tenant_id", "updated_at", "id"),
        Index("ix_billing_contracts_renewing", "tenant_id", "end_on", "id", postgresql_where=text("renewal_mode <> 'none'")),
    )

    client_id: Mapped[UUID]
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(Computed("lower(name)", persisted=True))
    currency: Mapped[str]
    start_on: Mapped[date]
    end_on: Mapped[date | None]
    billed_until: Mapped[date | None]
    status: Mapped[str] = mapped_column(default="draft", server_default="draft")
    cadence: Mapped[str] = mapped_column(default="calendar", server_default="calendar")
    po_number: Mapped[str | None]
    notes: Mapped[str] = mapped_column(default="", server_default="")
    po_required: Mapped[bool] = mapped_column(default=False, server_default="false")
    po_amount: Mapped[int | None] = mapped_column(BigInteger)
    po_policy: Mapped[str] = mapped_column(default="park", server_default="park")
    renewal_mode: Mapped[str] = mapped_column(default="none", server_default="none")
    renewal_months: Mapped[int | None]
    notice_days: Mapped[int] = mapped_column(default=0, server_default="0")


class ContractLine(TenantTable, Versioned):
    """One thing agreed. `price` (fixed lines) is that of a whole period in minor units, None takes the services' prices;
    `hourly_rate` is for one hour. What a person works beyond `overtime_after` minutes a day or week (`overtime_per`) costs
    `overtime_rate`, else `overtime_factor` times the rate. `start_on` and `end_on` (last day) narrow the contract's own days.
    """

    __tablename__ = "billing_contract_lines"
    __table_args__ = (
        tenant_key(),
        references("contract_id", "billing_contracts", on_delete="CASCADE"),
        references("location_id", "client_locations"),
        UniqueConstraint("tenant_id", "contract_id", "id"),
        CheckConstraint("kind in ('fixed', 'hourly', 'usage', 'product', 'license', 'bucket')", name="kind"),
        CheckConstraint("cycle in ('weekly', 'bi_weekly', 'monthly', 'quarterly', 'semi_annual', 'annual')", name="cycle"),
        CheckConstraint("timing in ('advance', 'arrears')", name="timing"),
        CheckConstraint("timing = 'arrears' or kind not in ('hourly', 'usage')", name="measured_in_arrears"),
        CheckConstraint("price is null or (kind in ('fixed', 'bucket') and price >= 0)", name="price"),
        CheckConstraint("hourly_rate is null or (kind = 'hourly' and hourly_rate >= 0)", name="hourly_rate"),
        CheckConstraint("minimum_minutes between 0 and 1440", name="minimum_minutes"),
        CheckConstraint("round_up_minutes between 0 and 1440", name="round_up_minutes"),
        CheckConstraint(
            "overtime_after is null or (kind = 'hourly' and overtime_after between 1 and 10080)", name="overtime_after"
        ),
        CheckConstraint("overtime_per in ('day', 'week')", name="overtime_per"),
        CheckConstraint("overtime_rate >= 0", name="overtime_rate"),
        CheckConstraint("overtime_factor > 0", name="overtime_factor"),
        CheckConstraint("end_on >= start_on", name="end_on"),
        Index(None, "tenant_id", "contract_id", "position", "id"),
        Index(None, "tenant_id", "location_id"),
    )

    contract_id: Mapped[UUID]
    position: Mapped[int]
    name: Mapped[str]
    kind: Mapped[str]
    cycle: Mapped[str] = mapped_column(default="monthly", server_default="monthly")
    timing: Mapped[str]
    prorate: Mapped[bool] = mapped_column(default=False, server_default="false")
    price: Mapped[int | None] = mapped_column(BigInteger)
    hourly_rate: Mapped[int | None] = mapped_column(BigInteger)
    minimum_minutes: Mapped[int] = mapped_column(default=0, server_default="0")
    round_up_minutes: Mapped[int] = mapped_column(default=0, server_default="0")
    overtime_after: Mapped[int | None]
    overtime_per: Mapped[str] = mapped_column(default="day", server_default="day")
    overtime_rate: Mapped[int | None] = mapped_column(BigInteger)
    overtime_factor: Mapped[Decimal] = mapped_column(Numeric(6, 4), default=Decimal("1.5"), server_default="1.5")
    location_id: Mapped[UUID | None]
    start_on: Mapped[date | None]
    end_on: Mapped[date | None]
    invoice_text: Mapped[str] = mapped_column(default="", server_default="")


class DaysBack(TenantTable):
    """Days of a line that an invoice billed (`source_id`) and that are not served, since the line ends before: the next invoice
    takes back `amount` (before tax, minor units of the contract). `old_key` named the whole period before they were cut off.
    """

    __tablename__ = "billing_days_back"
    __table_args__ = (
        tenant_key(),
        references("client_id", "clients"),
        references("contract_line_id", "billing_contract_lines"),
        references("source_id", "billing_sources", on_delete="CASCADE"),
        CheckConstraint("ends_on >= starts_on", name="ends_on"),
        CheckConstraint("amount > 0", name="amount"),
        Index(None, "tenant_id", "client_id"),
        Index(None, "tenant_id", "contract_line_id"),
        Index(None, "tenant_id", "source_id"),
    )

    client_id: Mapped[UUID]
    contract_line_id: Mapped[UUID]
    source_id: Mapped[UUID]
    old_key: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    amount: Mapped[int] = mapped_column(BigInteger)


class ContractItem(TenantTable):
    """A catalog item on a line: how many in one period, at which price (minor units; None: the catalog's), and on usage
    lines the least quantity billed for one period.
    """

    __tablename__ = "billing_contract_items"
    __table_args__ = (
        tenant_key(),
        references("line_id", "billing_contract_lines", on_delete="CASCADE"),
        references("item_id", "catalog_items"),
        UniqueConstraint("tenant_id", "line_id", "item_id"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("unit_price >= 0", name="unit_price"),
        CheckConstraint("minimum_quantity >= 0", name="minimum_quantity"),
        Index(None, "tenant_id", "item_id"),
    )

    line_id: Mapped[UUID]
    item_id: Mapped[UUID]
    quantity: Mapped[Decimal] = mapped_column(QUANTITY, default=Decimal(1), server_default="1")
    unit_price: Mapped[int | None] = mapped_column(BigInteger)
    minimum_quantity: Mapped[Decimal] = mapped_column(QUANTITY, default=Decimal(0), server_default="0")


class RoleRate(TenantTable):
    """What one hour of a person with this billing role costs on a line, in minor units."""

    __tablename__ = "billing_role_rates"
    __table_args__ = (
        tenant_key(),
        references("line_id", "billing_contract_lines", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "line_id", "role"),
        CheckConstraint("hourly_rate >= 0", name="hourly_rate"),
    )

    line_id: Mapped[UUID]
    role: Mapped[str]
    hourly_rate: Mapped[int] = mapped_column(BigInteger)


class UsageTier(TenantTable):
    """The price of one unit for quantities from `from_quantity` up to, not including, `to_quantity` (None: open)."""

    __tablename__ = "billing_tiers"
    __table_args__ = (
        tenant_key(),
        references("contract_item_id", "billing_contract_items", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "contract_item_id", "from_quantity"),
        CheckConstraint("from_quantity >= 0", name="from_quantity"),
        CheckConstraint("to_quantity > from_quantity", name="to_quantity"),
        CheckConstraint("unit_price >= 0", name="unit_price"),
        Index(
            "uq_billing_tiers_open", "tenant_id", "contract_item_id", unique=True,
            postgresql_where=text("to_quantity is null"),
        ),
    )  # fmt: skip

    contract_item_id: Mapped[UUID]
    from_quantity: Mapped[Decimal] = mapped_column(QUANTITY)
    to_quantity: Mapped[Decimal | None] = mapped_column(QUANTITY)
    unit_price: Mapped[int] = mapped_column(BigInteger)


class UsageEntry(TenantTable, Versioned):
    """Something a client used; below zero it corrects an earlier record. `invoice_id` marks what is billed."""

    __tablename__ = "billing_usage"
    __table_args__ = (
        tenant_key(),
        references("client_id", "clients"),
        references("item_id", "catalog_items"),
        references("contract_line_id", "billing_contract_lines"),
        CheckConstraint("quantity <> 0", name="quantity"),
        CheckConstraint("(invoice_id is null) = (invoice_line_id is null)", name="billed"),
        Index(None, "tenant_id", "client_id", "used_on", "id"),
        Index(None, "tenant_id", "used_on", "id"),
        Index(None, "tenant_id", "contract_line_id"),
        Index(None, "tenant_id", "item_id"),
        Index(
            "ix_billing_usage_unbilled", "tenant_id", "client_id", "used_on",
            postgresql_where=text("invoice_id is null"),
        ),
    )  # fmt: skip

    client_id: Mapped[UUID]
    item_id: Mapped[UUID]
    contract_line_id: Mapped[UUID | None]
    used_on: Mapped[date]
    quantity: Mapped[Decimal] = mapped_column(QUANTITY)
    note: Mapped[str] = mapped_column(default="", server_default="")
    invoice_id: Mapped[UUID | None]
    invoice_line_id: Mapped[UUID | None]
