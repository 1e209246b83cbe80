"""The process refuses to start where tenants would not be kept apart."""

from __future__ import annotations

import pytest

from house.stage import EmbeddedPostgres
from kernel.db import Database
from kernel.errors import StartupError
from kernel.guards import check_database


def test_a_superuser_is_refused(postgres: EmbeddedPostgres, database: str) -> None:
    db = Database(postgres.admin_url_for(database), pool_size=1)
    with pytest.raises(StartupError, match="could see every tenant's rows"):
        check_database(db)
    db.dispose()


def test_the_owner_of_the_tables_is_refused(postgres: EmbeddedPostgres, database: str) -> None:
    db = Database(postgres.owner_url_for(database), pool_size=1)
    with pytest.raises(StartupError, match="could see every tenant's rows"):
        check_database(db)
    db.dispose()


def test_a_tenant_table_without_force_is_refused(postgres: EmbeddedPostgres, database: str) -> None:
    name = f"{database}_loose"
    postgres.create_database(name, template="deskhand_template")
    owner = Database(postgres.owner_url_for(name), pool_size=1)
    with owner.transaction() as session:
        session.connection().exec_driver_sql("alter table clients no force row level security")
    owner.dispose()
    app = Database(postgres.app_url_for(name), pool_size=1)
    with pytest.raises(StartupError, match="not forced on: clients"):
        check_database(app)
    app.dispose()
    postgres.drop_database(name)
