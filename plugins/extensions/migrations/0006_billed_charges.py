"""Charges that extensions named and that stand on invoices."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import protect

revision = "extensions_0006"
down_revision = "extensions_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table = "extensions_billed_charges"
    op.create_table(
        table,
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("tenant_id", "id", "invoice_id", "line_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
    )
    protect(op, table)
