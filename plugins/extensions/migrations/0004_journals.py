"""Journals of recorded calls, for replaying them."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import protect

revision = "extensions_0004"
down_revision = "extensions_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("extensions_installs", sa.Column("recording", sa.Boolean(), server_default="false", nullable=False))
    op.create_table(
        "extensions_journals",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invocation_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invocation_id"],
            ["extensions_invocations.tenant_id", "extensions_invocations.id"],
            name=op.f("fk_extensions_journals_tenant_id_invocation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_extensions_journals_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_extensions_journals")),
        sa.UniqueConstraint("tenant_id", "invocation_id", name=op.f("uq_extensions_journals_tenant_id_invocation_id")),
    )
    protect(op, "extensions_journals")
