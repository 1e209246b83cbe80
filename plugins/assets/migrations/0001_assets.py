"""Tables of assets."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import protect

revision = "assets_0001"
down_revision = None
branch_labels = ("assets",)
depends_on = ("kernel_0001",)


def upgrade() -> None:
    op.create_table(
        "assets_assets",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("asset_type", sa.Text(), server_default="unknown", nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("tag_key", sa.Text(), sa.Computed("lower(tag)", persisted=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), sa.Computed("lower(name)", persisted=True), nullable=False),
        sa.Column("serial_number", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("purchased_on", sa.Date(), nullable=True),
        sa.Column("warranty_ends_on", sa.Date(), nullable=True),
        sa.Column("notes", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "asset_type in ('workstation', 'server', 'network_device', 'mobile_device', 'printer', 'unknown')",
            name=op.f("ck_assets_assets_asset_type"),
        ),
        sa.CheckConstraint("status in ('active', 'inactive', 'retired')", name=op.f("ck_assets_assets_status")),
        sa.CheckConstraint("length(name) between 1 and 255", name=op.f("ck_assets_assets_name")),
        sa.CheckConstraint("length(tag) between 1 and 100", name=op.f("ck_assets_assets_tag")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_assets_assets_tenant_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"],
            ["contacts.tenant_id", "contacts.id"],
            name=op.f("fk_assets_assets_tenant_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "location_id"],
            ["client_locations.tenant_id", "client_locations.id"],
            name=op.f("fk_assets_assets_tenant_id_location_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_assets_assets_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_assets_assets")),
        sa.UniqueConstraint("tenant_id", "tag_key", name=op.f("uq_assets_assets_tenant_id_tag_key")),
    )
    op.create_index(
        op.f("ix_assets_assets_tenant_id_client_id_name_key_id"),
        "assets_assets",
        ["tenant_id", "client_id", "name_key", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_assets_assets_tenant_id_contact_id"), "assets_assets", ["tenant_id", "contact_id"], unique=False)
    op.create_index(
        op.f("ix_assets_assets_tenant_id_created_at_id"),
        "assets_assets",
        ["tenant_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_assets_assets_tenant_id_location_id"), "assets_assets", ["tenant_id", "location_id"], unique=False)
    op.create_index(
        op.f("ix_assets_assets_tenant_id_name_key_id"), "assets_assets", ["tenant_id", "name_key", "id"], unique=False
    )
    op.create_index(
        "ix_assets_assets_warranty",
        "assets_assets",
        ["tenant_id", "warranty_ends_on", "id"],
        unique=False,
        postgresql_where=sa.text("warranty_ends_on is not null"),
    )
    op.create_table(
        "assets_ticket_links",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "asset_id"],
            ["assets_assets.tenant_id", "assets_assets.id"],
            name=op.f("fk_assets_ticket_links_tenant_id_asset_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_assets_ticket_links_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_assets_ticket_links")),
        sa.UniqueConstraint(
            "tenant_id", "ticket_id", "asset_id", name=op.f("uq_assets_ticket_links_tenant_id_ticket_id_asset_id")
        ),
    )
    op.create_index(
        op.f("ix_assets_ticket_links_tenant_id_asset_id"),
        "assets_ticket_links",
        ["tenant_id", "asset_id"],
        unique=False,
    )
    protect(op, "assets_assets", "assets_ticket_links")
