"""Tenants for tests, copied row by row from one that was founded: a fraction of the work, and every test has its own.

Ids belong to their tenant, so copies share those of their pattern.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row
from sqlalchemy.engine import make_url

from kernel.ids import uuid7

_TABLES = """
select t.relname, array_agg(c.attname order by c.attnum) filter (where c.attname <> 'tenant_id'),
  coalesce(array_agg(c.attname) filter (where c.atttypid = 'text'::regtype), '{}')
from pg_class t join pg_attribute c on c.attrelid = t.oid and c.attnum > 0 and not c.attisdropped and c.attgenerated = ''
where t.relkind = 'r' and t.relnamespace = 'public'::regnamespace
group by 1 having bool_or(c.attname = 'tenant_id') order by 1
"""
_TENANT = sql.SQL("""
insert into tenants (id, slug, name, zone, currency, locale, data_key, active)
select {new}, {slug}, name, zone, currency, locale, {data_key}, active from tenants where id = {old};
update users set email = replace(email, (select slug from tenants where id = {old}), {slug}) where tenant_id = {new}
""")
_ROWS = sql.SQL("insert into {table} (tenant_id, {columns}) select {new}, {values} from {table} where tenant_id = {old}")
_NAMING = sql.SQL("select {} from {} where tenant_id = {}")


def connect_admin(url: str) -> psycopg.Connection[Any]:
    """A connection of the superuser, from his SQLAlchemy address; each statement is a transaction of its own."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(address, autocommit=True, row_factory=tuple_row)


class Pattern:
    """A tenant to copy as it stands at this moment; what is done to it later on may be missing in its copies."""

    def __init__(self, admin: psycopg.Connection[Any], tenant_id: UUID) -> None:
        self._admin = admin
        self._tenant_id = tenant_id
        held = sql.SQL("select exists (select from {} where tenant_id = {})")
        with admin.cursor(row_factory=tuple_row) as cursor:
            # As it was sealed then: a test that changes the installation's secret key seals the keys of all tenants anew.
            [(self._data_key,)] = cursor.execute("select data_key from tenants where id = %s", (tenant_id,)).fetchall()
            tables = cursor.execute(_TABLES).fetchall()
            self._tables = {
                name: columns for name, columns, _ in tables
                if cursor.execute(held.format(sql.Identifier(name), tenant_id)).fetchone() == (True,)
            }  # fmt: skip
            naming = [(name, words) for name, _, words in tables if words and name in self._tables]
            self._keys = {(name, word) for name, words in naming for word in self._naming(cursor, name, words)}

    def _naming(self, cursor: psycopg.Cursor[Any], table: str, words: list[str]) -> Iterator[str]:
        """Those columns of text that begin with the tenant's id, as the keys of its files do."""
        begins = (sql.SQL("bool_or(starts_with({}, {}))").format(sql.Identifier(one), f"{self._tenant_id}/") for one in words)
        asked = _NAMING.format(sql.SQL(", ").join(begins), sql.Identifier(table), self._tenant_id)
        [found] = cursor.execute(asked).fetchall()
        return (word for word, does in zip(words, found, strict=True) if does)

    def copy(self, slug: str) -> UUID:
        """The same tenant once more, under another slug, which also takes the old one's place in the addresses of its staff."""
        new, old = uuid7(), self._tenant_id
        rows = [
            _ROWS.format(table=sql.Identifier(name), columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
                         values=sql.SQL(", ").join(self._value(name, one, new) for one in columns), new=new, old=old)
            for name, columns in self._tables.items()
        ]  # fmt: skip
        begin = sql.SQL("begin; set local session_replication_role = replica")
        whole = [begin, *rows, _TENANT.format(new=new, old=old, slug=slug, data_key=self._data_key), sql.SQL("commit")]
        self._admin.execute(sql.SQL("; ").join(whole))  # one message
        return new

    def _value(self, table: str, column: str, new: UUID) -> sql.Composable:
        """What a column of a copy holds: the same, but for the keys of files, which begin with the tenant's id."""
        if (table, column) not in self._keys:
            return sql.Identifier(column)
        return sql.SQL("replace({}, {}, {})").format(sql.Identifier(column), str(self._tenant_id), str(new))
