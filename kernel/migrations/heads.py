"""Which migration each branch ends with, read from the files alone: start-up asks this, and importing Alembic is slow."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from psycopg import Connection
from psycopg.rows import tuple_row

from kernel.plugins import Plugins

HERE = Path(__file__).parent


def folders(plugins: Plugins) -> list[Path]:
    """The kernel's migrations, then those of every plugin that has tables."""
    return [HERE / "versions", *(one.migrations for one in plugins.installed.values() if one.migrations)]


def newest(plugins: Plugins) -> frozenset[str]:
    """The revisions that a database at the newest state is stamped with.

    A revision that another one follows or depends on is implied by it and not stamped.
    """
    needs = {revision: needed for folder in folders(plugins) for revision, needed in _revisions(folder)}
    return frozenset(needs) - {one for needed in needs.values() for one in needed}


def stamped(connection: Connection[Any]) -> frozenset[str]:
    """The revisions that the database is stamped with; empty before the first migration."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute("select to_regclass('alembic_version') is not null")
        if cursor.fetchone() != (True,):
            return frozenset()
        return frozenset(name for (name,) in cursor.execute("select version_num from alembic_version"))


def is_current(connection: Connection[Any], plugins: Plugins) -> bool:
    """True if the database stands at the newest migration of every branch."""
    return stamped(connection) == newest(plugins)


def _revisions(folder: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each migration of a folder, with those that it follows or depends on."""
    for file in folder.glob("*.py"):
        head = file.read_text().split("\ndef ", 1)[0]
        facts = {name: value for statement in ast.parse(head).body for name, value in _assigned(statement)}
        if "revision" in facts:
            yield facts["revision"][0], facts.get("down_revision", ()) + facts.get("depends_on", ())


def _assigned(statement: ast.stmt) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        name = statement.targets[0].id
        if name in {"revision", "down_revision", "depends_on"}:
            value = ast.literal_eval(statement.value)
            yield name, (value,) if isinstance(value, str) else tuple(value or ())
