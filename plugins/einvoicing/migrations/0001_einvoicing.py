"""What e-invoices say of clients."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import protect

revision = "einvoicing_0001"
down_revision = None
branch_labels = ("einvoicing",)
depends_on = ("kernel_0001",)


def upgrade() -> None:
    op.create_table(
        "einvoicing_clients",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), server_default="", nullable=False),
        sa.Column("registration", sa.Text(), server_default="", nullable=False),
        sa.Column("registration_scheme", sa.Text(), server_default="", nullable=False),
        sa.Column("endpoint", sa.Text(), server_default="", nullable=False),
        sa.Column("endpoint_scheme", sa.Text(), server_default="", nullable=False),
        sa.Column("attach", sa.Text(), server_default="pdf", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("attach in ('pdf', 'factur_x', 'ubl')", name=op.f("ck_einvoicing_clients_attach")),
        sa.CheckConstraint("(endpoint = '') = (endpoint_scheme = '')", name=op.f("ck_einvoicing_clients_endpoint")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_einvoicing_clients_tenant_id_client_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_einvoicing_clients_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_einvoicing_clients")),
        sa.UniqueConstraint("tenant_id", "client_id", name=op.f("uq_einvoicing_clients_tenant_id_client_id")),
    )
    protect(op, "einvoicing_clients")
