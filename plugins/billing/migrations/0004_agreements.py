"""Contract templates, price schedules, discounts, orders, renewals."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kernel.migrations import protect

revision = "billing_0004"
down_revision = "billing_0003"
branch_labels = None
depends_on = None

_CHECKS = (
    ("po_amount", "po_amount >= 0"),
    ("po_amount_of_number", "po_amount is null or po_number is not null"),
    ("po_policy", "po_policy in ('park', 'warn')"),
    ("renewal_mode", "renewal_mode in ('none', 'manual', 'auto')"),
    ("renewal_months", "renewal_months between 1 and 120"),
    ("renewal_terms", "renewal_mode = 'none' or renewal_months is not null"),
    ("notice_days", "notice_days between 0 and 3650"),
)


def upgrade() -> None:
    _widen_contracts()
    _templates()
    _bundles()
    _scheduled_prices()
    _discounts()
    _renewals()
    protect(
        op,
        "billing_contract_templates",
        "billing_plan_bundles",
        "billing_bundled_templates",
        "billing_scheduled_prices",
        "billing_contract_discounts",
        "billing_renewals",
    )


def _widen_contracts() -> None:
    """Orders and renewals; and a key by which a discount names a line of its own contract only."""
    for column in (
        sa.Column("po_required", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("po_amount", sa.BigInteger(), nullable=True),
        sa.Column("po_policy", sa.Text(), server_default="park", nullable=False),
        sa.Column("renewal_mode", sa.Text(), server_default="none", nullable=False),
        sa.Column("renewal_months", sa.Integer(), nullable=True),
        sa.Column("notice_days", sa.Integer(), server_default="0", nullable=False),
    ):
        op.add_column("billing_contracts", column)
    for name, condition in _CHECKS:
        op.create_check_constraint(op.f(f"ck_billing_contracts_{name}"), "billing_contracts", condition)
    op.create_index(
        "ix_billing_contracts_renewing",
        "billing_contracts",
        ["tenant_id", "end_on", "id"],
        postgresql_where=sa.text("renewal_mode <> 'none'"),
    )
    op.create_unique_constraint(
        op.f("uq_billing_contract_lines_tenant_id_contract_id_id"),
        "billing_contract_lines",
        ["tenant_id", "contract_id", "id"],
    )


def _templates() -> None:
    op.create_table(
        "billing_contract_templates",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), sa.Computed("lower(name)", persisted=True), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("cadence", sa.Text(), server_default="calendar", nullable=False),
        sa.Column("term_months", sa.Integer(), nullable=True),
        sa.Column("renewal_mode", sa.Text(), server_default="none", nullable=False),
        sa.Column("renewal_months", sa.Integer(), nullable=True),
        sa.Column("notice_days", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lines", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "cadence in ('calendar', 'anniversary', 'client')", name=op.f("ck_billing_contract_templates_cadence")
        ),
        sa.CheckConstraint(
            "renewal_mode = 'none' or (renewal_months is not null and term_months is not null)",
            name=op.f("ck_billing_contract_templates_renewal_terms"),
        ),
        sa.CheckConstraint("renewal_mode in ('none', 'manual', 'auto')", name=op.f("ck_billing_contract_templates_renewal_mode")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_billing_contract_templates_currency")),
        sa.CheckConstraint("notice_days between 0 and 3650", name=op.f("ck_billing_contract_templates_notice_days")),
        sa.CheckConstraint("renewal_months between 1 and 120", name=op.f("ck_billing_contract_templates_renewal_months")),
        sa.CheckConstraint("term_months between 1 and 120", name=op.f("ck_billing_contract_templates_term_months")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_billing_contract_templates_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_contract_templates")),
        sa.UniqueConstraint("tenant_id", "name_key", name=op.f("uq_billing_contract_templates_tenant_id_name_key")),
    )
    op.create_index(
        op.f("ix_billing_contract_templates_tenant_id_updated_at_id"),
        "billing_contract_templates",
        ["tenant_id", "updated_at", "id"],
        unique=False,
    )


def _bundles() -> None:
    op.create_table(
        "billing_plan_bundles",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), sa.Computed("lower(name)", persisted=True), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_billing_plan_bundles_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_plan_bundles")),
        sa.UniqueConstraint("tenant_id", "name_key", name=op.f("uq_billing_plan_bundles_tenant_id_name_key")),
    )
    op.create_index(
        op.f("ix_billing_plan_bundles_tenant_id_updated_at_id"),
        "billing_plan_bundles",
        ["tenant_id", "updated_at", "id"],
        unique=False,
    )
    op.create_table(
        "billing_bundled_templates",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bundle_id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "bundle_id"],
            ["billing_plan_bundles.tenant_id", "billing_plan_bundles.id"],
            name=op.f("fk_billing_bundled_templates_tenant_id_bundle_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "template_id"],
            ["billing_contract_templates.tenant_id", "billing_contract_templates.id"],
            name=op.f("fk_billing_bundled_templates_tenant_id_template_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_billing_bundled_templates_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_bundled_templates")),
        sa.UniqueConstraint(
            "tenant_id", "bundle_id", "template_id", name=op.f("uq_billing_bundled_templates_tenant_id_bundle_id_template_id")
        ),
    )
    op.create_index(
        op.f("ix_billing_bundled_templates_tenant_id_template_id"),
        "billing_bundled_templates",
        ["tenant_id", "template_id"],
        unique=False,
    )


def _scheduled_prices() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.create_table(
        "billing_scheduled_prices",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("start_on", sa.Date(), nullable=False),
        sa.Column("end_on", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("tenant_id"), "="),
            (sa.column("line_id"), "="),
            (sa.text("coalesce(item_id, '00000000-0000-0000-0000-000000000000'::uuid)"), "="),
            (sa.text("daterange(start_on, end_on, '[]')"), "&&"),
            deferrable=True,
            initially="IMMEDIATE",
            using="gist",
            name="ex_billing_scheduled_prices_no_overlap",
        ),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_billing_scheduled_prices_amount")),
        sa.CheckConstraint("end_on >= start_on", name=op.f("ck_billing_scheduled_prices_end_on")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "line_id", "item_id"],
            ["billing_contract_items.tenant_id", "billing_contract_items.line_id", "billing_contract_items.item_id"],
            name="fk_billing_scheduled_prices_item",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "line_id"],
            ["billing_contract_lines.tenant_id", "billing_contract_lines.id"],
            name=op.f("fk_billing_scheduled_prices_tenant_id_line_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_billing_scheduled_prices_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_scheduled_prices")),
    )
    op.create_index(
        op.f("ix_billing_scheduled_prices_tenant_id_line_id_start_on"),
        "billing_scheduled_prices",
        ["tenant_id", "line_id", "start_on"],
        unique=False,
    )


def _discounts() -> None:
    op.create_table(
        "billing_contract_discounts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("percent", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("fixed", sa.BigInteger(), nullable=True),
        sa.Column("start_on", sa.Date(), nullable=False),
        sa.Column("end_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(percent is null) <> (fixed is null)", name=op.f("ck_billing_contract_discounts_kind")),
        sa.CheckConstraint("end_on >= start_on", name=op.f("ck_billing_contract_discounts_end_on")),
        sa.CheckConstraint("fixed >= 0", name=op.f("ck_billing_contract_discounts_fixed")),
        sa.CheckConstraint("percent between 0 and 100", name=op.f("ck_billing_contract_discounts_percent")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contract_id", "line_id"],
            ["billing_contract_lines.tenant_id", "billing_contract_lines.contract_id", "billing_contract_lines.id"],
            name="fk_billing_contract_discounts_line",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contract_id"],
            ["billing_contracts.tenant_id", "billing_contracts.id"],
            name=op.f("fk_billing_contract_discounts_tenant_id_contract_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_billing_contract_discounts_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_contract_discounts")),
    )
    op.create_index(
        op.f("ix_billing_contract_discounts_tenant_id_contract_id_start_on_id"),
        "billing_contract_discounts",
        ["tenant_id", "contract_id", "start_on", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_billing_contract_discounts_tenant_id_line_id"),
        "billing_contract_discounts",
        ["tenant_id", "line_id"],
        unique=False,
    )


def _renewals() -> None:
    op.create_table(
        "billing_renewals",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default="due", nullable=False),
        sa.Column("snoozed_until", sa.Date(), nullable=True),
        sa.Column("renewed_until", sa.Date(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(state = 'renewed') = (renewed_until is not null)", name=op.f("ck_billing_renewals_renewed")),
        sa.CheckConstraint("(state = 'snoozed') = (snoozed_until is not null)", name=op.f("ck_billing_renewals_snoozed")),
        sa.CheckConstraint("state in ('due', 'snoozed', 'renewed', 'ended')", name=op.f("ck_billing_renewals_state")),
        sa.CheckConstraint("renewed_until > ends_on", name=op.f("ck_billing_renewals_renewed_until")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contract_id"],
            ["billing_contracts.tenant_id", "billing_contracts.id"],
            name=op.f("fk_billing_renewals_tenant_id_contract_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_billing_renewals_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_renewals")),
        sa.UniqueConstraint(
            "tenant_id", "contract_id", "ends_on", name=op.f("uq_billing_renewals_tenant_id_contract_id_ends_on")
        ),
    )
    op.create_index(
        op.f("ix_billing_renewals_tenant_id_state_ends_on_id"),
        "billing_renewals",
        ["tenant_id", "state", "ends_on", "id"],
        unique=False,
    )
