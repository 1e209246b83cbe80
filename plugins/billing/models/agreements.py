"""Tables of what contracts are made from and agreed beside their lines: templates, bundles, dated prices, discounts, renewals."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Computed, ForeignKeyConstraint, Index, Numeric, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, Versioned, references, tenant_key

PERCENT = Numeric(9, 6)


class ContractTemplate(TenantTable, Versioned):
    """What contracts are cloned from; a contract keeps no tie to it. `lines` are whole contract lines without days and
    place, each with an `id`; `term_months` sets a contract's last day, None leaves it open.
    """

    __tablename__ = "billing_contract_templates"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "name_key"),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint("cadence in ('calendar', 'anniversary', 'client')", name="cadence"),
        CheckConstraint("term_months between 1 and 120", name="term_months"),
        CheckConstraint("renewal_mode in ('none', 'manual', 'auto')", name="renewal_mode"),
        CheckConstraint("renewal_months between 1 and 120", name="renewal_months"),
        CheckConstraint(
            "renewal_mode = 'none' or (renewal_months is not null and term_months is not null)", name="renewal_terms"
        ),
        CheckConstraint("notice_days between 0 and 3650", name="notice_days"),
        Index(None, "tenant_id", "updated_at", "id"),
    )

    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(Computed("lower(name)", persisted=True))
    description: Mapped[str] = mapped_column(default="", server_default="")
    currency: Mapped[str]
    cadence: Mapped[str] = mapped_column(default="calendar", server_default="calendar")
    term_months: Mapped[int | None]
    renewal_mode: Mapped[str] = mapped_column(default="none", server_default="none")
    renewal_months: Mapped[int | None]
    notice_days: Mapped[int] = mapped_column(default=0, server_default="0")
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list, server_default=text("'[]'::jsonb"))


class PlanBundle(TenantTable, Versioned):
    """Templates that are applied to a client together."""

    __tablename__ = "billing_plan_bundles"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "name_key"),
        Index(None, "tenant_id", "updated_at", "id"),
    )

    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(Computed("lower(name)", persisted=True))
    description: Mapped[str] = mapped_column(default="", server_default="")


class BundledTemplate(TenantTable):
    """A template's place in a bundle."""

    __tablename__ = "billing_bundled_templates"
    __table_args__ = (
        tenant_key(),
        references("bundle_id", "billing_plan_bundles", on_delete="CASCADE"),
        references("template_id", "billing_contract_templates"),
        UniqueConstraint("tenant_id", "bundle_id", "template_id"),
        Index(None, "tenant_id", "template_id"),
    )

    bundle_id: Mapped[UUID]
    template_id: Mapped[UUID]
    position: Mapped[int]


class ScheduledPrice(TenantTable, Versioned):
    """The price of a contract line from its first to its last day (None: until another begins), in minor units: of a whole
    period, or of one unit of `item_id`. No two hold on one day.
    """

    __tablename__ = "billing_scheduled_prices"
    __table_args__ = (
        tenant_key(),
        references("line_id", "billing_contract_lines", on_delete="CASCADE"),
        ForeignKeyConstraint(
            ["tenant_id", "line_id", "item_id"],
            ["billing_contract_items.tenant_id", "billing_contract_items.line_id", "billing_contract_items.item_id"],
            ondelete="CASCADE", name="fk_billing_scheduled_prices_item",
        ),
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint("end_on >= start_on", name="end_on"),
        ExcludeConstraint(
            ("tenant_id", "="),
            ("line_id", "="),
            (func.coalesce(text("item_id"), text("'00000000-0000-0000-0000-000000000000'::uuid")), "="),
            (func.daterange(text("start_on"), text("end_on"), text("'[]'")), "&&"),
            name="ex_billing_scheduled_prices_no_overlap",
            using="gist",
            deferrable=True,
            initially="IMMEDIATE",
        ),
        Index(None, "tenant_id", "line_id", "start_on"),
    )  # fmt: skip

    line_id: Mapped[UUID]
    item_id: Mapped[UUID | None]
    amount: Mapped[int] = mapped_column(BigInteger)
    start_on: Mapped[date]
    end_on: Mapped[date | None]
    note: Mapped[str] = mapped_column(default="", server_default="")


class ContractDiscount(TenantTable, Versioned):
    """What is taken off service periods that begin between its first and last day: `percent` of each line, or `fixed` minor
    units once for each period; of one line, or of all lines of the contract but goods.
    """

    __tablename__ = "billing_contract_discounts"
    __table_args__ = (
        tenant_key(),
        references("contract_id", "billing_contracts", on_delete="CASCADE"),
        ForeignKeyConstraint(
            ["tenant_id", "contract_id", "line_id"],
            ["billing_contract_lines.tenant_id", "billing_contract_lines.contract_id", "billing_contract_lines.id"],
            ondelete="CASCADE", name="fk_billing_contract_discounts_line",
        ),
        CheckConstraint("(percent is null) <> (fixed is null)", name="kind"),
        CheckConstraint("percent between 0 and 100", name="percent"),
        CheckConstraint("fixed >= 0", name="fixed"),
        CheckConstraint("end_on >= start_on", name="end_on"),
        Index(None, "tenant_id", "contract_id", "start_on", "id"),
        Index(None, "tenant_id", "line_id"),
    )  # fmt: skip

    contract_id: Mapped[UUID]
    line_id: Mapped[UUID | None]
    description: Mapped[str]
    percent: Mapped[Decimal | None] = mapped_column(PERCENT)
    fixed: Mapped[int | None] = mapped_column(BigInteger)
    start_on: Mapped[date]
    end_on: Mapped[date | None]


class Renewal(TenantTable, Versioned):
    """What became of one last day of a contract: due for a decision, put off, renewed, or let end. Once for each last day."""

    __tablename__ = "billing_renewals"
    __table_args__ = (
        tenant_key(),
        references("contract_id", "billing_contracts", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "contract_id", "ends_on"),
        CheckConstraint("state in ('due', 'snoozed', 'renewed', 'ended')", name="state"),
        CheckConstraint("(state = 'snoozed') = (snoozed_until is not null)", name="snoozed"),
        CheckConstraint("(state = 'renewed') = (renewed_until is not null)", name="renewed"),
        CheckConstraint("renewed_until > ends_on", name="renewed_until"),
        Index(None, "tenant_id", "state", "ends_on", "id"),
    )

    contract_id: Mapped[UUID]
    ends_on: Mapped[date]
    state: Mapped[str] = mapped_column(default="due", server_default="due")
    snoozed_until: Mapped[date | None]
    renewed_until: Mapped[date | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
