"""Days that were billed and are not served: the next invoice takes them back."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import protect

revision = "billing_0011"
down_revision = "billing_0010"
branch_labels = None
depends_on = None

_REFERS = {"client_id": "clients", "contract_line_id": "billing_contract_lines", "source_id": "billing_sources"}


def upgrade() -> None:
    table = "billing_days_back"
    op.create_table(
        table,
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("contract_line_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("old_key", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f(f"ck_{table}_ends_on")),
        sa.CheckConstraint("amount > 0", name=op.f(f"ck_{table}_amount")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id"), ondelete="CASCADE"),
        *(
            sa.ForeignKeyConstraint(
                ["tenant_id", column],
                [f"{other}.tenant_id", f"{other}.id"],
                name=op.f(f"fk_{table}_tenant_id_{column}"),
                ondelete="CASCADE" if column == "source_id" else None,
            )
            for column, other in _REFERS.items()
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
    )
    for column in _REFERS:
        op.create_index(op.f(f"ix_{table}_tenant_id_{column}"), table, ["tenant_id", column])
    protect(op, table)
