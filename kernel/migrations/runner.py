"""Runs migrations as the owner role."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from kernel.errors import StartupError
from kernel.migrations.heads import HERE, folders, is_current
from kernel.plugins import Plugins

if TYPE_CHECKING:
    import psycopg
    from alembic.config import Config


def configuration(plugins: Plugins, connection: Connection | None = None) -> Config:
    """Alembic's configuration with the folders of the kernel and of every plugin that has tables."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(str(folder) for folder in folders(plugins)))
    config.attributes["connection"] = connection
    return config


def upgrade(owner_url: str, plugins: Plugins) -> bool:
    """Bring the schema to the newest state; returns False when it was there already.

    Raises StartupError when the database was migrated by a plugin that is not installed any more.
    """
    from alembic import command
    from alembic.util.exc import CommandError

    engine = create_engine(owner_url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            if is_current(cast("psycopg.Connection", connection.connection.driver_connection), plugins):
                return False
        with engine.connect() as connection:
            command.upgrade(configuration(plugins, connection), "heads")
            connection.commit()
    except CommandError as error:
        raise StartupError(
            f"The database knows a migration that no installed plugin brings ({error})."
            " Install that plugin again, or restore the database from before it."
        ) from error
    finally:
        engine.dispose()
    return True
