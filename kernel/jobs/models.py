"""Tables of background work: the job ledger with its history, and recurring schedules."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, Versioned, references, tenant_key

LIVE = ("queued", "running", "retrying")
ENDED = ("succeeded", "failed", "cancelled", "skipped")
_STATES = ", ".join(f"'{state}'" for state in LIVE + ENDED)
_IS_LIVE = "state in ('queued', 'running', 'retrying')"


class Job(TenantTable):
    """One piece of background work.

    `due_at` is when somebody must look at it: its (next) start, or while it runs the end of the lease that `worker`
    holds. `attempts` counts tries and `lost` vanished workers, both since the last step that was committed. `skipped`
    met a plugin that was switched off.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        tenant_key(),
        CheckConstraint(f"state in ({_STATES})", name="state"),
        CheckConstraint("progress_done >= 0 and progress_total >= 0", name="progress"),
        Index("ix_jobs_live", "tenant_id", "due_at", postgresql_where=text(_IS_LIVE)),
        Index("uq_jobs_live_key", "tenant_id", "kind", "key", unique=True,
              postgresql_where=text(f"key is not null and {_IS_LIVE}")),
        Index(None, "tenant_id", "state", "id"),
        Index(None, "tenant_id", "kind", "id"),
    )  # fmt: skip

    kind: Mapped[str]
    args: Mapped[dict[str, Any]]
    key: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="queued", server_default="queued")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    max_attempts: Mapped[int]
    lost: Mapped[int] = mapped_column(default=0, server_default="0")
    due_at: Mapped[datetime]
    worker: Mapped[str | None]
    heartbeat_at: Mapped[datetime | None]
    cancel_requested: Mapped[bool] = mapped_column(default=False, server_default="false")
    progress_done: Mapped[int] = mapped_column(default=0, server_default="0")
    progress_total: Mapped[int | None]
    progress_note: Mapped[str] = mapped_column(default="", server_default="")
    result: Mapped[Any] = mapped_column(JSONB(none_as_null=True), nullable=True)
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]
    author: Mapped[str | None]
    request_id: Mapped[str]
    caused_by: Mapped[UUID | None]
    depth: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    @property
    def live(self) -> bool:
        """True until it has ended one way or another."""
        return self.state in LIVE


class JobHistory(TenantTable):
    """A change of a job's state."""

    __tablename__ = "job_history"
    __table_args__ = (
        tenant_key(),
        references("job_id", "jobs", on_delete="CASCADE"),
        CheckConstraint(f"state in ({_STATES})", name="state"),
        Index(None, "tenant_id", "job_id", "id"),
    )

    job_id: Mapped[UUID]
    occurred_at: Mapped[datetime]
    state: Mapped[str]
    attempt: Mapped[int]
    note: Mapped[str] = mapped_column(default="", server_default="")


class Schedule(TenantTable, Versioned):
    """Work that recurs: a cron expression of five fields, read in an IANA zone."""

    __tablename__ = "schedules"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "job", "name"),
        CheckConstraint("enabled = (next_run_at is not null)", name="next_run"),
        Index("ix_schedules_enabled", "tenant_id", "next_run_at", postgresql_where=text("enabled")),
    )

    name: Mapped[str]
    job: Mapped[str]
    args: Mapped[dict[str, Any]]
    cron: Mapped[str]
    zone: Mapped[str]
    enabled: Mapped[bool] = mapped_column(default=True, server_default="true")
    next_run_at: Mapped[datetime | None]
    last_run_at: Mapped[datetime | None]
