"""Tables of wishlist."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import protect

revision = "wishlist_0001"
down_revision = None
branch_labels = ("wishlist",)
depends_on = ("kernel_0001",)


def upgrade() -> None:
    op.create_table(
        "wishlist_entries",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("length(title) between 1 and 255", name=op.f("ck_wishlist_entries_title")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_wishlist_entries_tenant_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_wishlist_entries_tenant_id_client_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_wishlist_entries")),
    )
    for columns in (["created_at", "id"], ["updated_at", "id"], ["client_id"]):
        op.create_index(op.f(f"ix_wishlist_entries_tenant_id_{'_'.join(columns)}"), "wishlist_entries", ["tenant_id", *columns])
    protect(op, "wishlist_entries")
