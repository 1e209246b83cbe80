"""Credits in full: expiry, transfers, prepayments."""

revision = "billing_0003"
down_revision = "billing_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
