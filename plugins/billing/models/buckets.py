"""Tables of buckets (hours or units included in a contract), of working hours, and of the cycles clients are billed in."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Computed, Index, Numeric, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, Versioned, references, tenant_key
from plugins.billing.models.contracts import QUANTITY

MULTIPLIER = Numeric(8, 4)


class WorkingHours(TenantTable, Versioned):
    """When people work, by the clock on the wall of a time zone; what is done outside may burn a bucket faster."""

    __tablename__ = "billing_working_hours"
    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "name_key"))

    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(Computed("lower(name)", persisted=True))
    time_zone: Mapped[str]


class WorkingSpan(TenantTable):
    """Minutes of a weekday (1 is Monday) that are worked: from `begins` up to, not including, `ends`, after midnight."""

    __tablename__ = "billing_working_spans"
    __table_args__ = (
        tenant_key(),
        references("hours_id", "billing_working_hours", on_delete="CASCADE"),
        CheckConstraint("weekday between 1 and 7", name="weekday"),
        CheckConstraint("0 <= begins and begins < ends and ends <= 1440", name="span"),
        ExcludeConstraint(
            ("tenant_id", "="),
            ("hours_id", "="),
            ("weekday", "="),
            (func.int4range(text("begins"), text("ends")), "&&"),
            name="ex_billing_working_spans_no_overlap",
            using="gist",
        ),
    )

    hours_id: Mapped[UUID]
    weekday: Mapped[int]
    begins: Mapped[int]
    ends: Mapped[int]


class DayOff(TenantTable):
    """A day on which nobody works."""

    __tablename__ = "billing_days_off"
    __table_args__ = (
        tenant_key(),
        references("hours_id", "billing_working_hours", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "hours_id", "day"),
    )

    hours_id: Mapped[UUID]
    day: Mapped[date]
    name: Mapped[str] = mapped_column(default="", server_default="")


class Bucket(TenantTable):
    """What a bucket line includes in each period: `included` hours or units, and what one more costs (`overage_rate`, minor
    units). `covers_all` takes what no bucket names; `after_hours` is the burn multiplier outside of `hours_id`.
    """

    __tablename__ = "billing_buckets"
    __table_args__ = (
        tenant_key(),
        references("line_id", "billing_contract_lines", on_delete="CASCADE"),
        references("hours_id", "billing_working_hours"),
        UniqueConstraint("tenant_id", "line_id"),
        CheckConstraint("unit in ('hour', 'each')", name="unit"),
        CheckConstraint("included >= 0", name="included"),
        CheckConstraint("overage_rate >= 0", name="overage_rate"),
        CheckConstraint("after_hours > 0", name="after_hours"),
        CheckConstraint("(after_hours is null) = (hours_id is null)", name="after_hours_of"),
        CheckConstraint("after_hours is null or unit = 'hour'", name="after_hours_unit"),
        CheckConstraint("alert_percent between 1 and 100", name="alert_percent"),
        Index(None, "tenant_id", "hours_id"),
    )

    line_id: Mapped[UUID]
    unit: Mapped[str] = mapped_column(default="hour", server_default="hour")
    included: Mapped[Decimal] = mapped_column(QUANTITY)
    overage_rate: Mapped[int] = mapped_column(BigInteger)
    rollover: Mapped[bool] = mapped_column(default=False, server_default="false")
    covers_all: Mapped[bool] = mapped_column(default=False, server_default="false")
    after_hours: Mapped[Decimal | None] = mapped_column(MULTIPLIER)
    hours_id: Mapped[UUID | None]
    alert_percent: Mapped[int | None]


class BucketMember(TenantTable):
    """A service that draws from a bucket, and how fast: one hour of it takes `multiplier` hours."""

    __tablename__ = "billing_bucket_members"
    __table_args__ = (
        tenant_key(),
        references("bucket_id", "billing_buckets", on_delete="CASCADE"),
        references("item_id", "catalog_items"),
        UniqueConstraint("tenant_id", "bucket_id", "item_id"),
        CheckConstraint("multiplier > 0", name="multiplier"),
        Index(None, "tenant_id", "item_id"),
    )

    bucket_id: Mapped[UUID]
    item_id: Mapped[UUID]
    multiplier: Mapped[Decimal] = mapped_column(MULTIPLIER, default=Decimal(1), server_default="1")


class BucketAlert(TenantTable):
    """That it was said of a bucket that it is nearly used up, once in a period."""

    __tablename__ = "billing_bucket_alerts"
    __table_args__ = (
        tenant_key(),
        references("line_id", "billing_contract_lines", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "line_id", "period_start"),
    )

    line_id: Mapped[UUID]
    period_start: Mapped[date]


class ClientCycle(TenantTable):
    """In which cycle a client is billed from a day on (`starts_on`; None: ever since), and where its periods begin:
    `weekday` (1 is Monday) for weeks, a `reference_on` day for every other week, else `month` of the year and `day`.
    """

    __tablename__ = "billing_client_cycles"
    __table_args__ = (
        tenant_key(),
        references("client_id", "clients", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "client_id", "starts_on", postgresql_nulls_not_distinct=True),
        CheckConstraint("cycle in ('weekly', 'bi_weekly', 'monthly', 'quarterly', 'semi_annual', 'annual')", name="cycle"),
        CheckConstraint("weekday between 1 and 7", name="weekday"),
        CheckConstraint("month between 1 and 12", name="month"),
        CheckConstraint("day between 1 and 28", name="day"),
    )

    client_id: Mapped[UUID]
    starts_on: Mapped[date | None]
    cycle: Mapped[str]
    weekday: Mapped[int] = mapped_column(default=1, server_default="1")
    reference_on: Mapped[date | None]
    month: Mapped[int] = mapped_column(default=1, server_default="1")
    day: Mapped[int] = mapped_column(default=1, server_default="1")
