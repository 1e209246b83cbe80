"""Buckets of hours, cadences and anchors."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kernel.migrations import protect

revision = "billing_0005"
down_revision = "billing_0004"
branch_labels = None
depends_on = None

_CYCLES = "cycle in ('weekly', 'bi_weekly', 'monthly', 'quarterly', 'semi_annual', 'annual')"


def upgrade() -> None:
    _widen_contracts()
    _working_hours()
    _buckets()
    _client_cycles()
    protect(
        op,
        "billing_working_hours",
        "billing_working_spans",
        "billing_days_off",
        "billing_buckets",
        "billing_bucket_members",
        "billing_client_cycles",
    )


def _widen_contracts() -> None:
    """A sixth kind of line, overtime on hourly ones, and a third way to count periods."""
    for table in ("billing_contracts", "billing_contract_templates"):
        _check_anew(table, "cadence", "cadence in ('calendar', 'anniversary', 'client')")
    lines = "billing_contract_lines"
    _check_anew(lines, "kind", "kind in ('fixed', 'hourly', 'usage', 'product', 'license', 'bucket')")
    _check_anew(lines, "price", "price is null or (kind in ('fixed', 'bucket') and price >= 0)")
    for column in (
        sa.Column("overtime_after", sa.Integer(), nullable=True),
        sa.Column("overtime_per", sa.Text(), server_default="day", nullable=False),
        sa.Column("overtime_rate", sa.BigInteger(), nullable=True),
        sa.Column("overtime_factor", sa.Numeric(precision=6, scale=4), server_default="1.5", nullable=False),
    ):
        op.add_column(lines, column)
    for name, condition in (
        ("overtime_after", "overtime_after is null or (kind = 'hourly' and overtime_after between 1 and 10080)"),
        ("overtime_per", "overtime_per in ('day', 'week')"),
        ("overtime_rate", "overtime_rate >= 0"),
        ("overtime_factor", "overtime_factor > 0"),
    ):
        op.create_check_constraint(op.f(f"ck_{lines}_{name}"), lines, condition)


def _check_anew(table: str, name: str, condition: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def _keyed(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    """The tenant's id and the row's, and what holds for them in every table."""
    return (
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id"), ondelete="CASCADE"),
    )


def _belongs(table: str, column: str, other: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column], [f"{other}.tenant_id", f"{other}.id"], name=op.f(f"fk_{table}_tenant_id_{column}"),
        ondelete=ondelete,
    )  # fmt: skip


def _checked(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _working_hours() -> None:
    table = "billing_working_hours"
    op.create_table(
        table,
        *_keyed(table),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), sa.Computed("lower(name)", persisted=True), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.UniqueConstraint("tenant_id", "name_key", name=op.f(f"uq_{table}_tenant_id_name_key")),
    )
    table = "billing_working_spans"
    op.create_table(
        table,
        *_keyed(table),
        sa.Column("hours_id", sa.Uuid(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("begins", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        _belongs(table, "hours_id", "billing_working_hours", "CASCADE"),
        _checked(table, "weekday", "weekday between 1 and 7"),
        _checked(table, "span", "0 <= begins and begins < ends and ends <= 1440"),
        postgresql.ExcludeConstraint(
            (sa.column("tenant_id"), "="), (sa.column("hours_id"), "="), (sa.column("weekday"), "="), (sa.text("int4range(begins, ends)"), "&&"),
            name="ex_billing_working_spans_no_overlap", using="gist",
        ),
    )  # fmt: skip
    table = "billing_days_off"
    op.create_table(
        table,
        *_keyed(table),
        sa.Column("hours_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        _belongs(table, "hours_id", "billing_working_hours", "CASCADE"),
        sa.UniqueConstraint("tenant_id", "hours_id", "day", name=op.f(f"uq_{table}_tenant_id_hours_id_day")),
    )


def _buckets() -> None:
    table = "billing_buckets"
    op.create_table(
        table,
        *_keyed(table),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.Text(), server_default="hour", nullable=False),
        sa.Column("included", sa.Numeric(precision=14, scale=4), nullable=False),
        sa.Column("overage_rate", sa.BigInteger(), nullable=False),
        sa.Column("rollover", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("covers_all", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("after_hours", sa.Numeric(precision=8, scale=4), nullable=True),
        sa.Column("hours_id", sa.Uuid(), nullable=True),
        sa.Column("alert_percent", sa.Integer(), nullable=True),
        _belongs(table, "line_id", "billing_contract_lines", "CASCADE"),
        _belongs(table, "hours_id", "billing_working_hours"),
        sa.UniqueConstraint("tenant_id", "line_id", name=op.f(f"uq_{table}_tenant_id_line_id")),
        _checked(table, "unit", "unit in ('hour', 'each')"),
        _checked(table, "included", "included >= 0"),
        _checked(table, "overage_rate", "overage_rate >= 0"),
        _checked(table, "after_hours", "after_hours > 0"),
        _checked(table, "after_hours_of", "(after_hours is null) = (hours_id is null)"),
        _checked(table, "after_hours_unit", "after_hours is null or unit = 'hour'"),
        _checked(table, "alert_percent", "alert_percent between 1 and 100"),
    )
    op.create_index(op.f("ix_billing_buckets_tenant_id_hours_id"), table, ["tenant_id", "hours_id"])
    table = "billing_bucket_members"
    op.create_table(
        table,
        *_keyed(table),
        sa.Column("bucket_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("multiplier", sa.Numeric(precision=8, scale=4), server_default="1", nullable=False),
        _belongs(table, "bucket_id", "billing_buckets", "CASCADE"),
        _belongs(table, "item_id", "catalog_items"),
        sa.UniqueConstraint("tenant_id", "bucket_id", "item_id", name=op.f(f"uq_{table}_tenant_id_bucket_id_item_id")),
        _checked(table, "multiplier", "multiplier > 0"),
    )
    op.create_index(op.f("ix_billing_bucket_members_tenant_id_item_id"), table, ["tenant_id", "item_id"])


def _client_cycles() -> None:
    table = "billing_client_cycles"
    op.create_table(
        table,
        *_keyed(table),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("weekday", sa.Integer(), server_default="1", nullable=False),
        sa.Column("reference_on", sa.Date(), nullable=True),
        sa.Column("month", sa.Integer(), server_default="1", nullable=False),
        sa.Column("day", sa.Integer(), server_default="1", nullable=False),
        _belongs(table, "client_id", "clients", "CASCADE"),
        sa.UniqueConstraint(
            "tenant_id", "client_id", "starts_on", name=op.f(f"uq_{table}_tenant_id_client_id_starts_on"),
            postgresql_nulls_not_distinct=True,
        ),
        _checked(table, "cycle", _CYCLES),
        _checked(table, "weekday", "weekday between 1 and 7"),
        _checked(table, "month", "month between 1 and 12"),
        _checked(table, "day", "day between 1 and 28"),
    )  # fmt: skip
