"""Tables of tax."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kernel.migrations import protect

revision = "tax_0001"
down_revision = None
branch_labels = ("tax",)
depends_on = ("kernel_0001",)


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.create_table(
        "tax_regions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("length(country) = 2", name=op.f("ck_tax_regions_country")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_tax_regions_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_tax_regions")),
        sa.UniqueConstraint("tenant_id", "code", name=op.f("uq_tax_regions_tenant_id_code")),
    )
    op.create_table(
        "tax_rates",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region_id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("percent", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("starts", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("tenant_id"), "="),
            (sa.column("region_id"), "="),
            (sa.column("category"), "="),
            (sa.text("daterange(starts, ends)"), "&&"),
            using="gist",
            name="ex_tax_rates_no_overlap",
            deferrable=True,
            initially="IMMEDIATE",
        ),
        sa.CheckConstraint("category in ('standard', 'reduced')", name=op.f("ck_tax_rates_category")),
        sa.CheckConstraint("ends > starts", name=op.f("ck_tax_rates_ends")),
        sa.CheckConstraint("percent between 0 and 100", name=op.f("ck_tax_rates_percent")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "region_id"],
            ["tax_regions.tenant_id", "tax_regions.id"],
            name=op.f("fk_tax_rates_tenant_id_region_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_tax_rates_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_tax_rates")),
        sa.UniqueConstraint(
            "tenant_id",
            "region_id",
            "category",
            "starts",
            name=op.f("uq_tax_rates_tenant_id_region_id_category_starts"),
        ),
    )
    op.create_table(
        "tax_clients",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("region_id", sa.Uuid(), nullable=True),
        sa.Column("tax_id", sa.Text(), nullable=True),
        sa.Column("exemption", sa.Text(), nullable=True),
        sa.Column("reverse_charge", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_tax_clients_tenant_id_client_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "region_id"],
            ["tax_regions.tenant_id", "tax_regions.id"],
            name=op.f("fk_tax_clients_tenant_id_region_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_tax_clients_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_tax_clients")),
        sa.UniqueConstraint("tenant_id", "client_id", name=op.f("uq_tax_clients_tenant_id_client_id")),
    )
    op.create_table(
        "tax_components",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rate_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("percent", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("compound", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("starts", sa.Date(), nullable=True),
        sa.Column("ends", sa.Date(), nullable=True),
        sa.CheckConstraint("ends > starts", name=op.f("ck_tax_components_ends")),
        sa.CheckConstraint("percent between 0 and 100", name=op.f("ck_tax_components_percent")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "rate_id"],
            ["tax_rates.tenant_id", "tax_rates.id"],
            name=op.f("fk_tax_components_tenant_id_rate_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_tax_components_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_tax_components")),
        sa.UniqueConstraint(
            "tenant_id",
            "rate_id",
            "sequence",
            "starts",
            name=op.f("uq_tax_components_tenant_id_rate_id_sequence_starts"),
        ),
    )
    op.create_index(
        op.f("ix_tax_components_tenant_id_rate_id_sequence"),
        "tax_components",
        ["tenant_id", "rate_id", "sequence"],
        unique=False,
    )
    op.create_table(
        "tax_locations",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("region_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "location_id"],
            ["client_locations.tenant_id", "client_locations.id"],
            name=op.f("fk_tax_locations_tenant_id_location_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "region_id"],
            ["tax_regions.tenant_id", "tax_regions.id"],
            name=op.f("fk_tax_locations_tenant_id_region_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_tax_locations_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_tax_locations")),
        sa.UniqueConstraint("tenant_id", "location_id", name=op.f("uq_tax_locations_tenant_id_location_id")),
    )
    protect(op, "tax_regions", "tax_rates", "tax_clients", "tax_components", "tax_locations")
