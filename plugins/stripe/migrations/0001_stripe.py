"""Tables of the Stripe room."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import protect

revision = "stripe_0001"
down_revision = None
branch_labels = ("stripe",)
depends_on = ("kernel_0001",)


def upgrade() -> None:
    op.create_table(
        "stripe_accounts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("secret_key", sa.LargeBinary(), nullable=False),
        sa.Column("webhook_secret", sa.LargeBinary(), nullable=True),
        sa.Column("test_mode", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), server_default="new", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column("connected_by", sa.Text(), nullable=False),
        sa.Column("connected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_notice_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('new', 'connected', 'refused')", name=op.f("ck_stripe_accounts_state")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_stripe_accounts_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_stripe_accounts")),
        sa.UniqueConstraint("tenant_id", name=op.f("uq_stripe_accounts_tenant_id")),
    )
    protect(op, "stripe_accounts")
