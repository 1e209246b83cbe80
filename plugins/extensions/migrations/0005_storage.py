"""What installs keep, and secrets that they were given."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kernel.migrations import protect

revision = "extensions_0005"
down_revision = "extensions_0004"
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
        "extensions_install_secrets",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("install_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        *_belongs_to_an_install("extensions_install_secrets"),
        sa.UniqueConstraint(
            "tenant_id", "install_id", "name", name=op.f("uq_extensions_install_secrets_tenant_id_install_id_name")
        ),
    )
    op.create_table(
        "extensions_storage_usage",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("install_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("keys", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("bytes >= 0", name=op.f("ck_extensions_storage_usage_bytes")),
        *_belongs_to_an_install("extensions_storage_usage"),
        sa.UniqueConstraint("tenant_id", "install_id", name=op.f("uq_extensions_storage_usage_tenant_id_install_id")),
    )
    op.create_table(
        "extensions_storage_entries",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("install_id", sa.Uuid(), nullable=False),
        sa.Column("namespace", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        *_belongs_to_an_install("extensions_storage_entries"),
        sa.UniqueConstraint(
            "tenant_id", "install_id", "namespace", "key",
            name=op.f("uq_extensions_storage_entries_tenant_id_install_id_namespace_key"),
        ),
    )  # fmt: skip
    op.create_index(
        "ix_extensions_storage_entries_expiring",
        "extensions_storage_entries",
        ["tenant_id", "install_id", "expires_at"],
        unique=False,
        postgresql_where=sa.text("expires_at is not null"),
    )
    protect(op, "extensions_install_secrets", "extensions_storage_usage", "extensions_storage_entries")
