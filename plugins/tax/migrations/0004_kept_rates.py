"""Regions and rates hardly ever change: a process reads them again only when the tenant's facts have another version."""

from alembic import op

from kernel.migrations import stamp

revision = "tax_0004"
down_revision = "tax_0003"
branch_labels = None
depends_on = ("kernel_0005",)


def upgrade() -> None:
    for table in ("tax_regions", "tax_rates", "tax_components", "tax_brackets", "tax_holidays"):
        stamp(op, table)
