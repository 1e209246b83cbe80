"""Categories of their own, SKUs whatever their case, origin and cost of products, dated prices, prices for one client."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import protect

revision = "catalog_0002"
down_revision = "catalog_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "catalog_categories",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), sa.Computed("lower(name)", persisted=True), nullable=False),
        *_versioned(),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_catalog_categories_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_catalog_categories")),
        sa.UniqueConstraint("tenant_id", "name_key", name=op.f("uq_catalog_categories_tenant_id_name_key")),
    )
    _widen_items()
    _date_prices()
    op.create_table(
        "catalog_external_ids",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        *_of_item("catalog_external_ids"),
        sa.UniqueConstraint("tenant_id", "item_id", "system", name=op.f("uq_catalog_external_ids_tenant_id_item_id_system")),
        sa.UniqueConstraint("tenant_id", "system", "value", name=op.f("uq_catalog_external_ids_tenant_id_system_value")),
    )
    _client_prices()
    protect(op, "catalog_categories", "catalog_external_ids", "catalog_client_prices")


def _versioned() -> list[sa.Column[object]]:
    return [
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    ]


def _of_item(table: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(
            ["tenant_id", "item_id"],
            ["catalog_items.tenant_id", "catalog_items.id"],
            name=op.f(f"fk_{table}_tenant_id_item_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
    ]


def _widen_items() -> None:
    for column in (
        sa.Column("category_id", sa.Uuid(), nullable=True),
        sa.Column("sku_key", sa.Text(), sa.Computed("lower(sku)", persisted=True), nullable=True),
        sa.Column("license_cadence", sa.Text(), nullable=True),
        sa.Column("vendor", sa.Text(), nullable=True),
        sa.Column("manufacturer", sa.Text(), nullable=True),
        sa.Column("part_number", sa.Text(), nullable=True),
        sa.Column("cost", sa.BigInteger(), nullable=True),
        sa.Column("cost_currency", sa.Text(), nullable=True),
        sa.Column("default_quantity", sa.Numeric(16, 4), server_default="1", nullable=False),
    ):
        op.add_column("catalog_items", column)
    _keep_categories()
    op.drop_column("catalog_items", "category")
    op.create_foreign_key(
        op.f("fk_catalog_items_tenant_id_category_id"),
        "catalog_items",
        "catalog_categories",
        ["tenant_id", "category_id"],
        ["tenant_id", "id"],
    )
    op.drop_constraint(op.f("uq_catalog_items_tenant_id_sku"), "catalog_items")
    op.create_unique_constraint(op.f("uq_catalog_items_tenant_id_sku_key"), "catalog_items", ["tenant_id", "sku_key"])
    for name, condition in (
        ("license_cadence", "license_cadence in ('monthly', 'annual')"),
        ("cadence_of_license", "kind = 'license' or license_cadence is null"),
        ("cost", "cost >= 0 and (cost is null) = (cost_currency is null)"),
        ("default_quantity", "default_quantity > 0"),
    ):
        op.create_check_constraint(op.f(f"ck_catalog_items_{name}"), "catalog_items", condition)
    for filtered in ("kind", "category_id", "active"):
        op.create_index(
            op.f(f"ix_catalog_items_tenant_id_{filtered}_name_key_id"),
            "catalog_items",
            ["tenant_id", filtered, "name_key", "id"],
        )


def _keep_categories() -> None:
    """The words that items had for their category become categories, and SKUs that differ by case alone stay told apart.

    Row-level security is forced, so that the owner sees no row until it is lifted for a moment.
    """
    op.execute("ALTER TABLE catalog_items NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "INSERT INTO catalog_categories (tenant_id, id, name)"
        " SELECT tenant_id, gen_random_uuid(), min(btrim(category)) FROM catalog_items"
        " WHERE btrim(category) <> '' GROUP BY tenant_id, lower(btrim(category))"
    )
    op.execute(
        "UPDATE catalog_items i SET category_id = c.id FROM catalog_categories c"
        " WHERE c.tenant_id = i.tenant_id AND c.name_key = lower(btrim(i.category))"
    )
    op.execute(
        "UPDATE catalog_items i SET sku = i.sku || '-' || left(replace(i.id::text, '-', ''), 13) FROM catalog_items o"
        " WHERE o.tenant_id = i.tenant_id AND lower(o.sku) = lower(i.sku) AND o.id < i.id"
    )
    op.execute("ALTER TABLE catalog_items FORCE ROW LEVEL SECURITY")


def _date_prices() -> None:
    op.add_column("catalog_prices", sa.Column("start_on", sa.Date(), nullable=True))
    op.drop_constraint(op.f("uq_catalog_prices_tenant_id_item_id_currency"), "catalog_prices")
    op.create_unique_constraint(
        op.f("uq_catalog_prices_tenant_id_item_id_currency_start_on"),
        "catalog_prices",
        ["tenant_id", "item_id", "currency", "start_on"],
        postgresql_nulls_not_distinct=True,
    )


def _client_prices() -> None:
    op.create_table(
        "catalog_client_prices",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("start_on", sa.Date(), nullable=False),
        sa.Column("end_on", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        *_versioned(),
        *_of_item("catalog_client_prices"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_catalog_client_prices_tenant_id_client_id"),
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_catalog_client_prices_amount")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_catalog_client_prices_currency")),
        sa.CheckConstraint("end_on >= start_on", name=op.f("ck_catalog_client_prices_days")),
        sa.UniqueConstraint(
            "tenant_id",
            "client_id",
            "item_id",
            "currency",
            "start_on",
            name=op.f("uq_catalog_client_prices_from_a_day"),
        ),
    )
    op.create_index(
        op.f("ix_catalog_client_prices_tenant_id_item_id_id"), "catalog_client_prices", ["tenant_id", "item_id", "id"]
    )
