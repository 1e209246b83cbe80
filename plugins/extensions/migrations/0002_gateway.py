"""Secrets of signed calls, and first answers of calls that may be repeated."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kernel.migrations import protect

revision = "extensions_0002"
down_revision = "extensions_0001"
branch_labels = None
depends_on = None


def _belongs_to_an_install(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.ForeignKeyConstraint(
            ["tenant_id", "install_id"],
            ["extensions_installs.tenant_id", "extensions_installs.id"],
            name=op.f(f"fk_{table}_tenant_id_install_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
    ]


def upgrade() -> None:
    op.create_table(
        "extensions_signing_secrets",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("install_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        *_belongs_to_an_install("extensions_signing_secrets"),
        sa.UniqueConstraint("tenant_id", "install_id", name=op.f("uq_extensions_signing_secrets_tenant_id_install_id")),
    )
    op.create_table(
        "extensions_kept_answers",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("install_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *_belongs_to_an_install("extensions_kept_answers"),
        sa.UniqueConstraint(
            "tenant_id", "install_id", "endpoint", "key",
            name=op.f("uq_extensions_kept_answers_tenant_id_install_id_endpoint_key"),
        ),
    )  # fmt: skip
    op.create_index(
        op.f("ix_extensions_kept_answers_tenant_id_created_at"),
        "extensions_kept_answers",
        ["tenant_id", "created_at"],
        unique=False,
    )
    protect(op, "extensions_signing_secrets", "extensions_kept_answers")
