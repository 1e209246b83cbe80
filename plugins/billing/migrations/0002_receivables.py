"""Terms of payment, reminders, late fees, statements."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import protect

revision = "billing_0002"
down_revision = "billing_0001"
branch_labels = None
depends_on = None

_TERMS = """
insert into billing_terms (tenant_id, id, code, name, counted_from, days, early_percent, early_days, is_default)
select t.id, gen_random_uuid(), x.code, x.name, x.counted_from, x.days, x.percent, x.early_days, false
from tenants t cross join (values
  ('due_on_receipt', 'Due on receipt', 'invoice_date', 0, null::numeric, null::int),
  ('net_7', 'Net 7 days', 'invoice_date', 7, null, null),
  ('net_14', 'Net 14 days', 'invoice_date', 14, null, null),
  ('net_30', 'Net 30 days', 'invoice_date', 30, null, null),
  ('eom_30', 'End of month plus 30 days', 'month_end', 30, null, null),
  ('2_10_net_30', '2 % within 10 days, net 30', 'invoice_date', 30, 2, 10)
) as x(code, name, counted_from, days, percent, early_days)
"""
_DEFAULT_TERMS = """
with chosen as (
  select t.id as tenant_id, coalesce((s.values->>'payment_days')::int, 14) as days
  from tenants t left join tenant_settings s on s.tenant_id = t.id and s.plugin = 'billing'
), added as (
  insert into billing_terms (tenant_id, id, code, name, counted_from, days, is_default)
  select c.tenant_id, gen_random_uuid(), 'net_' || c.days, 'Net ' || c.days || ' days', 'invoice_date', c.days, true
  from chosen c where c.days not in (0, 7, 14, 30)
  returning tenant_id
)
update billing_terms b set is_default = true
from chosen c where c.tenant_id = b.tenant_id and b.counted_from = 'invoice_date' and b.early_percent is null and b.days = c.days
"""
_LEVELS = """
insert into billing_dunning_levels (tenant_id, id, level, name, days)
select t.id, gen_random_uuid(), x.level, x.name, x.days
from tenants t cross join (values (1, 'Reminder', 7), (2, 'Second reminder', 21), (3, 'Final notice', 35)) as x(level, name, days)
"""
_KEEP_TERMS = """
update tenant_settings set values = values - 'payment_days' where plugin = 'billing'
"""


def upgrade() -> None:
    for make in (_terms, _payers, _invoices, _discounts, _dunning, _letters, _late_fees):
        make()
    _furnish_tenants()
    protect(
        op,
        "billing_terms",
        "billing_payers",
        "billing_holds",
        "billing_overdue_notes",
        "billing_early_discounts",
        "billing_dunning_levels",
        "billing_dunning_texts",
        "billing_letters",
        "billing_reminders",
        "billing_late_fee_rules",
    )


def _furnish_tenants() -> None:
    """What a tenant starts with, for those that are there: their days of payment become their default terms."""
    op.execute("ALTER TABLE tenant_settings NO FORCE ROW LEVEL SECURITY")  # else the owner sees no settings
    for statement in (_TERMS, _DEFAULT_TERMS, _LEVELS, _KEEP_TERMS):
        op.execute(statement)
    op.execute("ALTER TABLE tenant_settings FORCE ROW LEVEL SECURITY")


def _invoices() -> None:
    op.add_column("billing_invoices", sa.Column("terms_id", sa.Uuid(), nullable=True))
    op.add_column("billing_invoices", sa.Column("early_percent", sa.Numeric(precision=9, scale=6), nullable=True))
    op.add_column("billing_invoices", sa.Column("early_until", sa.Date(), nullable=True))
    op.create_foreign_key(
        op.f("fk_billing_invoices_tenant_id_terms_id"),
        "billing_invoices",
        "billing_terms",
        ["tenant_id", "terms_id"],
        ["tenant_id", "id"],
    )
    op.create_check_constraint(
        op.f("ck_billing_invoices_early"), "billing_invoices", "(early_percent is null) = (early_until is null)"
    )
    op.create_check_constraint(
        op.f("ck_billing_invoices_early_percent"), "billing_invoices", "early_percent > 0 and early_percent < 100"
    )


def _terms() -> None:
    op.create_table(
        "billing_terms",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("counted_from", sa.Text(), server_default="invoice_date", nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("early_percent", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("early_days", sa.Integer(), nullable=True),
        sa.Column("is_default", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("counted_from in ('invoice_date', 'month_end')", name=op.f("ck_billing_terms_counted_from")),
        sa.CheckConstraint(
            "early_days >= 0 and (counted_from = 'month_end' or early_days <= days)", name=op.f("ck_billing_terms_early_days")
        ),
        sa.CheckConstraint("(early_percent is null) = (early_days is null)", name=op.f("ck_billing_terms_early")),
        sa.CheckConstraint("days between 0 and 365", name=op.f("ck_billing_terms_days")),
        sa.CheckConstraint("early_percent > 0 and early_percent < 100", name=op.f("ck_billing_terms_early_percent")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_billing_terms_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_terms")),
        sa.UniqueConstraint("tenant_id", "code", name=op.f("uq_billing_terms_tenant_id_code")),
    )
    op.create_index(
        "uq_billing_terms_default", "billing_terms", ["tenant_id"], unique=True, postgresql_where=sa.text("is_default")
    )


def _payers() -> None:
    op.create_table(
        "billing_payers",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("terms_id", sa.Uuid(), nullable=True),
        sa.Column("reminders", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("late_fees", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_billing_payers_tenant_id_client_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "terms_id"],
            ["billing_terms.tenant_id", "billing_terms.id"],
            name=op.f("fk_billing_payers_tenant_id_terms_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_billing_payers_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_payers")),
        sa.UniqueConstraint("tenant_id", "client_id", name=op.f("uq_billing_payers_tenant_id_client_id")),
    )
    op.create_index(op.f("ix_billing_payers_tenant_id_terms_id"), "billing_payers", ["tenant_id", "terms_id"], unique=False)
    op.create_table(
        "billing_holds",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("held_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_billing_holds_reason")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["billing_invoices.tenant_id", "billing_invoices.id"],
            name=op.f("fk_billing_holds_tenant_id_invoice_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_billing_holds_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_holds")),
        sa.UniqueConstraint("tenant_id", "invoice_id", name=op.f("uq_billing_holds_tenant_id_invoice_id")),
    )
    op.create_table(
        "billing_overdue_notes",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("noted_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["billing_invoices.tenant_id", "billing_invoices.id"],
            name=op.f("fk_billing_overdue_notes_tenant_id_invoice_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_billing_overdue_notes_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_overdue_notes")),
        sa.UniqueConstraint("tenant_id", "invoice_id", name=op.f("uq_billing_overdue_notes_tenant_id_invoice_id")),
    )


def _discounts() -> None:
    op.create_table(
        "billing_early_discounts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("tax_parts", sa.JSON(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount > 0 and amount = net + tax", name=op.f("ck_billing_early_discounts_amount")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["billing_invoices.tenant_id", "billing_invoices.id"],
            name=op.f("fk_billing_early_discounts_tenant_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payment_id"],
            ["billing_payments.tenant_id", "billing_payments.id"],
            name=op.f("fk_billing_early_discounts_tenant_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_billing_early_discounts_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_early_discounts")),
    )
    op.create_index(
        op.f("ix_billing_early_discounts_tenant_id_given_on"), "billing_early_discounts", ["tenant_id", "given_on"], unique=False
    )
    op.create_index(
        op.f("ix_billing_early_discounts_tenant_id_payment_id"),
        "billing_early_discounts",
        ["tenant_id", "payment_id"],
        unique=False,
    )
    op.create_index(
        "uq_billing_early_discounts_live",
        "billing_early_discounts",
        ["tenant_id", "invoice_id"],
        unique=True,
        postgresql_where=sa.text("taken_back_at is null"),
    )
    op.drop_constraint("ck_billing_ledger_entries_kind", "billing_ledger_entries")
    op.create_check_constraint(
        op.f("ck_billing_ledger_entries_kind"),
        "billing_ledger_entries",
        "kind in ('invoice', 'credit_note', 'payment', 'early_discount', 'credit_applied', 'reversal')",
    )
    op.drop_constraint("ck_billing_postings_account", "billing_postings")
    op.create_check_constraint(
        op.f("ck_billing_postings_account"),
        "billing_postings",
        "account in ('receivable', 'revenue', 'tax', 'credit', 'cash', 'discount')",
    )


def _dunning() -> None:
    op.create_table(
        "billing_dunning_levels",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=True),
        sa.Column("fee_currency", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(fee is null) = (fee_currency is null)", name=op.f("ck_billing_dunning_levels_fee_currency")),
        sa.CheckConstraint("days between 1 and 1000", name=op.f("ck_billing_dunning_levels_days")),
        sa.CheckConstraint("fee > 0", name=op.f("ck_billing_dunning_levels_fee")),
        sa.CheckConstraint("level between 1 and 9", name=op.f("ck_billing_dunning_levels_level")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_billing_dunning_levels_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_dunning_levels")),
        sa.UniqueConstraint("tenant_id", "level", name=op.f("uq_billing_dunning_levels_tenant_id_level")),
    )
    op.create_table(
        "billing_dunning_texts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("level_id", sa.Uuid(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "level_id"],
            ["billing_dunning_levels.tenant_id", "billing_dunning_levels.id"],
            name=op.f("fk_billing_dunning_texts_tenant_id_level_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_billing_dunning_texts_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_dunning_texts")),
        sa.UniqueConstraint("tenant_id", "level_id", "locale", name=op.f("uq_billing_dunning_texts_tenant_id_level_id_locale")),
    )


def _letters() -> None:
    op.create_table(
        "billing_letters",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("mail_id", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("period_key", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind in ('reminder', 'statement')", name=op.f("ck_billing_letters_kind")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["clients.tenant_id", "clients.id"], name=op.f("fk_billing_letters_tenant_id_client_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_billing_letters_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_letters")),
        sa.UniqueConstraint("tenant_id", "mail_id", "recipient", name=op.f("uq_billing_letters_tenant_id_mail_id_recipient")),
        sa.UniqueConstraint(
            "tenant_id", "client_id", "kind", "period_key", name=op.f("uq_billing_letters_tenant_id_client_id_kind_period_key")
        ),
    )
    op.create_index(
        op.f("ix_billing_letters_tenant_id_client_id_id"), "billing_letters", ["tenant_id", "client_id", "id"], unique=False
    )
    op.create_index(
        op.f("ix_billing_letters_tenant_id_created_at_id"), "billing_letters", ["tenant_id", "created_at", "id"], unique=False
    )
    op.create_table(
        "billing_reminders",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("letter_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("reminded_on", sa.Date(), nullable=False),
        sa.Column("open_amount", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("fee > 0", name=op.f("ck_billing_reminders_fee")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["billing_invoices.tenant_id", "billing_invoices.id"],
            name=op.f("fk_billing_reminders_tenant_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "letter_id"],
            ["billing_letters.tenant_id", "billing_letters.id"],
            name=op.f("fk_billing_reminders_tenant_id_letter_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_billing_reminders_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_reminders")),
        sa.UniqueConstraint("tenant_id", "invoice_id", "level", name=op.f("uq_billing_reminders_tenant_id_invoice_id_level")),
    )
    op.create_index(
        op.f("ix_billing_reminders_tenant_id_letter_id"), "billing_reminders", ["tenant_id", "letter_id"], unique=False
    )


def _late_fees() -> None:
    op.create_table(
        "billing_late_fee_rules",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("percent", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("minimum", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("grace_days", sa.Integer(), server_default="0", nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("tax_category", sa.Text(), server_default="exempt", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(kind = 'fixed') = (amount is not null)", name=op.f("ck_billing_late_fee_rules_amount")),
        sa.CheckConstraint("(kind = 'percent') = (percent is not null)", name=op.f("ck_billing_late_fee_rules_percent")),
        sa.CheckConstraint("kind in ('percent', 'fixed')", name=op.f("ck_billing_late_fee_rules_kind")),
        sa.CheckConstraint(
            "tax_category in ('exempt', 'standard', 'reduced')", name=op.f("ck_billing_late_fee_rules_tax_category")
        ),
        sa.CheckConstraint("amount > 0 and minimum >= 0", name=op.f("ck_billing_late_fee_rules_amounts")),
        sa.CheckConstraint("grace_days between 0 and 365", name=op.f("ck_billing_late_fee_rules_grace_days")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_billing_late_fee_rules_currency")),
        sa.CheckConstraint("percent > 0 and percent <= 100", name=op.f("ck_billing_late_fee_rules_percent_range")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_billing_late_fee_rules_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_billing_late_fee_rules")),
        sa.UniqueConstraint("tenant_id", "currency", name=op.f("uq_billing_late_fee_rules_tenant_id_currency")),
    )
