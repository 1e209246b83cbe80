"""Drafts a room's first migration from its models: `python -m house.draft ROOM`. Read and tidy what it prints."""

from __future__ import annotations

import importlib
import re
import sys

from alembic.autogenerate import render_python_code
from alembic.operations import ops
from sqlalchemy import Table

from kernel.db import Base
from kernel.plugins import Plugins

HEADER = '''"""Tables of {room}."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kernel.migrations import protect

revision = "{room}_0001"
down_revision = None
branch_labels = ("{room}",)
depends_on = {depends}


def upgrade() -> None:
    {body}
    protect(op, {names})
'''


def draft(room: str) -> str:
    """The text of a migration that creates every table of a room's models (or of the kernel's)."""
    plugins = Plugins.discover()
    owner = table_owners(plugins)
    tables = [table for table in Base.metadata.sorted_tables if owner[table.name] == room]
    steps: list[ops.MigrateOperation] = []
    for table in tables:
        steps.append(ops.CreateTableOp.from_table(table))
        steps += [ops.CreateIndexOp.from_index(index) for index in sorted(table.indexes, key=lambda one: str(one.name))]
    body = render_python_code(ops.UpgradeOps(ops=steps), migration_context=None)
    depends = sorted({f"{owner[fk.column.table.name]}_0001" for table in tables for fk in table.foreign_keys
                      if owner[fk.column.table.name] != room})  # fmt: skip
    body = re.sub(r" *# ###.*\n?", "", body).replace("(astext_type=Text())", "()").replace(", astext_type=Text()", "")
    protected = ", ".join(f'"{table.name}"' for table in tables if "tenant_id" in table.c and table.name != "wakeups")
    return HEADER.format(room=room, depends=tuple(depends) or None, body=body.strip(), names=protected)


def table_owners(plugins: Plugins) -> dict[str, str]:
    """Which plugin (or the kernel) each table belongs to."""
    owners: dict[str, str] = {}
    packages = {plugin.package: name for name, plugin in plugins.installed.items()}
    for mapper in Base.registry.mappers:
        module = mapper.class_.__module__
        room = next((name for package, name in packages.items() if module.startswith(f"{package}.")), "kernel")
        if isinstance(mapper.local_table, Table):
            owners[mapper.local_table.name] = room
    return owners


if __name__ == "__main__":
    for module in (
        "kernel.auth",
        "kernel.events",
        "kernel.jobs",
        "kernel.api.idempotency",
        "kernel.api.ratelimit",
        "kernel.tenancy",
        "kernel.wakeups",
    ):
        importlib.import_module(module)
    print(draft(sys.argv[1]))
