"""How the other side kept the lines of a document at its delivery."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "accounting_0006"
down_revision = "accounting_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounting_links", sa.Column("lines", postgresql.JSONB(), nullable=True))
