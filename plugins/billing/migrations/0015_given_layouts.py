"""Layouts that extensions give, invoice by invoice."""

from alembic import op

revision = "billing_0015"
down_revision = "billing_0014"
branch_labels = None
depends_on = None

_CHECK = op.f("ck_billing_layouts_origin")


def upgrade() -> None:
    op.drop_constraint(_CHECK, "billing_layouts", type_="check")
    op.create_check_constraint(_CHECK, "billing_layouts", "origin in ('standard', 'code', 'extension', 'own')")
