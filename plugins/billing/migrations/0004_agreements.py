"""Contract templates, price schedules, discounts, orders, renewals."""

revision = "billing_0004"
down_revision = "billing_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
