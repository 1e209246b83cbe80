"""Versions that nobody shall begin to use, and what a publisher has to say about versions that are in use."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kernel.migrations import protect

revision = "extensions_0011"
down_revision = "extensions_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table = "extensions_releases"
    op.add_column(table, sa.Column("yanked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(table, sa.Column("yanked_by", sa.Text(), nullable=True))
    op.add_column(table, sa.Column("yank_reason", sa.Text(), nullable=True))
    op.create_check_constraint(op.f(f"ck_{table}_yanked"), table, "num_nulls(yanked_at, yanked_by, yank_reason) in (0, 3)")
    op.create_index(f"ix_{table}_tenant_id_publisher_name", table, ["tenant_id", "publisher", "name"])
    _add_advisories("extensions_advisories")


def _add_advisories(table: str) -> None:
    op.create_table(
        table,
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("tenant_id", "id")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("extension", "severity", "title", "says", "published_by")),
        sa.Column("versions", postgresql.JSONB(), nullable=False),
        sa.Column("mended_in", sa.Text(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("severity in ('low', 'moderate', 'high', 'critical')", name=op.f(f"ck_{table}_severity")),
        sa.CheckConstraint("jsonb_typeof(versions) = 'array'", name=op.f(f"ck_{table}_versions")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
    )
    op.create_index(f"ix_{table}_tenant_id_extension", table, ["tenant_id", "extension"])
    op.create_index(f"ix_{table}_tenant_id_published_at_id", table, ["tenant_id", "published_at", "id"])
    protect(op, table)
