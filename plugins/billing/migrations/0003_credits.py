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
  free text[] := array['status', 'finalized_at', 'parties', 'layout_version_id', 'version', 'updated_at'];
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
    _check("billing_payments", "refunded", "refunded between 0 and amount")
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
    for make in (_allocations, _refunds, _movements, _rules, _notices, _findings):
        make()


def _table(name: str, *parts: sa.schema.SchemaItem, refers: dict[str, str]) -> None:
    """A table of a tenant with its key and composite references; a client's own rows go with the client's rules only."""
    op.create_table(
        name, sa.Column("tenant_id", sa.Uuid(), nullable=False), sa.Column("id", sa.Uuid(), nullable=False), *parts,
        *(sa.ForeignKeyConstraint(["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"],
                                  name=op.f(f"fk_{name}_tenant_id_{column}"),
                                  ondelete="CASCADE" if name == "billing_credit_rules" else None)
          for column, table in refers.items()),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{name}_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{name}")),
    )  # fmt: skip


def _is(name: str, condition: str, table: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))


def _uuid(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _money(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _words(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=default, nullable=False)


def _day(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Date(), nullable=False)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _versioned() -> tuple[sa.Column[object], ...]:
    times = (sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)
             for name in ("created_at", "updated_at"))  # fmt: skip
    return (sa.Column("version", sa.Integer(), server_default="1", nullable=False), *times)


def _allocations() -> None:
    name = "billing_payment_allocations"
    _table(name, _uuid("payment_id"), _uuid("invoice_id"), _money("amount"), _uuid("entry_id"), _instant("allocated_at"),
           _is("amount", "amount <> 0", name), refers={"invoice_id": "billing_invoices", "payment_id": "billing_payments"})  # fmt: skip
    _index(name, "tenant_id", "payment_id", "id")
    _index(name, "tenant_id", "invoice_id", "id")


def _refunds() -> None:
    name = "billing_refunds"
    _table(
        name, _uuid("client_id"), _uuid("payment_id", nullable=True), _uuid("credit_id", nullable=True), _money("amount"),
        _words("currency"), _day("refunded_on"), _words("method"), _words("reference", ""), _uuid("entry_id"),
        _instant("recorded_at"), _words("recorded_by"), _is("amount", "amount > 0", name),
        _is("of", "num_nonnulls(payment_id, credit_id) = 1", name),
        refers={"client_id": "clients", "payment_id": "billing_payments", "credit_id": "billing_credits"},
    )  # fmt: skip
    _index(name, "tenant_id", "client_id", "id")
    _index(name, "tenant_id", "payment_id")
    _index(name, "tenant_id", "credit_id")


def _movements() -> None:
    name = "billing_credit_movements"
    kinds = "'given', 'applied', 'unapplied', 'expired', 'transferred', 'refunded', 'withdrawn', 'adjusted'"
    _table(
        name, _uuid("credit_id"), _words("kind"), _money("amount"), _uuid("invoice_id", nullable=True),
        _uuid("other_credit_id", nullable=True), _uuid("entry_id"), _words("reason", ""), _day("moved_on"),
        _instant("moved_at"), _words("actor_name"), _is("kind", f"kind in ({kinds})", name), _is("amount", "amount <> 0", name),
        _is("direction", "kind = 'adjusted' or (amount > 0) = (kind in ('given', 'unapplied'))", name),
        _is("invoice", "(invoice_id is not null) = (kind in ('applied', 'unapplied'))", name),
        refers={"credit_id": "billing_credits", "invoice_id": "billing_invoices", "other_credit_id": "billing_credits",
                "entry_id": "billing_ledger_entries"},
    )  # fmt: skip
    op.create_index("uq_billing_credit_movements_given", name, ["tenant_id", "credit_id"], unique=True,
                    postgresql_where=sa.text("kind = 'given'"))  # fmt: skip
    _index(name, "tenant_id", "credit_id", "id")
    _index(name, "tenant_id", "entry_id")


def _rules() -> None:
    name = "billing_credit_rules"
    _table(
        name, _uuid("client_id"), sa.Column("auto_apply", sa.Boolean()), sa.Column("expiry_days", sa.Integer()),
        sa.Column("apply_order", sa.Text()), *_versioned(), _is("expiry_days", "expiry_days between 0 and 3650", name),
        _is("apply_order", "apply_order in ('expiration_first', 'oldest_first', 'newest_first')", name),
        sa.UniqueConstraint("tenant_id", "client_id", name=op.f(f"uq_{name}_tenant_id_client_id")),
        refers={"client_id": "clients"},
    )  # fmt: skip


def _notices() -> None:
    name = "billing_credit_notices"
    once = ("tenant_id", "credit_id", "expires_on", "days_before")
    _table(
        name, _uuid("credit_id"), _day("expires_on"), sa.Column("days_before", sa.Integer(), nullable=False),
        _instant("noticed_at"), _words("mailed_to", ""), sa.UniqueConstraint(*once, name=op.f(f"uq_{name}_{'_'.join(once)}")),
        refers={"credit_id": "billing_credits"},
    )  # fmt: skip


def _findings() -> None:
    name = "billing_credit_findings"
    _table(
        name, _words("kind"), _uuid("subject_id"), _uuid("client_id"), _uuid("credit_id", nullable=True),
        _uuid("invoice_id", nullable=True), _words("currency"), _money("expected"), _money("actual"), _words("state", "open"),
        _words("reason", ""), _uuid("entry_id", nullable=True), _instant("found_at"), _instant("closed_at", nullable=True),
        _words("closed_by", ""), *_versioned(), _is("kind", "kind in ('ledger', 'remaining', 'applied', 'settled')", name),
        _is("state", "state in ('open', 'gone', 'adjusted', 'no_action')", name),
        _is("closed", "(state = 'open') = (closed_at is null)", name),
        _is("reason", "state <> 'no_action' or reason <> ''", name), _is("differs", "expected <> actual", name),
        refers={"client_id": "clients", "credit_id": "billing_credits", "invoice_id": "billing_invoices"},
    )  # fmt: skip
    op.create_index("uq_billing_credit_findings_open", name, ["tenant_id", "kind", "subject_id", "currency"], unique=True,
                    postgresql_where=sa.text("state = 'open'"))  # fmt: skip
    _index(name, "tenant_id", "found_at", "id")
