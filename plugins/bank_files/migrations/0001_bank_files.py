"""Tables of bank statements."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kernel.migrations import protect

revision = "bank_files_0001"
down_revision = None
branch_labels = ("bank_files",)
depends_on = ("kernel_0001", "billing_0001")


def upgrade() -> None:
    op.create_table(
        "bank_files_accounts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("columns", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_bank_files_accounts_currency")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_bank_files_accounts_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_bank_files_accounts")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_bank_files_accounts_tenant_id_number")),
    )
    op.create_table(
        "bank_files_files",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("file_key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column("found", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fresh", sa.Integer(), server_default="0", nullable=False),
        sa.Column("skipped", sa.Integer(), server_default="0", nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("uploaded_by", sa.Text(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state in ('columns', 'waiting', 'done', 'refused')", name=op.f("ck_bank_files_files_state")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["bank_files_accounts.tenant_id", "bank_files_accounts.id"],
            name=op.f("fk_bank_files_files_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_bank_files_files_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_bank_files_files")),
    )
    op.create_index(
        op.f("ix_bank_files_files_tenant_id_account_id"), "bank_files_files", ["tenant_id", "account_id"], unique=False
    )
    op.create_index(
        op.f("ix_bank_files_files_tenant_id_uploaded_at_id"), "bank_files_files", ["tenant_id", "uploaded_at", "id"], unique=False
    )
    op.create_table(
        "bank_files_entries",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("iban", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("structured", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("matched", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "case state when 'matched' then matched = amount and amount > 0 when 'partly' then matched > 0 and matched < amount when 'outgoing' then amount <= 0 else matched = 0 and amount > 0 end",
            name=op.f("ck_bank_files_entries_settled"),
        ),
        sa.CheckConstraint(
            "state in ('open', 'partly', 'matched', 'ignored', 'outgoing')", name=op.f("ck_bank_files_entries_state")
        ),
        sa.CheckConstraint("matched between 0 and greatest(amount, 0)", name=op.f("ck_bank_files_entries_matched")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["bank_files_accounts.tenant_id", "bank_files_accounts.id"],
            name=op.f("fk_bank_files_entries_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "file_id"],
            ["bank_files_files.tenant_id", "bank_files_files.id"],
            name=op.f("fk_bank_files_entries_tenant_id_file_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_bank_files_entries_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_bank_files_entries")),
        sa.UniqueConstraint(
            "tenant_id", "account_id", "fingerprint", name=op.f("uq_bank_files_entries_tenant_id_account_id_fingerprint")
        ),
    )
    op.create_index(
        op.f("ix_bank_files_entries_tenant_id_booked_on_id"), "bank_files_entries", ["tenant_id", "booked_on", "id"], unique=False
    )
    op.create_index(op.f("ix_bank_files_entries_tenant_id_file_id"), "bank_files_entries", ["tenant_id", "file_id"], unique=False)
    op.create_index(
        op.f("ix_bank_files_entries_tenant_id_state_booked_on_id"),
        "bank_files_entries",
        ["tenant_id", "state", "booked_on", "id"],
        unique=False,
    )
    op.create_table(
        "bank_files_payers",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("iban", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("iban <> ''", name=op.f("ck_bank_files_payers_iban")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_bank_files_payers_tenant_id_client_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_bank_files_payers_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_bank_files_payers")),
        sa.UniqueConstraint("tenant_id", "iban", name=op.f("uq_bank_files_payers_tenant_id_iban")),
    )
    op.create_index(
        op.f("ix_bank_files_payers_tenant_id_client_id"), "bank_files_payers", ["tenant_id", "client_id"], unique=False
    )
    op.create_table(
        "bank_files_matches",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("matched_by", sa.Text(), nullable=False),
        sa.Column("matched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_bank_files_matches_amount")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_bank_files_matches_tenant_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "entry_id"],
            ["bank_files_entries.tenant_id", "bank_files_entries.id"],
            name=op.f("fk_bank_files_matches_tenant_id_entry_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "receipt_id"],
            ["billing_payments.tenant_id", "billing_payments.id"],
            name=op.f("fk_bank_files_matches_tenant_id_receipt_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_bank_files_matches_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_bank_files_matches")),
        sa.UniqueConstraint("tenant_id", "receipt_id", name=op.f("uq_bank_files_matches_tenant_id_receipt_id")),
    )
    op.create_index(
        op.f("ix_bank_files_matches_tenant_id_client_id"), "bank_files_matches", ["tenant_id", "client_id"], unique=False
    )
    op.create_index(
        op.f("ix_bank_files_matches_tenant_id_entry_id_id"), "bank_files_matches", ["tenant_id", "entry_id", "id"], unique=False
    )
    protect(op, "bank_files_accounts", "bank_files_files", "bank_files_entries", "bank_files_payers", "bank_files_matches")
