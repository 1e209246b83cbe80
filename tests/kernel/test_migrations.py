"""The schema that migrations make is the schema that the models say."""

from __future__ import annotations

import psycopg
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from kernel.app import Kernel
from kernel.config import Settings
from kernel.db import Base
from kernel.migrations.heads import is_current, stamped
from kernel.migrations.runner import upgrade
from kernel.plugins import Plugins


def test_models_and_migrations_agree(kernel: Kernel, settings: Settings) -> None:
    engine = create_engine(settings.owner_url, poolclass=NullPool)
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata)
    engine.dispose()
    assert found == []


def test_a_second_upgrade_changes_nothing(settings: Settings) -> None:
    plugins = Plugins.discover()
    assert upgrade(settings.owner_url, plugins) is False
    engine = create_engine(settings.owner_url, poolclass=NullPool)
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        assert is_current(driver, plugins)
        assert stamped(driver) == set(MigrationContext.configure(connection).get_current_heads())
    engine.dispose()
