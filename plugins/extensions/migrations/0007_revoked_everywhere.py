"""What the owner of the installation revoked, for companies that are there and those to come."""

import sqlalchemy as sa
from alembic import op

revision = "extensions_0007"
down_revision = "extensions_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "extensions_revoked_everywhere",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_extensions_revoked_everywhere")),
    )
