"""Layouts of invoices."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kernel.migrations import protect

revision = "billing_0006"
down_revision = "billing_0005"
branch_labels = None
depends_on = None


def _tenant(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id"), ondelete="CASCADE")


def _layouts() -> None:
    op.create_table(
        "billing_layouts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), sa.Computed("lower(name)", persisted=True), nullable=False),
        sa.Column("origin", sa.Text(), server_default="own", nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("current", sa.Integer(), server_default="1", nullable=False),
        sa.Column("draft", postgresql.JSONB(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("origin in ('standard', 'code', 'own')", name=op.f("ck_billing_layouts_origin")),
        sa.CheckConstraint("(origin = 'own') = (key is null)", name=op.f("ck_billing_layouts_key")),
        sa.CheckConstraint("origin = 'own' or draft is null", name=op.f("ck_billing_layouts_draft")),
        sa.CheckConstraint("current >= 1", name=op.f("ck_billing_layouts_current")),
        _tenant("billing_layouts"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_layouts")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("uq_billing_layouts_tenant_id_key")),
        sa.UniqueConstraint("tenant_id", "name_key", name=op.f("uq_billing_layouts_tenant_id_name_key")),
    )


def _versions() -> None:
    op.create_table(
        "billing_layout_versions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("layout_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_billing_layout_versions_number")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "layout_id"],
            ["billing_layouts.tenant_id", "billing_layouts.id"],
            name=op.f("fk_billing_layout_versions_tenant_id_layout_id"),
            ondelete="CASCADE",
        ),
        _tenant("billing_layout_versions"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_layout_versions")),
        sa.UniqueConstraint(
            "tenant_id", "layout_id", "number", name=op.f("uq_billing_layout_versions_tenant_id_layout_id_number")
        ),
    )


def _images() -> None:
    op.create_table(
        "billing_layout_images",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("file_key", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("content_type in ('image/png', 'image/jpeg')", name=op.f("ck_billing_layout_images_content_type")),
        sa.CheckConstraint("size > 0 and width > 0 and height > 0", name=op.f("ck_billing_layout_images_size")),
        _tenant("billing_layout_images"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_layout_images")),
        sa.UniqueConstraint("tenant_id", "file_key", name=op.f("uq_billing_layout_images_tenant_id_file_key")),
    )


def _choices() -> None:
    op.create_table(
        "billing_layout_choices",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("layout_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind in ('invoice', 'credit_note', 'prepayment')", name=op.f("ck_billing_layout_choices_kind")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "layout_id"],
            ["billing_layouts.tenant_id", "billing_layouts.id"],
            name=op.f("fk_billing_layout_choices_tenant_id_layout_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_billing_layout_choices_tenant_id_client_id"),
            ondelete="CASCADE",
        ),
        _tenant("billing_layout_choices"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_layout_choices")),
    )
    op.create_index(
        "uq_billing_layout_choices_for",
        "billing_layout_choices",
        ["tenant_id", "client_id", "kind"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_index(
        op.f("ix_billing_layout_choices_tenant_id_layout_id"), "billing_layout_choices", ["tenant_id", "layout_id"], unique=False
    )


def upgrade() -> None:
    _layouts()
    _versions()
    _images()
    _choices()
    op.add_column("billing_invoices", sa.Column("layout_version_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_billing_invoices_tenant_id_layout_version_id"),
        "billing_invoices",
        "billing_layout_versions",
        ["tenant_id", "layout_version_id"],
        ["tenant_id", "id"],
    )
    protect(op, "billing_layouts", "billing_layout_versions", "billing_layout_images", "billing_layout_choices")
    op.execute(
        "create trigger never_change before update or delete on billing_layout_versions"
        " for each statement execute function billing_never_change()"
    )
