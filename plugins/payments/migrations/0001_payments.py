"""Tables of online payments."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kernel.migrations import protect

revision = "payments_0001"
down_revision = None
branch_labels = ("payments",)
depends_on = ("kernel_0001", "billing_0001")


def upgrade() -> None:
    op.create_table(
        "payments_links",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("invoice_ids", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_payments_links_tenant_id_client_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_payments_links_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_payments_links")),
        sa.UniqueConstraint("tenant_id", "token_hash", name=op.f("uq_payments_links_tenant_id_token_hash")),
    )
    op.create_index(
        op.f("ix_payments_links_tenant_id_client_id_id"), "payments_links", ["tenant_id", "client_id", "id"], unique=False
    )
    op.create_table(
        "payments_mandates",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["clients.tenant_id", "clients.id"], name=op.f("fk_payments_mandates_tenant_id_client_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_payments_mandates_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_payments_mandates")),
    )
    op.create_index(
        op.f("ix_payments_mandates_tenant_id_client_id_id"), "payments_mandates", ["tenant_id", "client_id", "id"], unique=False
    )
    op.create_index(
        "uq_payments_mandates_holding",
        "payments_mandates",
        ["tenant_id", "client_id"],
        unique=True,
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_table(
        "payments_attempts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=True),
        sa.Column("mandate_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="starting", nullable=False),
        sa.Column("keep_method", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("agreed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("checkout", sa.Text(), server_default="", nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("payment", sa.Text(), server_default="", nullable=False),
        sa.Column("customer", sa.Text(), server_default="", nullable=False),
        sa.Column("refused_code", sa.Text(), server_default="", nullable=False),
        sa.Column("refused_words", sa.Text(), server_default="", nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column("paid", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_by", sa.Text(), server_default="", nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount >= 0 and (amount = 0) = (kind = 'setup')", name=op.f("ck_payments_attempts_amount")),
        sa.CheckConstraint("kind in ('checkout', 'auto', 'setup')", name=op.f("ck_payments_attempts_kind")),
        sa.CheckConstraint(
            "state in ('starting', 'open', 'processing', 'paid', 'failed', 'expired')", name=op.f("ck_payments_attempts_state")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["clients.tenant_id", "clients.id"], name=op.f("fk_payments_attempts_tenant_id_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "link_id"],
            ["payments_links.tenant_id", "payments_links.id"],
            name=op.f("fk_payments_attempts_tenant_id_link_id"),
            ondelete="SET NULL (link_id)",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "mandate_id"],
            ["payments_mandates.tenant_id", "payments_mandates.id"],
            name=op.f("fk_payments_attempts_tenant_id_mandate_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "receipt_id"],
            ["billing_payments.tenant_id", "billing_payments.id"],
            name=op.f("fk_payments_attempts_tenant_id_receipt_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_payments_attempts_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_payments_attempts")),
    )
    op.create_index(
        "ix_payments_attempts_live",
        "payments_attempts",
        ["tenant_id", "looked_at"],
        unique=False,
        postgresql_where=sa.text("state in ('starting', 'open', 'processing')"),
    )
    op.create_index(
        op.f("ix_payments_attempts_tenant_id_client_id_id"), "payments_attempts", ["tenant_id", "client_id", "id"], unique=False
    )
    op.create_index(op.f("ix_payments_attempts_tenant_id_link_id"), "payments_attempts", ["tenant_id", "link_id"], unique=False)
    op.create_index(
        op.f("ix_payments_attempts_tenant_id_mandate_id"), "payments_attempts", ["tenant_id", "mandate_id"], unique=False
    )
    op.create_index(
        op.f("ix_payments_attempts_tenant_id_receipt_id"), "payments_attempts", ["tenant_id", "receipt_id"], unique=False
    )
    op.create_index(
        op.f("ix_payments_attempts_tenant_id_started_at_id"), "payments_attempts", ["tenant_id", "started_at", "id"], unique=False
    )
    op.create_index(
        "uq_payments_attempts_checkout",
        "payments_attempts",
        ["tenant_id", "provider", "checkout"],
        unique=True,
        postgresql_where=sa.text("checkout <> ''"),
    )
    op.create_index(
        "uq_payments_attempts_payment",
        "payments_attempts",
        ["tenant_id", "provider", "payment"],
        unique=True,
        postgresql_where=sa.text("payment <> ''"),
    )
    op.create_table(
        "payments_attempt_invoices",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("live", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payments_attempt_invoices_amount")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "attempt_id"],
            ["payments_attempts.tenant_id", "payments_attempts.id"],
            name=op.f("fk_payments_attempt_invoices_tenant_id_attempt_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["billing_invoices.tenant_id", "billing_invoices.id"],
            name=op.f("fk_payments_attempt_invoices_tenant_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_payments_attempt_invoices_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_payments_attempt_invoices")),
        sa.UniqueConstraint(
            "tenant_id", "attempt_id", "invoice_id", name=op.f("uq_payments_attempt_invoices_tenant_id_attempt_id_invoice_id")
        ),
    )
    op.create_index(
        op.f("ix_payments_attempt_invoices_tenant_id_invoice_id_id"),
        "payments_attempt_invoices",
        ["tenant_id", "invoice_id", "id"],
        unique=False,
    )
    op.create_index(
        "uq_payments_attempt_invoices_live",
        "payments_attempt_invoices",
        ["tenant_id", "invoice_id"],
        unique=True,
        postgresql_where=sa.text("live"),
    )
    op.create_table(
        "payments_disputes",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("booked", sa.Text(), server_default="no", nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("booked in ('no', 'taken_back', 'refunded', 'returned')", name=op.f("ck_payments_disputes_booked")),
        sa.CheckConstraint("state in ('asked', 'open', 'lost', 'won')", name=op.f("ck_payments_disputes_state")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "attempt_id"],
            ["payments_attempts.tenant_id", "payments_attempts.id"],
            name=op.f("fk_payments_disputes_tenant_id_attempt_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_payments_disputes_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_payments_disputes")),
        sa.UniqueConstraint(
            "tenant_id", "attempt_id", "provider_ref", name=op.f("uq_payments_disputes_tenant_id_attempt_id_provider_ref")
        ),
    )
    op.create_table(
        "payments_refunds",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="asked", nullable=False),
        sa.Column("provider_ref", sa.Text(), server_default="", nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("state in ('asked', 'pending', 'done', 'failed')", name=op.f("ck_payments_refunds_state")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payments_refunds_amount")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "attempt_id"],
            ["payments_attempts.tenant_id", "payments_attempts.id"],
            name=op.f("fk_payments_refunds_tenant_id_attempt_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_payments_refunds_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_payments_refunds")),
    )
    op.create_index(
        op.f("ix_payments_refunds_tenant_id_attempt_id_id"), "payments_refunds", ["tenant_id", "attempt_id", "id"], unique=False
    )
    op.create_index(
        "uq_payments_refunds_seen",
        "payments_refunds",
        ["tenant_id", "attempt_id", "provider_ref"],
        unique=True,
        postgresql_where=sa.text("provider_ref <> ''"),
    )
    protect(
        op,
        "payments_links",
        "payments_mandates",
        "payments_attempts",
        "payments_attempt_invoices",
        "payments_disputes",
        "payments_refunds",
    )
