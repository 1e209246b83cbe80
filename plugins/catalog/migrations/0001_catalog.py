"""Tables of catalog."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import protect

revision = "catalog_0001"
down_revision = None
branch_labels = ("catalog",)
depends_on = ("kernel_0001",)


def upgrade() -> None:
    op.create_table(
        "catalog_items",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), sa.Computed("lower(name)", persisted=True), nullable=False),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("billing_method", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), server_default="each", nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("tax_category", sa.Text(), server_default="standard", nullable=True),
        sa.Column("license_term", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "billing_method in ('fixed', 'hourly', 'usage', 'per_unit')", name=op.f("ck_catalog_items_billing_method")
        ),
        sa.CheckConstraint("kind = 'license' or license_term is null", name=op.f("ck_catalog_items_term_of_license")),
        sa.CheckConstraint("kind in ('service', 'product', 'license')", name=op.f("ck_catalog_items_kind")),
        sa.CheckConstraint("license_term in ('monthly', 'annual', 'perpetual')", name=op.f("ck_catalog_items_license_term")),
        sa.CheckConstraint("tax_category in ('standard', 'reduced', 'exempt')", name=op.f("ck_catalog_items_tax_category")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_catalog_items_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_catalog_items")),
        sa.UniqueConstraint("tenant_id", "sku", name=op.f("uq_catalog_items_tenant_id_sku")),
    )
    op.create_index(
        op.f("ix_catalog_items_tenant_id_name_key_id"), "catalog_items", ["tenant_id", "name_key", "id"], unique=False
    )
    op.create_index(
        op.f("ix_catalog_items_tenant_id_updated_at_id"),
        "catalog_items",
        ["tenant_id", "updated_at", "id"],
        unique=False,
    )
    op.create_table(
        "catalog_prices",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_catalog_prices_amount")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_catalog_prices_currency")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "item_id"],
            ["catalog_items.tenant_id", "catalog_items.id"],
            name=op.f("fk_catalog_prices_tenant_id_item_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_catalog_prices_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_catalog_prices")),
        sa.UniqueConstraint("tenant_id", "item_id", "currency", name=op.f("uq_catalog_prices_tenant_id_item_id_currency")),
    )
    protect(op, "catalog_items", "catalog_prices")
