"""The question what a draft is taxed goes out as well, to one target at a time."""

import sqlalchemy as sa
from alembic import op

revision = "accounting_0005"
down_revision = "accounting_0004"
branch_labels = None
depends_on = None

_KINDS = "kind in ('item', 'client', 'invoice', 'credit_note', 'payment', 'credit_use', 'tax')"


def upgrade() -> None:
    op.drop_constraint(op.f("ck_accounting_outgoing_kind"), "accounting_outgoing")
    op.create_check_constraint(op.f("ck_accounting_outgoing_kind"), "accounting_outgoing", _KINDS)
    op.create_index(
        "uq_accounting_outgoing_tax",
        "accounting_outgoing",
        ["tenant_id", "our_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'tax' and state in ('waiting', 'failed')"),
    )
