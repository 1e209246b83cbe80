"""What comes back from accounting systems: how far they were looked at, what stands there, their payments, and exceptions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kernel.migrations import protect

revision = "accounting_0002"
down_revision = "accounting_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounting_cursors",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("round", sa.Integer(), server_default="0", nullable=False),
        sa.Column("everything", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("position", sa.Text(), server_default="", nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "target_id"],
            ["accounting_targets.tenant_id", "accounting_targets.id"],
            name=op.f("fk_accounting_cursors_tenant_id_target_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_accounting_cursors_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_accounting_cursors")),
        sa.UniqueConstraint("tenant_id", "target_id", name=op.f("uq_accounting_cursors_tenant_id_target_id")),
    )
    op.create_table(
        "accounting_seen",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("external_version", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("voided", sa.Boolean(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('invoice', 'credit_note', 'payment')", name=op.f("ck_accounting_seen_kind")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "target_id"],
            ["accounting_targets.tenant_id", "accounting_targets.id"],
            name=op.f("fk_accounting_seen_tenant_id_target_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_accounting_seen_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_accounting_seen")),
        sa.UniqueConstraint(
            "tenant_id", "target_id", "kind", "external_id", name=op.f("uq_accounting_seen_tenant_id_target_id_kind_external_id")
        ),
    )
    op.create_table(
        "accounting_received",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), server_default="1", nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("taken", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), server_default="recorded", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state in ('recorded', 'taken_back')", name=op.f("ck_accounting_received_state")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "target_id"],
            ["accounting_targets.tenant_id", "accounting_targets.id"],
            name=op.f("fk_accounting_received_tenant_id_target_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_accounting_received_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_accounting_received")),
        sa.UniqueConstraint(
            "tenant_id", "target_id", "external_id", name=op.f("uq_accounting_received_tenant_id_target_id_external_id")
        ),
    )
    op.create_index(
        op.f("ix_accounting_received_tenant_id_payment_id"), "accounting_received", ["tenant_id", "payment_id"], unique=False
    )
    op.create_table(
        "accounting_exceptions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("our_id", sa.Uuid(), nullable=True),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), server_default="", nullable=False),
        sa.Column("ours", sa.Text(), nullable=False),
        sa.Column("theirs", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state in ('open', 'accepted', 'resolved')", name=op.f("ck_accounting_exceptions_state")),
        sa.CheckConstraint("subject in ('invoice', 'credit_note', 'payment')", name=op.f("ck_accounting_exceptions_subject")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "target_id"],
            ["accounting_targets.tenant_id", "accounting_targets.id"],
            name=op.f("fk_accounting_exceptions_tenant_id_target_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_accounting_exceptions_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_accounting_exceptions")),
        sa.UniqueConstraint(
            "tenant_id",
            "target_id",
            "kind",
            "subject",
            "external_id",
            name=op.f("uq_accounting_exceptions_tenant_id_target_id_kind_subject_external_id"),
        ),
    )
    op.create_index(
        "ix_accounting_exceptions_open",
        "accounting_exceptions",
        ["tenant_id", "target_id", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        op.f("ix_accounting_exceptions_tenant_id_found_at_id"),
        "accounting_exceptions",
        ["tenant_id", "found_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_accounting_exceptions_tenant_id_our_id"), "accounting_exceptions", ["tenant_id", "our_id"], unique=False
    )
    protect(op, "accounting_cursors", "accounting_seen", "accounting_received", "accounting_exceptions")
