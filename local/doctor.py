"""What `deskhand doctor` looks at. Nothing is changed; what cannot be asked because something else failed is left out."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from kernel.config import Settings
from kernel.errors import StartupError
from local.addresses import embedded_postgres, plain, with_addresses
from local.folder import MEGABYTE
from local.postgres import FIRST_START_MEGABYTES
from local.up import is_served
from local.web import check_port

LEAST_PYTHON = (3, 11)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `says` is a sentence."""

    check: str
    ok: bool
    says: str


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at each thing in turn."""
    yield _python()
    yield _disk(settings)
    yield _port(settings)
    database = _database(settings)
    yield database
    if database.ok:
        yield _role(settings)
        yield _schema(settings)


def _python() -> Finding:
    found = ".".join(str(part) for part in sys.version_info[:3])
    return Finding("python", sys.version_info[:2] >= LEAST_PYTHON, f"Python {found} (3.11 or later is needed).")


def _disk(settings: Settings) -> Finding:
    folder = settings.data_dir.absolute()
    standing = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(standing).free // MEGABYTE
    return Finding("disk", free >= FIRST_START_MEGABYTES, f"{free} MB are free for {folder}.")


def _port(settings: Settings) -> Finding:
    if is_served(settings):
        return Finding("port", True, f"Deskhand answers on port {settings.port}.")
    try:
        check_port(settings.host, settings.port)
    except StartupError as error:
        return Finding("port", False, error.detail)
    return Finding("port", True, f"Port {settings.port} on {settings.host} is free.")


def _database(settings: Settings) -> Finding:
    postgres = embedded_postgres(settings)
    if settings.embedded and not postgres.running():
        state = "is stopped" if postgres.exists() else "does not exist yet"
        return Finding("database", False, f"The embedded database in {postgres.folder} {state}. Run `deskhand up`.")
    return _answers(settings)


def _answers(settings: Settings) -> Finding:
    import psycopg

    try:
        with psycopg.connect(plain(with_addresses(settings).database_url), connect_timeout=5) as connection:
            version = connection.info.server_version // 10000
    except psycopg.Error as error:
        return Finding("database", False, f"The database does not answer: {str(error).strip()}")
    return Finding("database", version >= 15, f"PostgreSQL {version} answers (15 or later is needed).")


def _role(settings: Settings) -> Finding:
    from kernel.db import Database
    from kernel.guards import check_database

    database = Database(with_addresses(settings).database_url, pool_size=1, application="deskhand doctor")
    try:
        check_database(database)
    except StartupError as error:
        return Finding("role", False, error.detail)
    finally:
        database.dispose()
    return Finding("role", True, "The app's database role is kept apart from other tenants' rows on every table.")


def _schema(settings: Settings) -> Finding:
    import psycopg

    from kernel.migrations.heads import is_current
    from kernel.plugins import Plugins

    with psycopg.connect(plain(with_addresses(settings).database_url), connect_timeout=5) as connection:
        current = is_current(connection, Plugins.discover())
    words = "up to date" if current else "older than this version; run `deskhand migrate`"
    return Finding("schema", current, f"The schema is {words}.")
