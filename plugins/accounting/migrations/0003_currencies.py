"""Which currencies the company of a target keeps its books in."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "accounting_0003"
down_revision = "accounting_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("currencies", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False)
    op.add_column("accounting_targets", column)
