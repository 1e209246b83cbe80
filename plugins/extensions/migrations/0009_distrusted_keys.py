"""Keys that are trusted no more are remembered, so that no other one is trusted by itself in their place."""

import sqlalchemy as sa
from alembic import op

revision = "extensions_0009"
down_revision = "extensions_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("extensions_publisher_keys", sa.Column("distrusted_at", sa.DateTime(timezone=True), nullable=True))
