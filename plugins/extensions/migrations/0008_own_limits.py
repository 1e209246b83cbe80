"""Limits that an administrator gives one install."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "extensions_0008"
down_revision = "extensions_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("extensions_installs", sa.Column("limits", JSONB(), nullable=True))
