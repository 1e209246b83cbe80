"""That a bucket is nearly used up is said once in a period."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import protect

revision = "billing_0012"
down_revision = "billing_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table = "billing_bucket_alerts"
    op.create_table(
        table,
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "line_id"],
            ["billing_contract_lines.tenant_id", "billing_contract_lines.id"],
            name=op.f(f"fk_{table}_tenant_id_line_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("tenant_id", "line_id", "period_start", name=op.f(f"uq_{table}_tenant_id_line_id_period_start")),
    )
    protect(op, table)
