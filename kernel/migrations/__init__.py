"""Schema changes: the kernel's own in `versions/`, each plugin's beside its code, one Alembic branch each."""

from __future__ import annotations

from typing import Any

from kernel.db import TENANT_POLICY


def protect(op: Any, *tables: str) -> None:
    """Enable and force row-level security on tenant tables: only the bound tenant's rows are seen and written."""
    for table in tables:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} USING ({TENANT_POLICY}) WITH CHECK ({TENANT_POLICY})")


def stamp(op: Any, table: str, change: str = "insert or update or delete") -> None:
    """Count a table among what hardly ever changes: a change gives its tenant another `facts_version` (see `kernel_0005`)."""
    op.execute(f"""
        create constraint trigger stamp_facts after {change} on {table}
          deferrable initially deferred for each row execute function stamp_facts()
    """)
