"""Where the database is, for processes that find it running."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kernel.config import Settings
from local.postgres import EmbeddedPostgres, silent


def embedded_postgres(settings: Settings, say: Callable[[str], None] = silent) -> EmbeddedPostgres:
    """The embedded PostgreSQL of these settings, running or not."""
    return EmbeddedPostgres(settings.data_dir / "postgres", say=say)


def with_addresses(settings: Settings) -> Settings:
    """The settings with the addresses of the embedded database, if that is the one; never the owner's."""
    if not settings.embedded:
        return settings
    postgres = embedded_postgres(settings)
    return replace(settings, database_url=postgres.app_url, queue_url=postgres.queue_url)


def plain(url: str) -> str:
    """A SQLAlchemy address as libpq understands it."""
    return url.replace("postgresql+psycopg:", "postgresql:", 1)
