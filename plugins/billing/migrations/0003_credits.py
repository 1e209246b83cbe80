"""Credits in full: payments of several invoices, refunds, movements, expiry, transfers, prepayments, unfinalizing."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import protect

revision = "billing_0003"
down_revision = "billing_0002"
branch_labels = None
depends_on = None

_KINDS = (
    "'invoice', 'credit_note', 'prepayment', 'payment', 'early_discount', 'refund', 'credit_applied', 'credit_granted', "
    "'credit_expired', 'credit_transferred', 'adjustment', 'reversal'"
)
_ACCOUNTS = (
    "'receivable', 'revenue', 'tax', 'credit', 'cash', 'discount', 'prepayment', 'credit_expired', 'goodwill', 'transfer', "
    "'adjustment'"
)
_CHECKS = (
    ("billing_ledger_entries", "kind", f"kind in ({_KINDS})"),
    ("billing_postings", "account", f"account in ({_ACCOUNTS})"),
    ("billing_invoices", "kind", "kind in ('invoice', 'credit_note', 'prepayment')"),
    ("billing_invoices", "credit_of", "credit_of_id is null or kind = 'credit_note'"),
    ("billing_chain_links", "event", "event in ('finalized', 'unfinalized', 'voided')"),
)
_LIFTED = (
    "billing_payments", "billing_credits", "billing_credit_applications", "billing_invoices", "billing_ledger_entries",
)  # fmt: skip
_GUARDS = """
drop trigger keep_final on billing_invoices;
create trigger keep_final_delete before delete on billing_invoices
  for each row when (old.status <> 'draft') execute function billing_keep_final_invoice();
create trigger keep_final_update before update on billing_invoices
  for each row when (old.status <> 'draft' and not (old.status = 'finalized' and new.status = 'draft'))
  execute function billing_keep_final_invoice();

create function billing_unfinalize() returns trigger language plpgsql as $$
declare
  free text[] := array['status', 'finalized_at', 'parties', 'version', 'updated_at'];
begin
  if new.finalized_at is not null or old.settled <> 0 or old.credited <> 0
    or to_jsonb(new) - free is distinct from to_jsonb(old) - free
    or exists (select from billing_invoices i where i.tenant_id = old.tenant_id and i.series = old.series
               and i.serial > old.serial)
    or (select l.event from billing_chain_links l where l.tenant_id = old.tenant_id and l.invoice_id = old.id
        order by l.position desc limit 1) is distinct from 'unfinalized'
  then
    raise exception 'a finalized invoice never changes' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger unfinalize before update on billing_invoices
  for each row when (old.status = 'finalized' and new.status = 'draft') execute function billing_unfinalize();

create function billing_check_credit() returns trigger language plpgsql as $$
declare
  wanted uuid := (to_jsonb(new) ->> tg_argv[0])::uuid;
begin
  if exists (
    select from billing_credits c where c.tenant_id = new.tenant_id and c.id = wanted and c.remaining <> coalesce(
      (select sum(m.amount) from billing_credit_movements m where m.tenant_id = c.tenant_id and m.credit_id = c.id), 0)
  ) then
    raise exception 'what is left of a credit is not what its movements come to' using errcode = 'check_violation';
  end if;
  return null;
end $$;
create constraint trigger movements_add_up after insert or update on billing_credits
  deferrable initially deferred for each row execute function billing_check_credit('id');
create constraint trigger movements_add_up after insert on billing_credit_movements
  deferrable initially deferred for each row execute function billing_check_credit('credit_id');
"""
_ALLOCATIONS = """
insert into billing_payment_allocations (tenant_id, id, payment_id, invoice_id, amount, entry_id, allocated_at)
select tenant_id, gen_random_uuid(), id, invoice_id, applied, entry_id, recorded_at
from billing_payments where taken_back_at is null and applied > 0
"""
_MOVEMENTS = """
with given as (
  select c.*, coalesce(p.entry_id, e.id) as entry_id
  from billing_credits c
  left join billing_payments p on p.tenant_id = c.tenant_id and p.id = c.payment_id
  left join billing_ledger_entries e on e.tenant_id = c.tenant_id and e.source_id = c.invoice_id and e.reverses_id is null
), used as (
  select tenant_id, credit_id, sum(amount) as amount from billing_credit_applications group by 1, 2
)
insert into billing_credit_movements
  (tenant_id, id, credit_id, kind, amount, invoice_id, entry_id, moved_on, moved_at, actor_name)
select g.tenant_id, gen_random_uuid(), g.id, 'given', g.amount, null, g.entry_id, e.booked_on, g.created_at, e.actor_name
from given g join billing_ledger_entries e on e.tenant_id = g.tenant_id and e.id = g.entry_id
union all
select a.tenant_id, gen_random_uuid(), a.credit_id, 'applied', -a.amount, a.invoice_id, a.entry_id, a.applied_on, a.applied_at,
  e.actor_name
from billing_credit_applications a join billing_ledger_entries e on e.tenant_id = a.tenant_id and e.id = a.entry_id
union all
select g.tenant_id, gen_random_uuid(), g.id, 'withdrawn', g.remaining + coalesce(u.amount, 0) - g.amount, null, r.id, r.booked_on,
  r.created_at, r.actor_name
from given g left join used u on u.tenant_id = g.tenant_id and u.credit_id = g.id
join billing_ledger_entries r on r.tenant_id = g.tenant_id and r.reverses_id = g.entry_id
where g.remaining + coalesce(u.amount, 0) < g.amount
"""


def upgrade() -> None:
    _change_checks()
    _add_columns()
    _add_tables()
    for table in _LIFTED:  # forced row-level security would hide what landed before from the owner
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    _keep_what_landed()
    for table in _LIFTED:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    _drop_columns()
    op.execute(_GUARDS)
    for table in ("billing_payment_allocations", "billing_credit_movements"):
        op.execute(f"create trigger never_change before update or delete on {table}"
                   " for each statement execute function billing_never_change()")  # fmt: skip
    protect(
        op, "billing_payment_allocations", "billing_refunds", "billing_credit_movements", "billing_credit_rules",
        "billing_credit_notices", "billing_credit_findings",
    )  # fmt: skip


def _change_checks() -> None:
    for table, name, condition in _CHECKS:
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
    op.create_check_constraint(op.f("ck_billing_invoices_credits_something"), "billing_invoices",
                               "kind <> 'credit_note' or credit_of_id is not null or origin = 'run'")  # fmt: skip


def _add_columns() -> None:
    op.add_column("billing_payments", sa.Column("client_id", sa.Uuid()))
    op.add_column("billing_payments", sa.Column("refunded", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("billing_payments", sa.Column("idempotency_key", sa.Text()))
    op.add_column("billing_credits", sa.Column("origin", sa.Text()))
    op.add_column("billing_credits", sa.Column("transferred_from_id", sa.Uuid()))
    op.add_column("billing_credits", sa.Column("reason", sa.Text(), server_default="", nullable=False))
    op.add_column("billing_credits", sa.Column("expires_on", sa.Date()))
    op.add_column("billing_credits", sa.Column("expired_at", sa.DateTime(timezone=True)))
    op.add_column("billing_credits", sa.Column("idempotency_key", sa.Text()))
    op.add_column("billing_credits", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("billing_credits", sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"),
                                               nullable=False))  # fmt: skip
    op.alter_column("billing_credits", "created_at", server_default=sa.text("now()"))
    op.add_column("billing_credit_applications", sa.Column("reversed_at", sa.DateTime(timezone=True)))
    op.add_column("billing_credit_applications", sa.Column("reversal_entry_id", sa.Uuid()))


def _keep_what_landed() -> None:
    op.execute("update billing_payments p set client_id = i.client_id from billing_invoices i"
               " where i.tenant_id = p.tenant_id and i.id = p.invoice_id")  # fmt: skip
    op.execute(_ALLOCATIONS)
    op.execute("update billing_payments set applied = 0 where taken_back_at is not null")
    op.execute("update billing_credits set origin = case when invoice_id is null then 'payment' else 'credit_note' end")
    op.execute(_MOVEMENTS)


def _drop_columns() -> None:
    """What the rows before did not say is required from now on; an invoice's payments are its allocations."""
    op.drop_index(op.f("ix_billing_payments_tenant_id_invoice_id_id"), "billing_payments")
    op.drop_column("billing_payments", "invoice_id")
    op.alter_column("billing_payments", "client_id", nullable=False)
    op.create_foreign_key(op.f("fk_billing_payments_tenant_id_client_id"), "billing_payments", "clients",
                          ["tenant_id", "client_id"], ["tenant_id", "id"])  # fmt: skip
    op.create_index(op.f("ix_billing_payments_tenant_id_client_id_id"), "billing_payments", ["tenant_id", "client_id", "id"])
    op.create_index(op.f("ix_billing_payments_tenant_id_received_on_id"), "billing_payments", ["tenant_id", "received_on", "id"])
    op.create_unique_constraint(op.f("uq_billing_payments_tenant_id_idempotency_key"), "billing_payments",
                                ["tenant_id", "idempotency_key"])  # fmt: skip
    _check("billing_payments", "refunded", "refunded >= 0 and applied + refunded <= amount")
    _check("billing_payments", "taken_back", "taken_back_at is null or applied = 0")
    _check("billing_credit_applications", "reversed", "(reversed_at is null) = (reversal_entry_id is null)")
    _require_of_credits()


def _require_of_credits() -> None:
    table = "billing_credits"
    op.alter_column(table, "origin", nullable=False)
    op.drop_constraint(op.f("ck_billing_credits_given_by"), table)
    _check(table, "origin", "origin in ('credit_note', 'payment', 'prepayment', 'grant', 'transfer')")
    _check(table, "given_by", "num_nonnulls(invoice_id, payment_id, transferred_from_id) = (origin <> 'grant')::int")
    _check(table, "transferred", "(transferred_from_id is not null) = (origin = 'transfer')")
    _check(table, "reason", "origin <> 'grant' or reason <> ''")
    op.create_foreign_key(op.f("fk_billing_credits_tenant_id_transferred_from_id"), table, table,
                          ["tenant_id", "transferred_from_id"], ["tenant_id", "id"])  # fmt: skip
    op.drop_constraint(op.f("uq_billing_credits_tenant_id_payment_id"), table)
    for column in ("payment_id_origin", "idempotency_key"):
        columns = ["payment_id", "origin"] if column == "payment_id_origin" else [column]
        op.create_unique_constraint(op.f(f"uq_billing_credits_tenant_id_{column}"), table, ["tenant_id", *columns])
    op.create_index(op.f("ix_billing_credits_tenant_id_transferred_from_id"), table, ["tenant_id", "transferred_from_id"],
                    postgresql_where=sa.text("transferred_from_id is not null"))  # fmt: skip
    op.create_index("ix_billing_credits_expiring", table, ["tenant_id", "expires_on", "id"],
                    postgresql_where=sa.text("remaining > 0 and expires_on is not null"))  # fmt: skip


def _check(table: str, name: str, condition: str) -> None:
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def _add_tables() -> None:
    op.create_table(
        "billing_payment_allocations",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("allocated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_billing_payment_allocations_amount")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["billing_invoices.tenant_id", "billing_invoices.id"],
            name=op.f("fk_billing_payment_allocations_tenant_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payment_id"],
            ["billing_payments.tenant_id", "billing_payments.id"],
            name=op.f("fk_billing_payment_allocations_tenant_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_billing_payment_allocations_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_payment_allocations")),
    )
    op.create_index(
        op.f("ix_billing_payment_allocations_tenant_id_invoice_id_id"),
        "billing_payment_allocations",
        ["tenant_id", "invoice_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_billing_payment_allocations_tenant_id_payment_id_id"),
        "billing_payment_allocations",
        ["tenant_id", "payment_id", "id"],
        unique=False,
    )
    op.create_table(
        "billing_refunds",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("credit_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("refunded_on", sa.Date(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), server_default="", nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_billing_refunds_amount")),
        sa.CheckConstraint("num_nonnulls(payment_id, credit_id) = 1", name=op.f("ck_billing_refunds_of")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["clients.tenant_id", "clients.id"], name=op.f("fk_billing_refunds_tenant_id_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "credit_id"],
            ["billing_credits.tenant_id", "billing_credits.id"],
            name=op.f("fk_billing_refunds_tenant_id_credit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payment_id"],
            ["billing_payments.tenant_id", "billing_payments.id"],
            name=op.f("fk_billing_refunds_tenant_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_billing_refunds_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_refunds")),
    )
    op.create_index(
        op.f("ix_billing_refunds_tenant_id_client_id_id"), "billing_refunds", ["tenant_id", "client_id", "id"], unique=False
    )
    op.create_index(op.f("ix_billing_refunds_tenant_id_credit_id"), "billing_refunds", ["tenant_id", "credit_id"], unique=False)
    op.create_index(op.f("ix_billing_refunds_tenant_id_payment_id"), "billing_refunds", ["tenant_id", "payment_id"], unique=False)
    op.create_table(
        "billing_credit_movements",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("credit_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.Column("other_credit_id", sa.Uuid(), nullable=True),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("moved_on", sa.Date(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(invoice_id is not null) = (kind in ('applied', 'unapplied'))", name=op.f("ck_billing_credit_movements_invoice")
        ),
        sa.CheckConstraint(
            "kind = 'adjusted' or (amount > 0) = (kind in ('given', 'unapplied'))",
            name=op.f("ck_billing_credit_movements_direction"),
        ),
        sa.CheckConstraint(
            "kind in ('given', 'applied', 'unapplied', 'expired', 'transferred', 'refunded', 'withdrawn', 'adjusted')",
            name=op.f("ck_billing_credit_movements_kind"),
        ),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_billing_credit_movements_amount")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "credit_id"],
            ["billing_credits.tenant_id", "billing_credits.id"],
            name=op.f("fk_billing_credit_movements_tenant_id_credit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "entry_id"],
            ["billing_ledger_entries.tenant_id", "billing_ledger_entries.id"],
            name=op.f("fk_billing_credit_movements_tenant_id_entry_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["billing_invoices.tenant_id", "billing_invoices.id"],
            name=op.f("fk_billing_credit_movements_tenant_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "other_credit_id"],
            ["billing_credits.tenant_id", "billing_credits.id"],
            name=op.f("fk_billing_credit_movements_tenant_id_other_credit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_billing_credit_movements_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_credit_movements")),
    )
    op.create_index(
        op.f("ix_billing_credit_movements_tenant_id_credit_id_id"),
        "billing_credit_movements",
        ["tenant_id", "credit_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_billing_credit_movements_tenant_id_entry_id"),
        "billing_credit_movements",
        ["tenant_id", "entry_id"],
        unique=False,
    )
    op.create_index(
        "uq_billing_credit_movements_given",
        "billing_credit_movements",
        ["tenant_id", "credit_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'given'"),
    )
    op.create_table(
        "billing_credit_rules",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("auto_apply", sa.Boolean(), nullable=True),
        sa.Column("expiry_days", sa.Integer(), nullable=True),
        sa.Column("apply_order", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "apply_order in ('expiration_first', 'oldest_first', 'newest_first')",
            name=op.f("ck_billing_credit_rules_apply_order"),
        ),
        sa.CheckConstraint("expiry_days between 0 and 3650", name=op.f("ck_billing_credit_rules_expiry_days")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_billing_credit_rules_tenant_id_client_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_billing_credit_rules_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_credit_rules")),
        sa.UniqueConstraint("tenant_id", "client_id", name=op.f("uq_billing_credit_rules_tenant_id_client_id")),
    )
    op.create_table(
        "billing_credit_notices",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("credit_id", sa.Uuid(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("days_before", sa.Integer(), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mailed_to", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "credit_id"],
            ["billing_credits.tenant_id", "billing_credits.id"],
            name=op.f("fk_billing_credit_notices_tenant_id_credit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_billing_credit_notices_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_credit_notices")),
        sa.UniqueConstraint(
            "tenant_id",
            "credit_id",
            "expires_on",
            "days_before",
            name=op.f("uq_billing_credit_notices_tenant_id_credit_id_expires_on_days_before"),
        ),
    )
    op.create_table(
        "billing_credit_findings",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("credit_id", sa.Uuid(), nullable=True),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("expected", sa.BigInteger(), nullable=False),
        sa.Column("actual", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(state = 'open') = (closed_at is null)", name=op.f("ck_billing_credit_findings_closed")),
        sa.CheckConstraint("kind in ('ledger', 'remaining', 'applied', 'settled')", name=op.f("ck_billing_credit_findings_kind")),
        sa.CheckConstraint("state <> 'no_action' or reason <> ''", name=op.f("ck_billing_credit_findings_reason")),
        sa.CheckConstraint("state in ('open', 'gone', 'adjusted', 'no_action')", name=op.f("ck_billing_credit_findings_state")),
        sa.CheckConstraint("expected <> actual", name=op.f("ck_billing_credit_findings_differs")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_billing_credit_findings_tenant_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "credit_id"],
            ["billing_credits.tenant_id", "billing_credits.id"],
            name=op.f("fk_billing_credit_findings_tenant_id_credit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["billing_invoices.tenant_id", "billing_invoices.id"],
            name=op.f("fk_billing_credit_findings_tenant_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_billing_credit_findings_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_credit_findings")),
    )
    op.create_index(
        op.f("ix_billing_credit_findings_tenant_id_found_at_id"),
        "billing_credit_findings",
        ["tenant_id", "found_at", "id"],
        unique=False,
    )
    op.create_index(
        "uq_billing_credit_findings_open",
        "billing_credit_findings",
        ["tenant_id", "kind", "subject_id", "currency"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
