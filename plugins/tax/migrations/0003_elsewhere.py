"""Taxes that are reckoned elsewhere: whose they are, and what was imported for documents."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import protect

revision = "tax_0003"
down_revision = "tax_0002"
branch_labels = None
depends_on = None

_SOURCES = "in ('internal', 'external')"


def upgrade() -> None:
    op.add_column("tax_clients", sa.Column("tax_source", sa.Text(), nullable=True))
    op.create_check_constraint(op.f("ck_tax_clients_tax_source"), "tax_clients", f"tax_source {_SOURCES}")
    op.create_table(
        "tax_documents",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), server_default="", nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("imported_by", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(f"source {_SOURCES}", name=op.f("ck_tax_documents_source")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_tax_documents_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_tax_documents")),
        sa.UniqueConstraint("tenant_id", "document_id", name=op.f("uq_tax_documents_tenant_id_document_id")),
    )
    op.create_table(
        "tax_imported_lines",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("base", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("percent", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.CheckConstraint("code in ('S', 'Z', 'E', 'AE', 'O')", name=op.f("ck_tax_imported_lines_code")),
        sa.CheckConstraint("percent between 0 and 100", name=op.f("ck_tax_imported_lines_percent")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "row_id"],
            ["tax_documents.tenant_id", "tax_documents.id"],
            name=op.f("fk_tax_imported_lines_tenant_id_row_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_tax_imported_lines_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_tax_imported_lines")),
        sa.UniqueConstraint("tenant_id", "row_id", "key", name=op.f("uq_tax_imported_lines_tenant_id_row_id_key")),
    )
    protect(op, "tax_documents", "tax_imported_lines")
