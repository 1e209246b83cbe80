"""Tables of imports."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kernel.migrations import protect

revision = "imports_0001"
down_revision = None
branch_labels = ("imports",)
depends_on = ("kernel_0001",)


def upgrade() -> None:
    op.create_table(
        "imports_refs",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_imports_refs_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_imports_refs")),
        sa.UniqueConstraint("tenant_id", "kind", "external_id", name=op.f("uq_imports_refs_tenant_id_kind_external_id")),
    )
    op.create_table(
        "imports_runs",
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("skip_bad_rows", sa.Boolean(), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("encoding", sa.Text(), nullable=True),
        sa.Column("date_order", sa.Text(), nullable=True),
        sa.Column("decimal_mark", sa.Text(), nullable=True),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("file_names", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("unknown_files", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("last_step_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("date_order in ('dmy', 'mdy')", name=op.f("ck_imports_runs_date_order")),
        sa.CheckConstraint("decimal_mark in ('point', 'comma')", name=op.f("ck_imports_runs_decimal_mark")),
        sa.CheckConstraint("source in ('web', 'api', 'cli')", name=op.f("ck_imports_runs_source")),
        sa.CheckConstraint("state in ('open', 'done', 'refused', 'interrupted')", name=op.f("ck_imports_runs_state")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_imports_runs_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_imports_runs")),
    )
    op.create_index(
        op.f("ix_imports_runs_tenant_id_created_at_id"), "imports_runs", ["tenant_id", "created_at", "id"], unique=False
    )
    op.create_index(
        "uq_imports_runs_open", "imports_runs", ["tenant_id"], unique=True, postgresql_where=sa.text("state = 'open'")
    )
    op.create_table(
        "imports_files",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("storage_key", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("kinds", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("unread", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("rows_total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_loaded", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "state in ('waiting', 'loaded', 'partly', 'refused', 'unchanged', 'checked', 'untried')",
            name=op.f("ck_imports_files_state"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "run_id"],
            ["imports_runs.tenant_id", "imports_runs.id"],
            name=op.f("fk_imports_files_tenant_id_run_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_imports_files_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_imports_files")),
        sa.UniqueConstraint("tenant_id", "run_id", "name", name=op.f("uq_imports_files_tenant_id_run_id_name")),
    )
    op.create_index(op.f("ix_imports_files_tenant_id_name_id"), "imports_files", ["tenant_id", "name", "id"], unique=False)
    op.create_table(
        "imports_errors",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("column_name", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "file_id"],
            ["imports_files.tenant_id", "imports_files.id"],
            name=op.f("fk_imports_errors_tenant_id_file_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_imports_errors_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_imports_errors")),
    )
    op.create_index(
        op.f("ix_imports_errors_tenant_id_file_id_line_id"),
        "imports_errors",
        ["tenant_id", "file_id", "line", "id"],
        unique=False,
    )
    protect(op, "imports_refs", "imports_runs", "imports_files", "imports_errors")
