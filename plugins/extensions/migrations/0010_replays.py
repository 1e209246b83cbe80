"""Replays of recorded calls as background work, with how far each is and what it found."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import protect

revision = "extensions_0010"
down_revision = "extensions_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table = "extensions_replays"
    op.create_table(
        table,
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("tenant_id", "id", "invocation_id", "job_id")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("times", "done", "different")),
        sa.Column("other", sa.LargeBinary(), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("times between 1 and 10000", name=op.f(f"ck_{table}_times")),
        sa.CheckConstraint("0 <= different and different <= done and done <= times", name=op.f(f"ck_{table}_done")),
        sa.CheckConstraint("(different > 0) = (other is not null)", name=op.f(f"ck_{table}_other")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invocation_id"],
            ["extensions_invocations.tenant_id", "extensions_invocations.id"],
            name=op.f(f"fk_{table}_tenant_id_invocation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("tenant_id", "job_id", name=op.f(f"uq_{table}_tenant_id_job_id")),
    )
    op.create_index(f"ix_{table}_tenant_id_invocation_id", table, ["tenant_id", "invocation_id"])
    op.create_index(f"ix_{table}_tenant_id_asked_at_id", table, ["tenant_id", "asked_at", "id"])
    protect(op, table)
