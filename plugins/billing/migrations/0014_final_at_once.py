"""Lines, taxes, discounts and sources may be written before the invoice that they belong to, in one transaction."""

from alembic import op

revision = "billing_0014"
down_revision = "billing_0013"
branch_labels = None
depends_on = None

_PARTS = ("billing_invoice_lines", "billing_invoice_taxes", "billing_invoice_discounts", "billing_sources")


def upgrade() -> None:
    for table in _PARTS:
        op.execute(f"alter table {table} alter constraint fk_{table}_tenant_id_invoice_id deferrable initially immediate")
