"""Terms of payment, reminders, late fees, statements."""

revision = "billing_0002"
down_revision = "billing_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
