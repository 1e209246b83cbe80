"""Tables of billing, and the guards of what never changes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kernel.migrations import protect

revision = "billing_0001"
down_revision = None
branch_labels = ("billing",)
depends_on = ("catalog_0001", "kernel_0001")


_GUARDS = """
create function billing_keep_final_invoice() returns trigger language plpgsql as $$
declare
  free text[] := array['settled', 'credited', 'status', 'voided_at', 'void_reason', 'version', 'updated_at'];
begin
  if tg_op = 'DELETE' then
    if pg_trigger_depth() > 1 then return old; end if;
    raise exception 'a finalized invoice is never deleted' using errcode = 'restrict_violation';
  end if;
  if old.status = 'void' or new.status = 'draft' or to_jsonb(new) - free is distinct from to_jsonb(old) - free then
    raise exception 'a finalized invoice never changes' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger keep_final before update or delete on billing_invoices
  for each row when (old.status <> 'draft') execute function billing_keep_final_invoice();

create function billing_keep_final_parts() returns trigger language plpgsql as $$
begin
  if pg_trigger_depth() = 1 and exists (
    select from changed c join billing_invoices i on i.tenant_id = c.tenant_id and i.id = c.invoice_id
    where i.status <> 'draft'
  ) then
    raise exception 'a finalized invoice never changes' using errcode = 'restrict_violation';
  end if;
  return null;
end $$;

create function billing_never_change() returns trigger language plpgsql as $$
begin
  if pg_trigger_depth() = 1 then
    raise exception '% is never changed, only added to', tg_table_name using errcode = 'restrict_violation';
  end if;
  return null;
end $$;

create function billing_balance_entries() returns trigger language plpgsql as $$
begin
  if exists (select from added group by tenant_id, entry_id having sum(amount) <> 0) then
    raise exception 'the postings of an entry do not add up to zero' using errcode = 'check_violation';
  end if;
  return null;
end $$;
create trigger balance after insert on billing_postings
  referencing new table as added for each statement execute function billing_balance_entries();
"""


def _guard() -> None:
    """Finalized invoices, the ledger and the chain are kept by the database itself; removing a tenant still removes them."""
    op.execute(_GUARDS)
    for table in ("billing_invoice_lines", "billing_invoice_taxes", "billing_invoice_discounts"):
        for event, transition in (("insert", "new"), ("delete", "old")):
            op.execute(
                f"create trigger keep_final_{event} after {event} on {table} referencing {transition} table as changed"
                " for each statement execute function billing_keep_final_parts()"
            )
        op.execute(f"create trigger never_update before update on {table}"
                   " for each statement execute function billing_never_change()")  # fmt: skip
    for table in ("billing_ledger_entries", "billing_postings", "billing_chain_links"):
        op.execute(f"create trigger never_change before update or delete on {table}"
                   " for each statement execute function billing_never_change()")  # fmt: skip


def upgrade() -> None:  # noqa: PLR0915 - one statement a table
    op.create_table(
        "billing_runs",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("window_start", sa.Date(), nullable=False),
        sa.Column("window_end", sa.Date(), nullable=False),
        sa.Column("invoice_date", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default="live", nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("client_total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("waiting", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'live') = (ended_at is null)", name=op.f("ck_billing_runs_ended")),
        sa.CheckConstraint("state in ('live', 'done', 'stopped')", name=op.f("ck_billing_runs_state")),
        sa.CheckConstraint("window_end > window_start", name=op.f("ck_billing_runs_window")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_billing_runs_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_runs")),
        sa.UniqueConstraint("tenant_id", "job_id", name=op.f("uq_billing_runs_tenant_id_job_id")),
    )
    op.create_index(
        op.f("ix_billing_runs_tenant_id_started_at_id"), "billing_runs", ["tenant_id", "started_at", "id"], unique=False
    )
    op.create_index(
        "uq_billing_runs_live", "billing_runs", ["tenant_id"], unique=True, postgresql_where=sa.text("state = 'live'")
    )
    op.create_table(
        "billing_series",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("last_serial", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("chain_length", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("chain_hash", sa.LargeBinary(), server_default=sa.text("''::bytea"), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_billing_series_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_series")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_billing_series_tenant_id_name")),
    )
    op.create_table(
        "billing_contracts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), sa.Computed("lower(name)", persisted=True), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("start_on", sa.Date(), nullable=False),
        sa.Column("end_on", sa.Date(), nullable=True),
        sa.Column("billed_until", sa.Date(), nullable=True),
        sa.Column("status", sa.Text(), server_default="draft", nullable=False),
        sa.Column("cadence", sa.Text(), server_default="calendar", nullable=False),
        sa.Column("po_number", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("cadence in ('calendar', 'anniversary')", name=op.f("ck_billing_contracts_cadence")),
        sa.CheckConstraint("status in ('draft', 'active')", name=op.f("ck_billing_contracts_status")),
        sa.CheckConstraint("end_on >= start_on", name=op.f("ck_billing_contracts_end_on")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_billing_contracts_currency")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_billing_contracts_tenant_id_client_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_billing_contracts_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_contracts")),
    )
    op.create_index(
        op.f("ix_billing_contracts_tenant_id_client_id_id"),
        "billing_contracts",
        ["tenant_id", "client_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_billing_contracts_tenant_id_name_key_id"),
        "billing_contracts",
        ["tenant_id", "name_key", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_billing_contracts_tenant_id_start_on_id"),
        "billing_contracts",
        ["tenant_id", "start_on", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_billing_contracts_tenant_id_updated_at_id"),
        "billing_contracts",
        ["tenant_id", "updated_at", "id"],
        unique=False,
    )
    op.create_table(
        "billing_invoices",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="invoice", nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="draft", nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("invoice_date", sa.Date(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column("po_number", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), server_default="", nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("discount", sa.BigInteger(), nullable=False),
        sa.Column("subtotal", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("credited", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tax_notes", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("tax_trace", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("contract_ids", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("credit_of_id", sa.Uuid(), nullable=True),
        sa.Column("parties", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("created_by_kind", sa.Text(), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_by_name", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("author_key", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("finalized_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(kind = 'credit_note') = (credit_of_id is not null)", name=op.f("ck_billing_invoices_credit_of")),
        sa.CheckConstraint(
            "(status = 'void') = (voided_at is not null and void_reason <> '')", name=op.f("ck_billing_invoices_void")
        ),
        sa.CheckConstraint("kind in ('invoice', 'credit_note')", name=op.f("ck_billing_invoices_kind")),
        sa.CheckConstraint("origin in ('run', 'manual', 'credit_note')", name=op.f("ck_billing_invoices_origin")),
        sa.CheckConstraint(
            "status = 'draft' or (serial is not null and finalized_at is not null)",
            name=op.f("ck_billing_invoices_finalized"),
        ),
        sa.CheckConstraint("status in ('draft', 'finalized', 'void')", name=op.f("ck_billing_invoices_status")),
        sa.CheckConstraint("credited between 0 and total", name=op.f("ck_billing_invoices_credited")),
        sa.CheckConstraint("discount >= 0 and total >= 0", name=op.f("ck_billing_invoices_not_below_zero")),
        sa.CheckConstraint("due_date >= invoice_date", name=op.f("ck_billing_invoices_due_date")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_billing_invoices_currency")),
        sa.CheckConstraint("settled between 0 and total", name=op.f("ck_billing_invoices_settled")),
        sa.CheckConstraint("subtotal = net - discount and total = subtotal + tax", name=op.f("ck_billing_invoices_sums")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_billing_invoices_tenant_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "credit_of_id"],
            ["billing_invoices.tenant_id", "billing_invoices.id"],
            name=op.f("fk_billing_invoices_tenant_id_credit_of_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_billing_invoices_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_invoices")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_billing_invoices_tenant_id_number")),
        sa.UniqueConstraint("tenant_id", "series", "serial", name=op.f("uq_billing_invoices_tenant_id_series_serial")),
    )
    op.create_index(
        "ix_billing_invoices_open",
        "billing_invoices",
        ["tenant_id", "due_date"],
        unique=False,
        postgresql_where=sa.text("status = 'finalized' and settled < total"),
    )
    op.create_index(
        op.f("ix_billing_invoices_tenant_id_client_id_invoice_date_id"),
        "billing_invoices",
        ["tenant_id", "client_id", "invoice_date", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_billing_invoices_tenant_id_created_at_id"),
        "billing_invoices",
        ["tenant_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_billing_invoices_tenant_id_credit_of_id"),
        "billing_invoices",
        ["tenant_id", "credit_of_id"],
        unique=False,
        postgresql_where=sa.text("credit_of_id is not null"),
    )
    op.create_index(
        op.f("ix_billing_invoices_tenant_id_invoice_date_id"),
        "billing_invoices",
        ["tenant_id", "invoice_date", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_billing_invoices_tenant_id_run_id"),
        "billing_invoices",
        ["tenant_id", "run_id"],
        unique=False,
        postgresql_where=sa.text("run_id is not null"),
    )
    op.create_index(
        "uq_billing_invoices_idempotency",
        "billing_invoices",
        ["tenant_id", "author_key", "idempotency_key"],
        unique=True,
        postgresql_where=sa.text("idempotency_key is not null"),
    )
    op.create_table(
        "billing_ledger_entries",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind in ('invoice', 'credit_note', 'payment', 'credit_applied', 'reversal')",
            name=op.f("ck_billing_ledger_entries_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_billing_ledger_entries_tenant_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "reverses_id"],
            ["billing_ledger_entries.tenant_id", "billing_ledger_entries.id"],
            name=op.f("fk_billing_ledger_entries_tenant_id_reverses_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_billing_ledger_entries_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_ledger_entries")),
        sa.UniqueConstraint("tenant_id", "reverses_id", name=op.f("uq_billing_ledger_entries_tenant_id_reverses_id")),
    )
    op.create_index(
        op.f("ix_billing_ledger_entries_tenant_id_booked_on_id"),
        "billing_ledger_entries",
        ["tenant_id", "booked_on", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_billing_ledger_entries_tenant_id_client_id_id"),
        "billing_ledger_entries",
        ["tenant_id", "client_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_billing_ledger_entries_tenant_id_source_id"),
        "billing_ledger_entries",
        ["tenant_id", "source_id"],
        unique=False,
    )
    op.create_table(
        "billing_run_clients",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("invoices", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reason_code", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("mend_url", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("state in ('pending', 'billed', 'nothing', 'parked')", name=op.f("ck_billing_run_clients_state")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_billing_run_clients_tenant_id_client_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "run_id"],
            ["billing_runs.tenant_id", "billing_runs.id"],
            name=op.f("fk_billing_run_clients_tenant_id_run_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_billing_run_clients_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_run_clients")),
        sa.UniqueConstraint("tenant_id", "run_id", "client_id", name=op.f("uq_billing_run_clients_tenant_id_run_id_client_id")),
    )
    op.create_index(
        "ix_billing_run_clients_pending",
        "billing_run_clients",
        ["tenant_id", "run_id", "client_id"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "billing_chain_links",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("event in ('finalized', 'voided')", name=op.f("ck_billing_chain_links_event")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["billing_invoices.tenant_id", "billing_invoices.id"],
            name=op.f("fk_billing_chain_links_tenant_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_billing_chain_links_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_chain_links")),
        sa.UniqueConstraint("tenant_id", "series", "position", name=op.f("uq_billing_chain_links_tenant_id_series_position")),
    )
    op.create_index(
        op.f("ix_billing_chain_links_tenant_id_invoice_id"),
        "billing_chain_links",
        ["tenant_id", "invoice_id"],
        unique=False,
    )
    op.create_table(
        "billing_contract_lines",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Text(), server_default="monthly", nullable=False),
        sa.Column("timing", sa.Text(), nullable=False),
        sa.Column("prorate", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=True),
        sa.Column("hourly_rate", sa.BigInteger(), nullable=True),
        sa.Column("minimum_minutes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("round_up_minutes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.Column("start_on", sa.Date(), nullable=True),
        sa.Column("end_on", sa.Date(), nullable=True),
        sa.Column("invoice_text", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "cycle in ('weekly', 'bi_weekly', 'monthly', 'quarterly', 'semi_annual', 'annual')",
            name=op.f("ck_billing_contract_lines_cycle"),
        ),
        sa.CheckConstraint(
            "hourly_rate is null or (kind = 'hourly' and hourly_rate >= 0)",
            name=op.f("ck_billing_contract_lines_hourly_rate"),
        ),
        sa.CheckConstraint(
            "kind in ('fixed', 'hourly', 'usage', 'product', 'license')", name=op.f("ck_billing_contract_lines_kind")
        ),
        sa.CheckConstraint("price is null or (kind = 'fixed' and price >= 0)", name=op.f("ck_billing_contract_lines_price")),
        sa.CheckConstraint(
            "timing = 'arrears' or kind not in ('hourly', 'usage')",
            name=op.f("ck_billing_contract_lines_measured_in_arrears"),
        ),
        sa.CheckConstraint("timing in ('advance', 'arrears')", name=op.f("ck_billing_contract_lines_timing")),
        sa.CheckConstraint("end_on >= start_on", name=op.f("ck_billing_contract_lines_end_on")),
        sa.CheckConstraint("minimum_minutes between 0 and 1440", name=op.f("ck_billing_contract_lines_minimum_minutes")),
        sa.CheckConstraint("round_up_minutes between 0 and 1440", name=op.f("ck_billing_contract_lines_round_up_minutes")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contract_id"],
            ["billing_contracts.tenant_id", "billing_contracts.id"],
            name=op.f("fk_billing_contract_lines_tenant_id_contract_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "location_id"],
            ["client_locations.tenant_id", "client_locations.id"],
            name=op.f("fk_billing_contract_lines_tenant_id_location_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_billing_contract_lines_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_contract_lines")),
    )
    op.create_index(
        op.f("ix_billing_contract_lines_tenant_id_contract_id_position_id"),
        "billing_contract_lines",
        ["tenant_id", "contract_id", "position", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_billing_contract_lines_tenant_id_location_id"),
        "billing_contract_lines",
        ["tenant_id", "location_id"],
        unique=False,
    )
    op.create_table(
        "billing_invoice_discounts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("percent", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("fixed", sa.BigInteger(), nullable=True),
        sa.Column("line_position", sa.Integer(), nullable=True),
        sa.Column("item_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("trace", sa.JSON(), nullable=False),
        sa.CheckConstraint("(percent is null) <> (fixed is null)", name=op.f("ck_billing_invoice_discounts_value")),
        sa.CheckConstraint("line_position is null or item_id is null", name=op.f("ck_billing_invoice_discounts_one_target")),
        sa.CheckConstraint(
            "percent between 0 and 100 and fixed >= 0 and amount >= 0", name=op.f("ck_billing_invoice_discounts_range")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["billing_invoices.tenant_id", "billing_invoices.id"],
            name=op.f("fk_billing_invoice_discounts_tenant_id_invoice_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_invoice_discounts")),
        sa.UniqueConstraint(
            "tenant_id",
            "invoice_id",
            "position",
            name=op.f("uq_billing_invoice_discounts_tenant_id_invoice_id_position"),
        ),
    )
    op.create_table(
        "billing_invoice_lines",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=True),
        sa.Column("quantity", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=True),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("discount", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("tax_category", sa.Text(), nullable=True),
        sa.Column("tax_parts", sa.JSON(), nullable=False),
        sa.Column("tax_point", sa.Date(), nullable=True),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.Column("contract_line_id", sa.Uuid(), nullable=True),
        sa.Column("period_start", sa.Date(), nullable=True),
        sa.Column("period_end", sa.Date(), nullable=True),
        sa.Column("credited_line_id", sa.Uuid(), nullable=True),
        sa.Column("trace", sa.JSON(), nullable=False),
        sa.CheckConstraint("total = net - discount + tax", name=op.f("ck_billing_invoice_lines_sums")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["billing_invoices.tenant_id", "billing_invoices.id"],
            name=op.f("fk_billing_invoice_lines_tenant_id_invoice_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_invoice_lines")),
        sa.UniqueConstraint(
            "tenant_id", "invoice_id", "position", name=op.f("uq_billing_invoice_lines_tenant_id_invoice_id_position")
        ),
    )
    op.create_table(
        "billing_invoice_taxes",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("percent", sa.Numeric(precision=12, scale=6), nullable=False),
        sa.Column("base", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("rate_key", sa.Text(), nullable=True),
        sa.Column("tax_date", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["billing_invoices.tenant_id", "billing_invoices.id"],
            name=op.f("fk_billing_invoice_taxes_tenant_id_invoice_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_invoice_taxes")),
        sa.UniqueConstraint(
            "tenant_id", "invoice_id", "position", name=op.f("uq_billing_invoice_taxes_tenant_id_invoice_id_position")
        ),
    )
    op.create_table(
        "billing_payments",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("applied", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), server_default="", nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount > 0 and applied between 0 and amount", name=op.f("ck_billing_payments_amount")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["billing_invoices.tenant_id", "billing_invoices.id"],
            name=op.f("fk_billing_payments_tenant_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_billing_payments_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_payments")),
    )
    op.create_index(
        op.f("ix_billing_payments_tenant_id_invoice_id_id"),
        "billing_payments",
        ["tenant_id", "invoice_id", "id"],
        unique=False,
    )
    op.create_table(
        "billing_postings",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "account in ('receivable', 'revenue', 'tax', 'credit', 'cash')", name=op.f("ck_billing_postings_account")
        ),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_billing_postings_amount")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "entry_id"],
            ["billing_ledger_entries.tenant_id", "billing_ledger_entries.id"],
            name=op.f("fk_billing_postings_tenant_id_entry_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_postings")),
        sa.UniqueConstraint("tenant_id", "entry_id", "account", name=op.f("uq_billing_postings_tenant_id_entry_id_account")),
    )
    op.create_table(
        "billing_sources",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_kind", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("period_key", sa.Text(), server_default="", nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("live", sa.Boolean(), server_default="true", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["billing_invoices.tenant_id", "billing_invoices.id"],
            name=op.f("fk_billing_sources_tenant_id_invoice_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_sources")),
    )
    op.create_index(op.f("ix_billing_sources_tenant_id_invoice_id"), "billing_sources", ["tenant_id", "invoice_id"], unique=False)
    op.create_index(
        "uq_billing_sources_live",
        "billing_sources",
        ["tenant_id", "source_kind", "source_id", "period_key"],
        unique=True,
        postgresql_where=sa.text("live"),
    )
    op.create_table(
        "billing_contract_items",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=14, scale=4), server_default="1", nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=True),
        sa.Column("minimum_quantity", sa.Numeric(precision=14, scale=4), server_default="0", nullable=False),
        sa.CheckConstraint("minimum_quantity >= 0", name=op.f("ck_billing_contract_items_minimum_quantity")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_billing_contract_items_quantity")),
        sa.CheckConstraint("unit_price >= 0", name=op.f("ck_billing_contract_items_unit_price")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "item_id"],
            ["catalog_items.tenant_id", "catalog_items.id"],
            name=op.f("fk_billing_contract_items_tenant_id_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "line_id"],
            ["billing_contract_lines.tenant_id", "billing_contract_lines.id"],
            name=op.f("fk_billing_contract_items_tenant_id_line_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_billing_contract_items_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_contract_items")),
        sa.UniqueConstraint("tenant_id", "line_id", "item_id", name=op.f("uq_billing_contract_items_tenant_id_line_id_item_id")),
    )
    op.create_index(
        op.f("ix_billing_contract_items_tenant_id_item_id"),
        "billing_contract_items",
        ["tenant_id", "item_id"],
        unique=False,
    )
    op.create_table(
        "billing_credits",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("remaining", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(invoice_id is null) <> (payment_id is null)", name=op.f("ck_billing_credits_given_by")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_billing_credits_amount")),
        sa.CheckConstraint("remaining between 0 and amount", name=op.f("ck_billing_credits_remaining")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_billing_credits_tenant_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["billing_invoices.tenant_id", "billing_invoices.id"],
            name=op.f("fk_billing_credits_tenant_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payment_id"],
            ["billing_payments.tenant_id", "billing_payments.id"],
            name=op.f("fk_billing_credits_tenant_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_billing_credits_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_credits")),
        sa.UniqueConstraint("tenant_id", "invoice_id", name=op.f("uq_billing_credits_tenant_id_invoice_id")),
        sa.UniqueConstraint("tenant_id", "payment_id", name=op.f("uq_billing_credits_tenant_id_payment_id")),
    )
    op.create_index(
        op.f("ix_billing_credits_tenant_id_client_id_id"),
        "billing_credits",
        ["tenant_id", "client_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_billing_credits_tenant_id_created_at_id"),
        "billing_credits",
        ["tenant_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "billing_role_rates",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("hourly_rate", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("hourly_rate >= 0", name=op.f("ck_billing_role_rates_hourly_rate")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "line_id"],
            ["billing_contract_lines.tenant_id", "billing_contract_lines.id"],
            name=op.f("fk_billing_role_rates_tenant_id_line_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_billing_role_rates_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_role_rates")),
        sa.UniqueConstraint("tenant_id", "line_id", "role", name=op.f("uq_billing_role_rates_tenant_id_line_id_role")),
    )
    op.create_table(
        "billing_usage",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("contract_line_id", sa.Uuid(), nullable=True),
        sa.Column("used_on", sa.Date(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=14, scale=4), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.Column("invoice_line_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(invoice_id is null) = (invoice_line_id is null)", name=op.f("ck_billing_usage_billed")),
        sa.CheckConstraint("quantity <> 0", name=op.f("ck_billing_usage_quantity")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_billing_usage_tenant_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contract_line_id"],
            ["billing_contract_lines.tenant_id", "billing_contract_lines.id"],
            name=op.f("fk_billing_usage_tenant_id_contract_line_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "item_id"],
            ["catalog_items.tenant_id", "catalog_items.id"],
            name=op.f("fk_billing_usage_tenant_id_item_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_billing_usage_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_usage")),
    )
    op.create_index(
        op.f("ix_billing_usage_tenant_id_client_id_used_on_id"),
        "billing_usage",
        ["tenant_id", "client_id", "used_on", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_billing_usage_tenant_id_contract_line_id"),
        "billing_usage",
        ["tenant_id", "contract_line_id"],
        unique=False,
    )
    op.create_index(op.f("ix_billing_usage_tenant_id_item_id"), "billing_usage", ["tenant_id", "item_id"], unique=False)
    op.create_index(op.f("ix_billing_usage_tenant_id_used_on_id"), "billing_usage", ["tenant_id", "used_on", "id"], unique=False)
    op.create_index(
        "ix_billing_usage_unbilled",
        "billing_usage",
        ["tenant_id", "client_id", "used_on"],
        unique=False,
        postgresql_where=sa.text("invoice_id is null"),
    )
    op.create_table(
        "billing_credit_applications",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("credit_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("applied_on", sa.Date(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_billing_credit_applications_amount")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "credit_id"],
            ["billing_credits.tenant_id", "billing_credits.id"],
            name=op.f("fk_billing_credit_applications_tenant_id_credit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["billing_invoices.tenant_id", "billing_invoices.id"],
            name=op.f("fk_billing_credit_applications_tenant_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_billing_credit_applications_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_credit_applications")),
    )
    op.create_index(
        op.f("ix_billing_credit_applications_tenant_id_credit_id_id"),
        "billing_credit_applications",
        ["tenant_id", "credit_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_billing_credit_applications_tenant_id_invoice_id_id"),
        "billing_credit_applications",
        ["tenant_id", "invoice_id", "id"],
        unique=False,
    )
    op.create_table(
        "billing_tiers",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_item_id", sa.Uuid(), nullable=False),
        sa.Column("from_quantity", sa.Numeric(precision=14, scale=4), nullable=False),
        sa.Column("to_quantity", sa.Numeric(precision=14, scale=4), nullable=True),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("from_quantity >= 0", name=op.f("ck_billing_tiers_from_quantity")),
        sa.CheckConstraint("to_quantity > from_quantity", name=op.f("ck_billing_tiers_to_quantity")),
        sa.CheckConstraint("unit_price >= 0", name=op.f("ck_billing_tiers_unit_price")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contract_item_id"],
            ["billing_contract_items.tenant_id", "billing_contract_items.id"],
            name=op.f("fk_billing_tiers_tenant_id_contract_item_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_billing_tiers_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_tiers")),
        sa.UniqueConstraint(
            "tenant_id",
            "contract_item_id",
            "from_quantity",
            name=op.f("uq_billing_tiers_tenant_id_contract_item_id_from_quantity"),
        ),
    )
    op.create_index(
        "uq_billing_tiers_open",
        "billing_tiers",
        ["tenant_id", "contract_item_id"],
        unique=True,
        postgresql_where=sa.text("to_quantity is null"),
    )
    op.create_table(
        "billing_sendings",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("mail_id", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["billing_invoices.tenant_id", "billing_invoices.id"],
            name=op.f("fk_billing_sendings_tenant_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_billing_sendings_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_sendings")),
        sa.UniqueConstraint("tenant_id", "mail_id", "recipient", name=op.f("uq_billing_sendings_tenant_id_mail_id_recipient")),
    )
    op.create_index(
        op.f("ix_billing_sendings_tenant_id_invoice_id_id"), "billing_sendings", ["tenant_id", "invoice_id", "id"], unique=False
    )
    protect(
        op,
        "billing_runs",
        "billing_series",
        "billing_contracts",
        "billing_invoices",
        "billing_ledger_entries",
        "billing_run_clients",
        "billing_chain_links",
        "billing_contract_lines",
        "billing_invoice_discounts",
        "billing_invoice_lines",
        "billing_invoice_taxes",
        "billing_payments",
        "billing_postings",
        "billing_sources",
        "billing_contract_items",
        "billing_credits",
        "billing_role_rates",
        "billing_sendings",
        "billing_usage",
        "billing_credit_applications",
        "billing_tiers",
    )
    _guard()
