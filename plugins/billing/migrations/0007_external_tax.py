"""External tax and reasons of exemption on lines."""

import sqlalchemy as sa
from alembic import op

revision = "billing_0007"
down_revision = "billing_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("billing_invoices", sa.Column("tax_source", sa.Text(), server_default="internal", nullable=False))
    sources = "tax_source in ('internal', 'external', 'pending_external')"
    op.create_check_constraint(op.f("ck_billing_invoices_tax_source"), "billing_invoices", sources)
    taxed = "status = 'draft' or tax_source <> 'pending_external'"
    op.create_check_constraint(op.f("ck_billing_invoices_taxed"), "billing_invoices", taxed)
    op.add_column("billing_invoice_lines", sa.Column("exemption", sa.Text(), nullable=True))
