"""Tables of contracts and usage."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import protect

revision = "billing_0002"
down_revision = "billing_0001"
branch_labels = None
depends_on = ("catalog_0001", "kernel_0001")


def upgrade() -> None:
    op.create_table(
        "billing_contracts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), sa.Computed("lower(name)", persisted=True), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("start_on", sa.Date(), nullable=False),
        sa.Column("end_on", sa.Date(), nullable=True),
        sa.Column("billed_until", sa.Date(), nullable=True),
        sa.Column("status", sa.Text(), server_default="draft", nullable=False),
        sa.Column("cadence", sa.Text(), server_default="calendar", nullable=False),
        sa.Column("po_number", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("cadence in ('calendar', 'anniversary')", name=op.f("ck_billing_contracts_cadence")),
        sa.CheckConstraint("status in ('draft', 'active')", name=op.f("ck_billing_contracts_status")),
        sa.CheckConstraint("end_on >= start_on", name=op.f("ck_billing_contracts_end_on")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_billing_contracts_currency")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_billing_contracts_tenant_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_billing_contracts_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_contracts")),
    )
    op.create_index(
        op.f("ix_billing_contracts_tenant_id_client_id_id"),
        "billing_contracts",
        ["tenant_id", "client_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_billing_contracts_tenant_id_name_key_id"),
        "billing_contracts",
        ["tenant_id", "name_key", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_billing_contracts_tenant_id_start_on_id"),
        "billing_contracts",
        ["tenant_id", "start_on", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_billing_contracts_tenant_id_updated_at_id"),
        "billing_contracts",
        ["tenant_id", "updated_at", "id"],
        unique=False,
    )
    op.create_table(
        "billing_contract_lines",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Text(), server_default="monthly", nullable=False),
        sa.Column("timing", sa.Text(), nullable=False),
        sa.Column("prorate", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=True),
        sa.Column("hourly_rate", sa.BigInteger(), nullable=True),
        sa.Column("minimum_minutes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("round_up_minutes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.Column("start_on", sa.Date(), nullable=True),
        sa.Column("end_on", sa.Date(), nullable=True),
        sa.Column("invoice_text", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "cycle in ('weekly', 'bi_weekly', 'monthly', 'quarterly', 'semi_annual', 'annual')",
            name=op.f("ck_billing_contract_lines_cycle"),
        ),
        sa.CheckConstraint(
            "hourly_rate is null or (kind = 'hourly' and hourly_rate >= 0)",
            name=op.f("ck_billing_contract_lines_hourly_rate"),
        ),
        sa.CheckConstraint(
            "kind in ('fixed', 'hourly', 'usage', 'product', 'license')", name=op.f("ck_billing_contract_lines_kind")
        ),
        sa.CheckConstraint(
            "price is null or (kind = 'fixed' and price >= 0)", name=op.f("ck_billing_contract_lines_price")
        ),
        sa.CheckConstraint(
            "timing = 'arrears' or kind not in ('hourly', 'usage')",
            name=op.f("ck_billing_contract_lines_measured_in_arrears"),
        ),
        sa.CheckConstraint("timing in ('advance', 'arrears')", name=op.f("ck_billing_contract_lines_timing")),
        sa.CheckConstraint("end_on >= start_on", name=op.f("ck_billing_contract_lines_end_on")),
        sa.CheckConstraint(
            "minimum_minutes between 0 and 1440", name=op.f("ck_billing_contract_lines_minimum_minutes")
        ),
        sa.CheckConstraint(
            "round_up_minutes between 0 and 1440", name=op.f("ck_billing_contract_lines_round_up_minutes")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contract_id"],
            ["billing_contracts.tenant_id", "billing_contracts.id"],
            name=op.f("fk_billing_contract_lines_tenant_id_contract_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "location_id"],
            ["client_locations.tenant_id", "client_locations.id"],
            name=op.f("fk_billing_contract_lines_tenant_id_location_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_billing_contract_lines_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_contract_lines")),
    )
    op.create_index(
        op.f("ix_billing_contract_lines_tenant_id_contract_id_position_id"),
        "billing_contract_lines",
        ["tenant_id", "contract_id", "position", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_billing_contract_lines_tenant_id_location_id"),
        "billing_contract_lines",
        ["tenant_id", "location_id"],
        unique=False,
    )
    op.create_table(
        "billing_contract_items",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=14, scale=4), server_default="1", nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=True),
        sa.Column("minimum_quantity", sa.Numeric(precision=14, scale=4), server_default="0", nullable=False),
        sa.CheckConstraint("minimum_quantity >= 0", name=op.f("ck_billing_contract_items_minimum_quantity")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_billing_contract_items_quantity")),
        sa.CheckConstraint("unit_price >= 0", name=op.f("ck_billing_contract_items_unit_price")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "item_id"],
            ["catalog_items.tenant_id", "catalog_items.id"],
            name=op.f("fk_billing_contract_items_tenant_id_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "line_id"],
            ["billing_contract_lines.tenant_id", "billing_contract_lines.id"],
            name=op.f("fk_billing_contract_items_tenant_id_line_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_billing_contract_items_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_contract_items")),
        sa.UniqueConstraint(
            "tenant_id", "line_id", "item_id", name=op.f("uq_billing_contract_items_tenant_id_line_id_item_id")
        ),
    )
    op.create_index(
        op.f("ix_billing_contract_items_tenant_id_item_id"),
        "billing_contract_items",
        ["tenant_id", "item_id"],
        unique=False,
    )
    op.create_table(
        "billing_role_rates",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("hourly_rate", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("hourly_rate >= 0", name=op.f("ck_billing_role_rates_hourly_rate")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "line_id"],
            ["billing_contract_lines.tenant_id", "billing_contract_lines.id"],
            name=op.f("fk_billing_role_rates_tenant_id_line_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_billing_role_rates_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_role_rates")),
        sa.UniqueConstraint("tenant_id", "line_id", "role", name=op.f("uq_billing_role_rates_tenant_id_line_id_role")),
    )
    op.create_table(
        "billing_usage",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("contract_line_id", sa.Uuid(), nullable=True),
        sa.Column("used_on", sa.Date(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=14, scale=4), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.Column("invoice_line_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(invoice_id is null) = (invoice_line_id is null)", name=op.f("ck_billing_usage_billed")),
        sa.CheckConstraint("quantity <> 0", name=op.f("ck_billing_usage_quantity")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_billing_usage_tenant_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contract_line_id"],
            ["billing_contract_lines.tenant_id", "billing_contract_lines.id"],
            name=op.f("fk_billing_usage_tenant_id_contract_line_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "item_id"],
            ["catalog_items.tenant_id", "catalog_items.id"],
            name=op.f("fk_billing_usage_tenant_id_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_billing_usage_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_usage")),
    )
    op.create_index(
        op.f("ix_billing_usage_tenant_id_client_id_used_on_id"),
        "billing_usage",
        ["tenant_id", "client_id", "used_on", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_billing_usage_tenant_id_contract_line_id"),
        "billing_usage",
        ["tenant_id", "contract_line_id"],
        unique=False,
    )
    op.create_index(op.f("ix_billing_usage_tenant_id_item_id"), "billing_usage", ["tenant_id", "item_id"], unique=False)
    op.create_index(
        op.f("ix_billing_usage_tenant_id_used_on_id"), "billing_usage", ["tenant_id", "used_on", "id"], unique=False
    )
    op.create_index(
        "ix_billing_usage_unbilled",
        "billing_usage",
        ["tenant_id", "client_id", "used_on"],
        unique=False,
        postgresql_where=sa.text("invoice_id is null"),
    )
    op.create_table(
        "billing_tiers",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_item_id", sa.Uuid(), nullable=False),
        sa.Column("from_quantity", sa.Numeric(precision=14, scale=4), nullable=False),
        sa.Column("to_quantity", sa.Numeric(precision=14, scale=4), nullable=True),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("from_quantity >= 0", name=op.f("ck_billing_tiers_from_quantity")),
        sa.CheckConstraint("to_quantity > from_quantity", name=op.f("ck_billing_tiers_to_quantity")),
        sa.CheckConstraint("unit_price >= 0", name=op.f("ck_billing_tiers_unit_price")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contract_item_id"],
            ["billing_contract_items.tenant_id", "billing_contract_items.id"],
            name=op.f("fk_billing_tiers_tenant_id_contract_item_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_billing_tiers_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_tiers")),
        sa.UniqueConstraint(
            "tenant_id",
            "contract_item_id",
            "from_quantity",
            name=op.f("uq_billing_tiers_tenant_id_contract_item_id_from_quantity"),
        ),
    )
    op.create_index(
        "uq_billing_tiers_open",
        "billing_tiers",
        ["tenant_id", "contract_item_id"],
        unique=True,
        postgresql_where=sa.text("to_quantity is null"),
    )
    protect(
        op,
        "billing_contracts",
        "billing_contract_lines",
        "billing_contract_items",
        "billing_role_rates",
        "billing_usage",
        "billing_tiers",
    )
