"""Which external id stands for which row, and the history of imports with their files and errors."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, Versioned, references, tenant_key


class ImportRef(TenantTable):
    """The row that an external id of a kind stands for. The row may be of any room, so nothing refers to it here."""

    __tablename__ = "imports_refs"
    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "kind", "external_id"))

    kind: Mapped[str]
    external_id: Mapped[str]
    target_id: Mapped[UUID]


class ImportRun(TenantTable, Versioned):
    """One import of one or more files. At most one of a tenant is open."""

    __tablename__ = "imports_runs"
    __table_args__ = (
        tenant_key(),
        CheckConstraint("state in ('open', 'done', 'refused', 'interrupted')", name="state"),
        CheckConstraint("source in ('web', 'api', 'cli')", name="source"),
        CheckConstraint("date_order in ('dmy', 'mdy')", name="date_order"),
        CheckConstraint("decimal_mark in ('point', 'comma')", name="decimal_mark"),
        Index("uq_imports_runs_open", "tenant_id", unique=True, postgresql_where=text("state = 'open'")),
        Index(None, "tenant_id", "created_at", "id"),
    )

    state: Mapped[str] = mapped_column(default="open", server_default="open")
    source: Mapped[str]
    dry_run: Mapped[bool]
    skip_bad_rows: Mapped[bool]
    again: Mapped[bool]
    encoding: Mapped[str | None]
    date_order: Mapped[str | None]
    decimal_mark: Mapped[str | None]
    started_by: Mapped[str]
    job_id: Mapped[UUID | None]
    file_names: Mapped[list[str]]
    unknown_files: Mapped[list[str]]
    last_step_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class ImportFile(TenantTable):
    """A file of an import: what became of it. `kinds` are the importers that read it, `unread` columns nobody reads.

    Without a `storage_key` its content was forgotten, some time after the import had ended.
    """

    __tablename__ = "imports_files"
    __table_args__ = (
        tenant_key(),
        references("run_id", "imports_runs", on_delete="CASCADE"),
        CheckConstraint("state in ('waiting', 'loaded', 'partly', 'refused', 'unchanged', 'checked', 'untried')", name="state"),
        UniqueConstraint("tenant_id", "run_id", "name"),
        Index(None, "tenant_id", "name", "id"),
    )

    run_id: Mapped[UUID]
    name: Mapped[str]
    place: Mapped[int]
    storage_key: Mapped[str | None]
    sha256: Mapped[str]
    size: Mapped[int]
    state: Mapped[str] = mapped_column(default="waiting", server_default="waiting")
    kinds: Mapped[list[str]]
    unread: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    rows_total: Mapped[int] = mapped_column(default=0, server_default="0")
    rows_loaded: Mapped[int] = mapped_column(default=0, server_default="0")
    error_count: Mapped[int] = mapped_column(default=0, server_default="0")
    message: Mapped[str | None]


class ImportProblem(TenantTable):
    """Why a row of a file was not loaded: its line, the column to mend, a sentence."""

    __tablename__ = "imports_errors"
    __table_args__ = (
        tenant_key(),
        references("file_id", "imports_files", on_delete="CASCADE"),
        Index(None, "tenant_id", "file_id", "line", "id"),
    )

    file_id: Mapped[UUID]
    line: Mapped[int]
    column_name: Mapped[str | None]
    external_id: Mapped[str | None]
    message: Mapped[str]
