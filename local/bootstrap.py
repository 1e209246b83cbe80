"""Roles, database and queue schema, made by an administrator of the server: embedded or external, the same steps.

* `deskhand_owner` owns the database and migrates it.
* `deskhand_app` serves requests: rows only, no DDL, no TRUNCATE, subject to row-level security.
* `deskhand_queue` owns the schema `pgmq` and nothing else.

Every step may be repeated. The administrator needs CREATEDB and CREATEROLE, not superuser.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.metadata import version
from typing import LiteralString

import psycopg
from psycopg import Connection, sql
from psycopg.conninfo import make_conninfo

DATABASE = "deskhand"
OWNER, APP, QUEUE = ROLES = ("deskhand_owner", "deskhand_app", "deskhand_queue")
PARTS = {
    "owner": sql.Identifier(OWNER),
    "app": sql.Identifier(APP),
    "queue": sql.Identifier(QUEUE),
}

# Rights on a database and its settings are not copied from a template, so they are given to each database.
DATABASE_RIGHTS: tuple[LiteralString, ...] = (
    "alter database {database} owner to {owner}",
    "alter database {database} set timezone to 'UTC'",
    "revoke all on database {database} from public",
    "grant connect, temporary on database {database} to {app}",
    "grant connect on database {database} to {queue}",
)
# These live in the database's own catalogue, so a copy of a template has them.
SCHEMA_RIGHTS: tuple[LiteralString, ...] = (
    "alter schema public owner to {owner}",
    "revoke all on schema public from public",
    "grant usage on schema public to {app}",
    "alter default privileges for role {owner} grant select, insert, update, delete on tables to {app}",
    "alter default privileges for role {owner} grant usage on sequences to {app}",
    "alter default privileges for role {owner} revoke execute on functions from public",
    "alter default privileges for role {owner} grant execute on functions to {app}",
)


def fingerprint() -> str:
    """Changes whenever the steps of this module do; a server that bears it needs no second look."""
    steps = "\n".join([*DATABASE_RIGHTS, *SCHEMA_RIGHTS, version("pgmq")])
    return hashlib.sha256(steps.encode()).hexdigest()[:16]


def prepare_server(admin: str, passwords: Mapping[str, str], database: str = DATABASE) -> None:
    """Make the roles with these passwords (by role name) and the database, or bring them up to date.

    `admin` is a libpq connection string or address. Raises psycopg.Error as the server says it.
    """
    with psycopg.connect(admin, autocommit=True) as connection:
        for role in ROLES:
            _make_role(connection, role, passwords[role])
        _join_roles(connection)
        make_database(connection, database)
    with psycopg.connect(make_conninfo(admin, dbname=database)) as connection:
        furnish_database(connection)


def make_database(connection: Connection, name: str, template: str | None = None) -> None:
    """Create a database if missing, empty or as a copy, and give the roles their rights on it."""
    if connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone() is None:
        source = sql.SQL("template {}").format(sql.Identifier(template)) if template else _blank(connection)
        connection.execute(sql.SQL("create database {} owner {owner} {}").format(sql.Identifier(name), source, **PARTS))
    for step in DATABASE_RIGHTS:
        connection.execute(sql.SQL(step).format(database=sql.Identifier(name), **PARTS))


def furnish_database(connection: Connection) -> None:
    """Give the roles their rights inside the connected database, and the queue role its schema."""
    for step in SCHEMA_RIGHTS:
        connection.execute(sql.SQL(step).format(**PARTS))
    _install_queue(connection)


def _make_role(connection: Connection, role: str, password: str) -> None:
    known = connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
    verb = sql.SQL("alter" if known else "create")
    connection.execute(sql.SQL("{} role {} login password {}").format(verb, sql.Identifier(role), sql.Literal(password)))


def _join_roles(connection: Connection) -> None:
    """An administrator who is no superuser may act for a role only as its member."""
    if connection.info.parameter_status("is_superuser") == "off":
        for role in (OWNER, QUEUE):
            connection.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(role)))


def _blank(connection: Connection) -> sql.Composable:
    """The same sort order on every system where the server brings one of its own (17 and later)."""
    if connection.info.server_version >= 170000:
        return sql.SQL("template template0 encoding 'UTF8' locale_provider builtin builtin_locale 'C.UTF-8'")
    return sql.SQL("template template0 encoding 'UTF8'")


def _install_queue(connection: Connection) -> None:
    """Install the SQL that the package `pgmq` carries, as the queue role; the schema's comment names the version.

    Another version replaces the schema, since the script cannot run twice. What waits in the queues are only wake-ups;
    the work itself is in the job ledger and the outbox, and is found there again.
    """
    stamp = f"pgmq {version('pgmq')}"
    found = connection.execute("select obj_description(to_regnamespace('pgmq'), 'pg_namespace')").fetchone()
    if found == (stamp,):
        return
    from pgmq.install import get_embedded_install_sql

    names = {**PARTS, "database": sql.Identifier(connection.info.dbname)}
    connection.execute(sql.SQL("grant create on database {database} to {queue}").format(**names))
    connection.execute(sql.SQL("set local role {queue}").format(**names))
    connection.execute("drop schema if exists pgmq cascade")
    connection.execute(get_embedded_install_sql().encode())
    connection.execute(sql.SQL("comment on schema pgmq is {}").format(sql.Literal(stamp)))
    connection.execute("reset role")
    connection.execute(sql.SQL("revoke create on database {database} from {queue}").format(**names))
