"""Tables of accounting."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kernel.migrations import protect

revision = "accounting_0001"
down_revision = None
branch_labels = ("accounting",)
depends_on = ("kernel_0001",)


KEEP_SNAPSHOT = """
create function accounting_keep_snapshot() returns trigger language plpgsql as $$
begin
  raise exception 'what stood on a document when it was taken is never changed' using errcode = 'restrict_violation';
end $$;

create trigger keep_snapshot before update of snapshot, invoice_id, target_id, number, total on accounting_documents
  for each row when (row(old.snapshot, old.invoice_id, old.target_id, old.number, old.total)
    is distinct from row(new.snapshot, new.invoice_id, new.target_id, new.number, new.total))
  execute function accounting_keep_snapshot();
"""


def upgrade() -> None:
    op.create_table(
        "accounting_mappings",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("realm", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("our_key", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("external_name", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind in ('item', 'category', 'client', 'tax', 'term', 'account')", name=op.f("ck_accounting_mappings_kind")
        ),
        sa.CheckConstraint(
            "length(our_key) between 1 and 500 and length(external_id) between 1 and 500",
            name=op.f("ck_accounting_mappings_lengths"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_accounting_mappings_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_accounting_mappings")),
        sa.UniqueConstraint(
            "tenant_id",
            "system",
            "kind",
            "our_key",
            "realm",
            name=op.f("uq_accounting_mappings_tenant_id_system_kind_our_key_realm"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "accounting_targets",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Text(), server_default="", nullable=False),
        sa.Column("account_name", sa.Text(), server_default="", nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("auto_export", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("send_payments", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("provision", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("tax_by", sa.Text(), server_default="ours", nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("halted", sa.Text(), server_default="", nullable=False),
        sa.Column("halted_detail", sa.Text(), server_default="", nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(connection_id is null) = (account_id = '')", name=op.f("ck_accounting_targets_connection")),
        sa.CheckConstraint("halted in ('', 'missing_connection', 'wrong_company')", name=op.f("ck_accounting_targets_halted")),
        sa.CheckConstraint("tax_by in ('ours', 'theirs')", name=op.f("ck_accounting_targets_tax_by")),
        sa.CheckConstraint(
            "connection_id is not null or not (auto_export or send_payments or provision)",
            name=op.f("ck_accounting_targets_only_connected"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_accounting_targets_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_accounting_targets")),
        sa.UniqueConstraint("tenant_id", "system", "account_id", name=op.f("uq_accounting_targets_tenant_id_system_account_id")),
    )
    op.create_index(
        op.f("ix_accounting_targets_tenant_id_connection_id"), "accounting_targets", ["tenant_id", "connection_id"], unique=False
    )
    op.create_table(
        "accounting_batches",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("origin", sa.Text(), server_default="manual", nullable=False),
        sa.Column("state", sa.Text(), server_default="ready", nullable=False),
        sa.Column("filters", postgresql.JSONB(), nullable=False),
        sa.Column("filter_key", sa.Text(), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("origin in ('manual', 'auto')", name=op.f("ck_accounting_batches_origin")),
        sa.CheckConstraint(
            "state in ('needs_attention', 'ready', 'delivering', 'delivered', 'cancelled')",
            name=op.f("ck_accounting_batches_state"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "target_id"],
            ["accounting_targets.tenant_id", "accounting_targets.id"],
            name=op.f("fk_accounting_batches_tenant_id_target_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_accounting_batches_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_accounting_batches")),
    )
    op.create_index(
        op.f("ix_accounting_batches_tenant_id_created_at_id"),
        "accounting_batches",
        ["tenant_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_accounting_batches_tenant_id_target_id_created_at_id"),
        "accounting_batches",
        ["tenant_id", "target_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        "uq_accounting_batches_open",
        "accounting_batches",
        ["tenant_id", "target_id", "filter_key"],
        unique=True,
        postgresql_where=sa.text("state in ('needs_attention', 'ready', 'delivering')"),
    )
    op.create_table(
        "accounting_choices",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "target_id"],
            ["accounting_targets.tenant_id", "accounting_targets.id"],
            name=op.f("fk_accounting_choices_tenant_id_target_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_accounting_choices_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_accounting_choices")),
        sa.UniqueConstraint(
            "tenant_id",
            "target_id",
            "kind",
            "external_id",
            name=op.f("uq_accounting_choices_tenant_id_target_id_kind_external_id"),
        ),
    )
    op.create_table(
        "accounting_links",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("our_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("external_version", sa.Text(), server_default="", nullable=False),
        sa.Column("external_name", sa.Text(), server_default="", nullable=False),
        sa.Column("number", sa.Text(), server_default="", nullable=False),
        sa.Column("currency", sa.Text(), server_default="", nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("tax", sa.BigInteger(), nullable=True),
        sa.Column("voided", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("external_id <> ''", name=op.f("ck_accounting_links_external_id")),
        sa.CheckConstraint(
            "kind in ('client', 'invoice', 'credit_note', 'payment', 'credit_use')", name=op.f("ck_accounting_links_kind")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "target_id"],
            ["accounting_targets.tenant_id", "accounting_targets.id"],
            name=op.f("fk_accounting_links_tenant_id_target_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_accounting_links_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_accounting_links")),
        sa.UniqueConstraint(
            "tenant_id", "target_id", "kind", "external_id", name=op.f("uq_accounting_links_tenant_id_target_id_kind_external_id")
        ),
        sa.UniqueConstraint(
            "tenant_id", "target_id", "kind", "our_id", name=op.f("uq_accounting_links_tenant_id_target_id_kind_our_id")
        ),
    )
    op.create_index(op.f("ix_accounting_links_tenant_id_our_id"), "accounting_links", ["tenant_id", "our_id"], unique=False)
    op.create_table(
        "accounting_documents",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("snapshot", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind in ('invoice', 'credit_note', 'prepayment')", name=op.f("ck_accounting_documents_kind")),
        sa.CheckConstraint(
            "state in ('open', 'ready', 'queued', 'delivered', 'refused', 'left_out', 'cancelled')",
            name=op.f("ck_accounting_documents_state"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "batch_id"],
            ["accounting_batches.tenant_id", "accounting_batches.id"],
            name=op.f("fk_accounting_documents_tenant_id_batch_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "target_id"],
            ["accounting_targets.tenant_id", "accounting_targets.id"],
            name=op.f("fk_accounting_documents_tenant_id_target_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_accounting_documents_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_accounting_documents")),
    )
    op.create_index(
        "ix_accounting_documents_attention",
        "accounting_documents",
        ["tenant_id", "target_id", "id"],
        unique=False,
        postgresql_where=sa.text("state in ('open', 'refused')"),
    )
    op.create_index(
        op.f("ix_accounting_documents_tenant_id_batch_id_id"),
        "accounting_documents",
        ["tenant_id", "batch_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_accounting_documents_tenant_id_invoice_id"), "accounting_documents", ["tenant_id", "invoice_id"], unique=False
    )
    op.create_index(
        "uq_accounting_documents_once",
        "accounting_documents",
        ["tenant_id", "target_id", "invoice_id"],
        unique=True,
        postgresql_where=sa.text("state not in ('left_out', 'cancelled')"),
    )
    op.create_table(
        "accounting_files",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "batch_id"],
            ["accounting_batches.tenant_id", "accounting_batches.id"],
            name=op.f("fk_accounting_files_tenant_id_batch_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_accounting_files_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_accounting_files")),
        sa.UniqueConstraint("tenant_id", "batch_id", "position", name=op.f("uq_accounting_files_tenant_id_batch_id_position")),
    )
    op.create_table(
        "accounting_outgoing",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), server_default="put", nullable=False),
        sa.Column("our_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("mend_url", sa.Text(), server_default="", nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("action in ('put', 'void')", name=op.f("ck_accounting_outgoing_action")),
        sa.CheckConstraint(
            "kind in ('item', 'client', 'invoice', 'credit_note', 'payment', 'credit_use')",
            name=op.f("ck_accounting_outgoing_kind"),
        ),
        sa.CheckConstraint(
            "state in ('waiting', 'sending', 'done', 'failed', 'dropped')", name=op.f("ck_accounting_outgoing_state")
        ),
        sa.CheckConstraint("length(request_id) between 1 and 50", name=op.f("ck_accounting_outgoing_request_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "document_id"],
            ["accounting_documents.tenant_id", "accounting_documents.id"],
            name=op.f("fk_accounting_outgoing_tenant_id_document_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "target_id"],
            ["accounting_targets.tenant_id", "accounting_targets.id"],
            name=op.f("fk_accounting_outgoing_tenant_id_target_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_accounting_outgoing_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_accounting_outgoing")),
    )
    op.create_index(
        "ix_accounting_outgoing_due",
        "accounting_outgoing",
        ["tenant_id", "target_id", "rank", "id"],
        unique=False,
        postgresql_where=sa.text("state in ('waiting', 'sending')"),
    )
    op.create_index(
        op.f("ix_accounting_outgoing_tenant_id_document_id"), "accounting_outgoing", ["tenant_id", "document_id"], unique=False
    )
    op.create_index(op.f("ix_accounting_outgoing_tenant_id_our_id"), "accounting_outgoing", ["tenant_id", "our_id"], unique=False)
    op.create_index(
        "uq_accounting_outgoing_open",
        "accounting_outgoing",
        ["tenant_id", "target_id", "kind", "our_id", "action"],
        unique=True,
        postgresql_where=sa.text("state in ('waiting', 'failed')"),
    )
    op.create_table(
        "accounting_problems",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("mend_url", sa.Text(), server_default="", nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "document_id"],
            ["accounting_documents.tenant_id", "accounting_documents.id"],
            name=op.f("fk_accounting_problems_tenant_id_document_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_accounting_problems_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_accounting_problems")),
    )
    op.create_index(
        op.f("ix_accounting_problems_tenant_id_document_id_id"),
        "accounting_problems",
        ["tenant_id", "document_id", "id"],
        unique=False,
    )
    op.create_index(
        "uq_accounting_problems_open",
        "accounting_problems",
        ["tenant_id", "document_id", "code", "subject"],
        unique=True,
        postgresql_where=sa.text("resolved_at is null"),
    )
    protect(
        op,
        "accounting_mappings",
        "accounting_targets",
        "accounting_batches",
        "accounting_choices",
        "accounting_links",
        "accounting_documents",
        "accounting_files",
        "accounting_outgoing",
        "accounting_problems",
    )
    op.execute(KEEP_SNAPSHOT)
