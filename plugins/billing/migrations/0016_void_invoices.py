"""The void invoices of a client are found without its others."""

import sqlalchemy as sa
from alembic import op

revision = "billing_0016"
down_revision = "billing_0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_billing_invoices_void", "billing_invoices", ["tenant_id", "client_id"], postgresql_where=sa.text("status = 'void'")
    )
