"""What must be true of the database before anything is served: newest schema, plugins known to tenants, demo loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kernel.config import Settings
from local.addresses import embedded_postgres, plain

if TYPE_CHECKING:
    from kernel.plugins import Plugins

GREETED = "plugins-greeted"


def is_prepared(settings: Settings, plugins: Plugins) -> bool:
    """A quick look whether `prepare` has anything to do; leaves no connection behind."""
    import psycopg

    from kernel.migrations.heads import is_current
    from local.demo import DONE

    if (settings.demo and not (settings.data_dir / DONE).exists()) or not _are_greeted(settings, plugins):
        return False
    owner = embedded_postgres(settings).owner_url if settings.embedded else settings.owner_url
    with psycopg.connect(plain(owner or settings.database_url), connect_timeout=10) as connection:
        return is_current(connection, plugins)


def prepare() -> None:
    """Migrate the schema, show new plugins to every tenant, load the demo if it is wanted; each may run twice."""
    from cli import open_database, open_kernel
    from kernel.founding import greet_every_tenant
    from kernel.migrations.runner import upgrade
    from kernel.plugins import Plugins
    from local.demo import load_demo

    plugins = Plugins.discover()
    with open_database(Settings.load()) as settings:
        if settings.owner_url:
            upgrade(settings.owner_url, plugins)
        with open_kernel() as kernel:
            greet_every_tenant(kernel)
        if settings.demo:
            load_demo(settings)
    (settings.data_dir / GREETED).write_text(_offers(plugins))


def _are_greeted(settings: Settings, plugins: Plugins) -> bool:
    note = settings.data_dir / GREETED
    return note.exists() and note.read_text() == _offers(plugins)


def _offers(plugins: Plugins) -> str:
    """All that a tenant may have to be shown after an upgrade: plugins, permissions, schedules."""
    schedules = [f"{one.job} {one.name}" for _, one in plugins.collect("register_schedules")]
    return "\n".join(sorted([*plugins.installed, *plugins.permissions, *schedules]))
