"""Refunds can be taken back."""

import sqlalchemy as sa
from alembic import op

revision = "billing_0013"
down_revision = "billing_0012"
branch_labels = None
depends_on = None

_TABLE = "billing_credit_movements"
_CHECKS = {
    "kind": "kind in ('given', 'applied', 'unapplied', 'expired', 'transferred', 'refunded', 'unrefunded', 'withdrawn', 'adjusted')",
    "direction": "kind = 'adjusted' or (amount > 0) = (kind in ('given', 'unapplied', 'unrefunded'))",
}


def upgrade() -> None:
    op.add_column("billing_refunds", sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True))
    for name, rule in _CHECKS.items():
        op.drop_constraint(op.f(f"ck_{_TABLE}_{name}"), _TABLE, type_="check")
        op.create_check_constraint(op.f(f"ck_{_TABLE}_{name}"), _TABLE, rule)
