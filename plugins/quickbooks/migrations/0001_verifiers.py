"""The token that a tenant's webhooks are signed with."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import protect

revision = "quickbooks_0001"
down_revision = None
branch_labels = ("quickbooks",)
depends_on = ("kernel_0001",)


def upgrade() -> None:
    table = "quickbooks_verifiers"
    op.create_table(
        table,
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("tenant_id", name=op.f(f"uq_{table}_tenant_id")),
    )
    protect(op, table)
