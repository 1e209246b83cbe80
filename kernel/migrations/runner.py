"""Runs migrations as the owner role."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from kernel.errors import StartupError
from kernel.plugins import Plugins

HERE = Path(__file__).parent


def configuration(plugins: Plugins, connection: Connection | None = None) -> Config:
    """Alembic's configuration with the folders of the kernel and of every plugin that has tables."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("path_separator", "newline")
    folders = [HERE / "versions", *(one.migrations for one in plugins.installed.values() if one.migrations)]
    config.set_main_option("version_locations", "\n".join(str(folder) for folder in folders))
    config.attributes["connection"] = connection
    return config


def upgrade(owner_url: str, plugins: Plugins) -> bool:
    """Bring the schema to the newest state; returns False when it was there already.

    Raises StartupError when the database was migrated by a plugin that is not installed any more.
    """
    engine = create_engine(owner_url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            if is_current(connection, plugins):
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


def is_current(connection: Connection, plugins: Plugins) -> bool:
    """True if the database stands at the newest migration of every branch."""
    script = ScriptDirectory.from_config(configuration(plugins))
    stamped = set(MigrationContext.configure(connection).get_current_heads())
    return stamped == effective_heads(script)


def effective_heads(script: ScriptDirectory) -> set[str]:
    """Heads as Alembic stamps them: a revision that another one depends on is implied by it and not stamped."""
    implied = {
        needed.revision
        for revision in script.walk_revisions()
        for name in revision._all_down_revisions
        for needed in script.get_revisions(name)
        if needed is not None
    }
    return set(script.get_heads()) - implied
