"""Tables of timesheets."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kernel.migrations import protect

revision = "timesheets_0001"
down_revision = None
branch_labels = ("timesheets",)
depends_on = ("catalog_0001", "kernel_0001")


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.create_table(
        "timesheets_entries",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.Column("work_kind", sa.Text(), nullable=False),
        sa.Column("work_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("contract_line_id", sa.Uuid(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("worked_on", sa.Date(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("rate", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("feedback", sa.Text(), nullable=True),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.Column("invoice_line_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("tenant_id"), "="),
            (sa.column("user_id"), "="),
            (sa.text("tstzrange(started_at, ended_at)"), "&&"),
            using="gist",
            name="ex_timesheets_entries_no_overlap",
        ),
        sa.CheckConstraint("invoice_id is null or state = 'approved'", name=op.f("ck_timesheets_entries_billed_is_approved")),
        sa.CheckConstraint(
            "state in ('draft', 'submitted', 'approved', 'changes_requested')", name=op.f("ck_timesheets_entries_state")
        ),
        sa.CheckConstraint("(invoice_id is null) = (invoice_line_id is null)", name=op.f("ck_timesheets_entries_billed")),
        sa.CheckConstraint("(rate is null) = (currency is null)", name=op.f("ck_timesheets_entries_currency")),
        sa.CheckConstraint("ended_at > started_at", name=op.f("ck_timesheets_entries_ended_at")),
        sa.CheckConstraint("minutes >= 0", name=op.f("ck_timesheets_entries_minutes")),
        sa.CheckConstraint("rate >= 0", name=op.f("ck_timesheets_entries_rate")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_timesheets_entries_tenant_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "item_id"],
            ["catalog_items.tenant_id", "catalog_items.id"],
            name=op.f("fk_timesheets_entries_tenant_id_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_timesheets_entries_tenant_id_user_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_timesheets_entries_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_timesheets_entries")),
        postgresql_with={"fillfactor": 70},
    )
    op.create_index(
        op.f("ix_timesheets_entries_tenant_id_state_worked_on_id"),
        "timesheets_entries",
        ["tenant_id", "state", "worked_on", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_timesheets_entries_tenant_id_updated_at_id"),
        "timesheets_entries",
        ["tenant_id", "updated_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_timesheets_entries_tenant_id_user_id_worked_on_id"),
        "timesheets_entries",
        ["tenant_id", "user_id", "worked_on", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_timesheets_entries_tenant_id_work_kind_work_id"),
        "timesheets_entries",
        ["tenant_id", "work_kind", "work_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_timesheets_entries_tenant_id_worked_on_id"),
        "timesheets_entries",
        ["tenant_id", "worked_on", "id"],
        unique=False,
    )
    op.create_index(
        "ix_timesheets_entries_unbilled",
        "timesheets_entries",
        ["tenant_id", "client_id", "worked_on"],
        unique=False,
        postgresql_where=sa.text("state = 'approved' and invoice_id is null and minutes > 0"),
    )
    protect(op, "timesheets_entries")
