"""Bounds of billing runs."""

import sqlalchemy as sa
from alembic import op

revision = "billing_0008"
down_revision = "billing_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("billing_runs", sa.Column("bounded", sa.Boolean(), server_default="true", nullable=False))
    op.create_index(
        op.f("ix_billing_run_clients_tenant_id_client_id_id"), "billing_run_clients", ["tenant_id", "client_id", "id"]
    )
