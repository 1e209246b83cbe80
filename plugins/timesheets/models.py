"""Tables of the timesheets."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, func, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, Versioned, references, tenant_key

STATES = ("draft", "submitted", "approved", "changes_requested")


class TimeEntry(TenantTable, Versioned):
    """Time of one person on one piece of work (`work_kind`, `work_id`) of a client.

    `minutes` are billable (0: not billable) and may differ from the clock. `rate` (minor units of `currency` an hour)
    overrides every other rate. `worked_on` is the date of the start in the tenant's zone.
    """

    __tablename__ = "timesheets_entries"
    __table_args__ = (
        tenant_key(),
        references("user_id", "users"),
        references("client_id", "clients"),
        references("item_id", "catalog_items"),
        CheckConstraint("ended_at > started_at", name="ended_at"),
        CheckConstraint("minutes >= 0", name="minutes"),
        CheckConstraint("rate >= 0", name="rate"),
        CheckConstraint("(rate is null) = (currency is null)", name="currency"),
        CheckConstraint("state in ('draft', 'submitted', 'approved', 'changes_requested')", name="state"),
        CheckConstraint("(invoice_id is null) = (invoice_line_id is null)", name="billed"),
        CheckConstraint("invoice_id is null or state = 'approved'", name="billed_is_approved"),
        ExcludeConstraint(
            ("tenant_id", "="),
            ("user_id", "="),
            (func.tstzrange(text("started_at"), text("ended_at")), "&&"),
            name="ex_timesheets_entries_no_overlap",
            using="gist",
        ),
        Index(None, "tenant_id", "worked_on", "id"),
        Index(None, "tenant_id", "user_id", "worked_on", "id"),
        Index(None, "tenant_id", "state", "worked_on", "id"),
        Index(None, "tenant_id", "work_kind", "work_id"),
        Index(None, "tenant_id", "updated_at", "id"),
        Index(
            "ix_timesheets_entries_unbilled", "tenant_id", "client_id", "worked_on",
            postgresql_where=text("state = 'approved' and invoice_id is null and minutes > 0"),
        ),
        {"postgresql_with": {"fillfactor": 70}},
    )  # fmt: skip

    user_id: Mapped[UUID]
    client_id: Mapped[UUID]
    location_id: Mapped[UUID | None]
    work_kind: Mapped[str]
    work_id: Mapped[UUID]
    item_id: Mapped[UUID]
    contract_line_id: Mapped[UUID | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    worked_on: Mapped[date]
    minutes: Mapped[int] = mapped_column(Integer)
    rate: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None]
    notes: Mapped[str] = mapped_column(default="", server_default="")
    state: Mapped[str] = mapped_column(default="draft", server_default="draft")
    approved_by: Mapped[UUID | None]
    approved_at: Mapped[datetime | None]
    feedback: Mapped[str | None]
    invoice_id: Mapped[UUID | None]
    invoice_line_id: Mapped[UUID | None]
