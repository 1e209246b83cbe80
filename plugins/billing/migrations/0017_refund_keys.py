"""What a program notes as paid back is noted once."""

import sqlalchemy as sa
from alembic import op

revision = "billing_0017"
down_revision = "billing_0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("billing_refunds", sa.Column("idempotency_key", sa.Text(), nullable=True))
    op.create_unique_constraint(
        op.f("uq_billing_refunds_tenant_id_idempotency_key"), "billing_refunds", ["tenant_id", "idempotency_key"]
    )
