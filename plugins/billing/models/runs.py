"""Tables of billing runs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, references, tenant_key


class Run(TenantTable):
    """One billing of clients over the window [start, end). At most one of a tenant is live. One that is not `bounded` bills
    what the bounds of billing would park.
    """

    __tablename__ = "billing_runs"
    __table_args__ = (
        tenant_key(),
        CheckConstraint("window_end > window_start", name="window"),
        CheckConstraint("state in ('live', 'done', 'stopped')", name="state"),
        CheckConstraint("(state = 'live') = (ended_at is null)", name="ended"),
        UniqueConstraint("tenant_id", "job_id"),
        Index("uq_billing_runs_live", "tenant_id", unique=True, postgresql_where=text("state = 'live'")),
        Index(None, "tenant_id", "started_at", "id"),
    )

    window_start: Mapped[date]
    window_end: Mapped[date]
    invoice_date: Mapped[date]
    state: Mapped[str] = mapped_column(default="live", server_default="live")
    bounded: Mapped[bool] = mapped_column(default=True, server_default="true")
    job_id: Mapped[UUID | None]
    client_total: Mapped[int] = mapped_column(default=0, server_default="0")
    waiting: Mapped[Any] = mapped_column(JSONB(), default=list, server_default=text("'[]'::jsonb"))
    started_by: Mapped[str]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class RunClient(TenantTable):
    """What a run did for one client; `mend_url` is the page on which a parked client's trouble is mended."""

    __tablename__ = "billing_run_clients"
    __table_args__ = (
        tenant_key(),
        references("run_id", "billing_runs", on_delete="CASCADE"),
        references("client_id", "clients", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "run_id", "client_id"),
        CheckConstraint("state in ('pending', 'billed', 'nothing', 'parked')", name="state"),
        Index(None, "tenant_id", "client_id", "id"),
        Index("ix_billing_run_clients_pending", "tenant_id", "run_id", "client_id",
              postgresql_where=text("state = 'pending'")),
    )  # fmt: skip

    run_id: Mapped[UUID]
    client_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(default="pending", server_default="pending")
    invoices: Mapped[int] = mapped_column(default=0, server_default="0")
    reason_code: Mapped[str] = mapped_column(default="", server_default="")
    reason: Mapped[str] = mapped_column(default="", server_default="")
    mend_url: Mapped[str] = mapped_column(default="", server_default="")
