"""The catalogue of the database keeps tenants apart, whatever the models say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from kernel.app import Kernel
from kernel.config import Settings
from kernel.db import TENANT_POLICY

TABLES_OF_NO_TENANT = {"tenants", "alembic_version", "extensions_revoked_everywhere"}
"""Tables that hold no tenant's data; everything else has `tenant_id` and forced row-level security."""
NOTES_WITHOUT_RLS = {"wakeups"}
"""Tables with `tenant_id` that the scheduler reads across tenants; they carry an id and a time, no data."""
DEFINER_FUNCTIONS: set[str] = set()
"""Functions that run as their owner and so past row-level security; each would need an audit."""

_TABLES = """
select c.oid, c.relname as name, c.relrowsecurity as rls, c.relforcerowsecurity as forced,
  exists(select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped) as tenant
from pg_class c where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace order by 2
"""
_INDEXES = """
select t.relname as table_name, i.relname as index_name, x.indisunique as is_unique, x.indisprimary as is_primary,
  (select attname from pg_attribute a where a.attrelid = t.oid and a.attnum = x.indkey[0]) as first_column
from pg_index x join pg_class t on t.oid = x.indrelid join pg_class i on i.oid = x.indexrelid
where t.relnamespace = 'public'::regnamespace
"""
_FOREIGN_KEYS = """
select t.relname as table_name, r.relname as target, k.conname as name,
  array(select attname::text from unnest(k.conkey) with ordinality u(n, o)
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.n order by o) as columns,
  array(select attname::text from unnest(k.confkey) with ordinality u(n, o)
        join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.n order by o) as targets,
  k.confdeltype::text as on_delete, k.confdelsetcols is null as clears_all
from pg_constraint k join pg_class t on t.oid = k.conrelid join pg_class r on r.oid = k.confrelid
where k.contype = 'f' and t.relnamespace = 'public'::regnamespace
"""


@pytest.fixture(scope="module")
def catalogue(settings: Settings) -> Iterator[Connection]:
    """A connection of the owner, who sees the catalogue whole."""
    engine = create_engine(settings.owner_url, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _tenant_tables(catalogue: Connection) -> set[str]:
    return {row.name for row in catalogue.execute(text(_TABLES)) if row.tenant}


def test_tables_without_a_tenant_are_the_pinned_ones(catalogue: Connection) -> None:
    found = {row.name for row in catalogue.execute(text(_TABLES)) if not row.tenant}
    assert found - TABLES_OF_NO_TENANT == set()


def test_every_tenant_table_forces_row_level_security(catalogue: Connection) -> None:
    tables = [row for row in catalogue.execute(text(_TABLES)) if row.tenant and row.name not in NOTES_WITHOUT_RLS]
    assert tables
    assert [row.name for row in tables if not (row.rls and row.forced)] == []


def test_every_policy_reads_and_writes_the_bound_tenant_only(catalogue: Connection) -> None:
    plain = "".join(TENANT_POLICY.split())
    found = catalogue.execute(
        text("select tablename, permissive, qual, with_check, cmd from pg_policies where schemaname = 'public'")
    )
    rows = found.all()
    assert {row.tablename for row in rows} == _tenant_tables(catalogue) - NOTES_WITHOUT_RLS
    for row in rows:
        assert row.cmd == "ALL", row.tablename
        for clause in (row.qual, row.with_check):
            said = "".join((clause or "").split())
            assert "current_setting('app.tenant_id'::text,true)" in said, row.tablename
            assert "NULLIF" in said, row.tablename
    assert "nullif(current_setting('app.tenant_id',true),'')::uuid" in plain


def test_keys_and_indexes_begin_with_the_tenant(catalogue: Connection) -> None:
    tenant_tables = _tenant_tables(catalogue) - NOTES_WITHOUT_RLS
    rows = [row for row in catalogue.execute(text(_INDEXES)) if row.table_name in tenant_tables]
    assert [f"{row.table_name}.{row.index_name}" for row in rows if row.first_column != "tenant_id"] == []
    assert {row.table_name for row in rows if row.is_primary} == tenant_tables


def test_foreign_keys_between_tenant_tables_carry_the_tenant(catalogue: Connection) -> None:
    tenant_tables = _tenant_tables(catalogue)
    for row in catalogue.execute(text(_FOREIGN_KEYS)):
        if row.target not in tenant_tables:
            continue
        pairs = dict(zip(row.columns, row.targets, strict=True))
        assert pairs.get("tenant_id") == "tenant_id", f"{row.table_name}.{row.name}"
        assert not (row.on_delete == "n" and row.clears_all), f"{row.table_name}.{row.name} would clear tenant_id"


def test_foreign_keys_go_only_where_a_plugin_says_it_requires(catalogue: Connection, kernel: Kernel) -> None:
    owners = _owners(kernel)
    for row in catalogue.execute(text(_FOREIGN_KEYS)):
        owner, target = owners[row.table_name], owners[row.target]
        allowed = {owner, "kernel", *(kernel.plugins.get(owner).manifest.requires if owner != "kernel" else ())}
        assert target in allowed, f"{row.table_name} → {row.target}: {owner} does not require {target}"


def _owners(kernel: Kernel) -> dict[str, str]:
    from house.draft import table_owners

    return {"alembic_version": "kernel", **table_owners(kernel.plugins)}


def test_views_and_definer_functions_do_not_lead_past_the_policies(catalogue: Connection) -> None:
    loose = catalogue.execute(text(
        "select relname from pg_class where relkind in ('v', 'm') and relnamespace = 'public'::regnamespace"
        " and not coalesce(reloptions::text like '%security_invoker=true%', false)"
    ))  # fmt: skip
    assert [row.relname for row in loose] == []
    definers = catalogue.execute(text(
        "select proname from pg_proc where prosecdef and pronamespace = 'public'::regnamespace"
    ))  # fmt: skip
    assert {row.proname for row in definers} == DEFINER_FUNCTIONS


def test_the_app_role_changes_rows_and_nothing_else(kernel: Kernel) -> None:
    with kernel.db.transaction() as session:
        role = session.execute(
            text("select rolsuper, rolbypassrls, rolcreatedb, rolcreaterole from pg_roles where rolname = current_user")
        ).one()
        assert not any(role)
        may = text("select c.relname from pg_class c where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace"
                   " and has_table_privilege(c.oid, 'TRUNCATE')")  # fmt: skip
        assert session.scalars(may).all() == []
        assert session.scalar(text("select has_schema_privilege('public', 'CREATE')")) is False


def test_without_a_tenant_there_are_no_rows_and_no_error(kernel: Kernel, catalogue: Connection) -> None:
    tables = sorted(_tenant_tables(catalogue) - NOTES_WITHOUT_RLS)
    with kernel.db.transaction() as session:
        for table in tables:
            assert session.scalar(text(f'select count(*) from "{table}"')) == 0, table
