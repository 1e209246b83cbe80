"""Charges that extensions keep for the next billing run."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import protect

revision = "invoicing_host_0001"
down_revision = None
branch_labels = ("invoicing_host",)
depends_on = ("kernel_0001", "catalog_0001")

_TABLE = "invoicing_host_charges"


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=14, scale=4), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("rate", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("charged_on", sa.Date(), nullable=False),
        sa.Column("install_id", sa.Uuid(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.Column("invoice_line_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_invoicing_host_charges_quantity")),
        sa.CheckConstraint("rate >= 0", name=op.f("ck_invoicing_host_charges_rate")),
        sa.CheckConstraint("(rate is null) = (currency is null)", name=op.f("ck_invoicing_host_charges_currency")),
        sa.CheckConstraint("rate is not null or item_id is not null", name=op.f("ck_invoicing_host_charges_priced")),
        sa.CheckConstraint(
            "(invoice_id is null) = (invoice_line_id is null)", name=op.f("ck_invoicing_host_charges_billed")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["clients.tenant_id", "clients.id"], name=op.f("fk_invoicing_host_charges_tenant_id_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "item_id"],
            ["catalog_items.tenant_id", "catalog_items.id"],
            name=op.f("fk_invoicing_host_charges_tenant_id_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_invoicing_host_charges_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_invoicing_host_charges")),
        sa.UniqueConstraint(
            "tenant_id", "install_id", "idempotency_key",
            name=op.f("uq_invoicing_host_charges_tenant_id_install_id_idempotency_key"),
        ),
    )  # fmt: skip
    for columns in (["charged_on"], ["client_id", "charged_on"]):
        op.create_index(op.f(f"ix_{_TABLE}_tenant_id_{'_'.join(columns)}_id"), _TABLE, ["tenant_id", *columns, "id"])
    op.create_index(op.f(f"ix_{_TABLE}_tenant_id_item_id"), _TABLE, ["tenant_id", "item_id"])
    op.create_index(
        "ix_invoicing_host_charges_unbilled", _TABLE, ["tenant_id", "client_id", "charged_on"],
        postgresql_where=sa.text("invoice_id is null"),
    )  # fmt: skip
    protect(op, _TABLE)
