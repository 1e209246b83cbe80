"""Start-up guards: the process refuses a database that would not keep tenants apart."""

from __future__ import annotations

from sqlalchemy import text

from kernel.db import Database
from kernel.errors import StartupError

_ROLE = text("""
select r.rolname, r.rolsuper, r.rolbypassrls,
  exists(select from pg_class c where c.relowner = r.oid and c.relkind in ('r', 'p')
    and c.relnamespace = 'public'::regnamespace) as owns
from pg_roles r where r.rolname = current_user
""")
_UNGUARDED = text("""
select c.relname from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and c.relname <> 'wakeups'
  and not (c.relrowsecurity and c.relforcerowsecurity) order by 1
""")


def check_database(db: Database) -> None:
    """Raise StartupError for a role that bypasses row-level security or owns tables, or a tenant table without FORCE."""
    with db.transaction() as session:
        role = session.execute(_ROLE).mappings().one()
        unguarded = session.scalars(_UNGUARDED).all()
    if role["rolsuper"] or role["rolbypassrls"] or role["owns"]:
        raise StartupError(
            f"The database role {role['rolname']!r} could see every tenant's rows (superuser, BYPASSRLS or table owner)."
            " Give DESKHAND_DATABASE_URL a role with NOSUPERUSER NOBYPASSRLS that owns no table."
        )
    if unguarded:
        raise StartupError(f"Row-level security is not forced on: {', '.join(unguarded)}. Run `deskhand migrate`.")
