"""Periods that cost nothing are closed without an invoice."""

from alembic import op

revision = "billing_0010"
down_revision = "billing_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("invoice_id", "line_id"):
        op.alter_column("billing_sources", column, nullable=True)
    op.create_check_constraint(op.f("ck_billing_sources_line_id"), "billing_sources", "(invoice_id is null) = (line_id is null)")
    op.create_check_constraint(op.f("ck_billing_sources_closed"), "billing_sources", "invoice_id is not null or amount = 0")
