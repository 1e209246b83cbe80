"""Customers and items of the other side that may become clients and catalog items of ours."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kernel.migrations import protect

revision = "accounting_0004"
down_revision = "accounting_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounting_newcomers",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("our_id", sa.Uuid(), nullable=True),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('client', 'item')", name=op.f("ck_accounting_newcomers_kind")),
        sa.CheckConstraint(
            "state in ('open', 'make', 'link', 'skipped', 'made', 'linked', 'failed')", name=op.f("ck_accounting_newcomers_state")
        ),
        sa.CheckConstraint(
            "(our_id is not null) = (state in ('link', 'made', 'linked'))", name=op.f("ck_accounting_newcomers_our_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "target_id"],
            ["accounting_targets.tenant_id", "accounting_targets.id"],
            name=op.f("fk_accounting_newcomers_tenant_id_target_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_accounting_newcomers_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_accounting_newcomers")),
        sa.UniqueConstraint(
            "tenant_id",
            "target_id",
            "kind",
            "external_id",
            name=op.f("uq_accounting_newcomers_tenant_id_target_id_kind_external_id"),
        ),
    )
    op.create_index(
        "ix_accounting_newcomers_decided",
        "accounting_newcomers",
        ["tenant_id", "target_id", "id"],
        unique=False,
        postgresql_where=sa.text("state in ('make', 'link')"),
    )
    protect(op, "accounting_newcomers")
