"""Where everything is wired, in order: settings → database → plugins → registries → Flask."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from sqlalchemy import select

from kernel.auth import asking_tenant, recognize_tenant
from kernel.capabilities import check_registry
from kernel.clock import Clock, SystemClock
from kernel.config import Settings
from kernel.context import Actor, CallContext, Cause
from kernel.db import Database
from kernel.directory.events import DIRECTORY_EVENTS
from kernel.errors import StartupError
from kernel.files import FileStore, open_store
from kernel.hookspecs.start import EventType, HostFunction, JobType
from kernel.mail import MailSettings
from kernel.plugins import Plugins
from kernel.secrets import Vault, load_vault, place

if TYPE_CHECKING:
    from flask import Flask


@dataclass(frozen=True, slots=True)
class Kernel:
    """The process-wide services; one per process."""

    settings: Settings
    db: Database
    plugins: Plugins
    clock: Clock
    vault: Vault
    files: FileStore
    mail: MailSettings
    events: Mapping[str, EventType]
    jobs: Mapping[str, JobType]
    job_plugins: Mapping[str, str]
    host_functions: Mapping[tuple[str, str], HostFunction]
    host_plugins: Mapping[tuple[str, str], str]
    nudge: list[Callable[[UUID, str], None]] = field(default_factory=list)

    @contextmanager
    def call(
        self, tenant_id: UUID, actor: Actor | None = None, cause: Cause | None = None, also: str = "null"
    ) -> Iterator[CallContext]:
        """One transaction of a tenant outside HTTP, committed at the end. Raises NotFound for an unknown tenant.

        `also` is an expression of text that is asked in the message that begins it; `session.info["also"]` is its answer.
        """
        asked, known = asking_tenant(tenant_id)
        with self.db.transaction(tenant_id, f"{asked} || chr(10) || coalesce(({also}), '')", kernel=self) as session:
            told, _, session.info["also"] = (session.info["first"] or "").rpartition("\n")
            facts = recognize_tenant(session, tenant_id, known, told or None)
            hooks = self.plugins.for_tenant(facts.disabled, facts.settings.get("admin", {}).get("providers"))
            yield CallContext(facts.tenant, actor or Actor.system(), session, hooks, self.clock,
                              cause or Cause(uuid4().hex[:16]))  # fmt: skip

    def seal(self, ctx: CallContext, plaintext: bytes, table: str, row_id: UUID, column: str) -> bytes:
        """Encrypt a secret of a row under the tenant's data key; it opens in that row and column only."""
        return self.vault.seal(self._data_key(ctx), plaintext, place(ctx.tenant_id, table, row_id, column))

    def open(self, ctx: CallContext, sealed: bytes, table: str, row_id: UUID, column: str) -> bytes:
        """Decrypt what `seal` made for this row and column."""
        return self.vault.open(self._data_key(ctx), sealed, place(ctx.tenant_id, table, row_id, column))

    def _data_key(self, ctx: CallContext) -> bytes:
        from kernel.tenancy import TenantRow

        return ctx.session.scalars(select(TenantRow.data_key).where(TenantRow.id == ctx.tenant_id)).one()


def build_kernel(settings: Settings, *, clock: Clock | None = None, plugins: Plugins | None = None) -> Kernel:
    """Wire one process. Raises StartupError when two plugins claim the same name."""
    plugins = plugins or Plugins.discover()
    jobs = plugins.collect("register_jobs")
    host = plugins.collect("register_host_functions")
    check_registry(list(plugins.installed.values()), host)
    return Kernel(
        settings=settings,
        db=Database(settings.database_url, pool_size=settings.pool_size),
        plugins=plugins,
        clock=clock or SystemClock(),
        vault=load_vault(settings),
        files=open_store(settings),
        mail=MailSettings.parse(settings.smtp_url, settings.mail_from),
        events=_unique("event", ((one.name, one) for one in _event_types(plugins))),
        jobs=_unique("job", ((one.name, one) for _, one in jobs)),
        job_plugins={one.name: plugin.name for plugin, one in jobs},
        host_functions=_unique("host function", (((one.interface, one.name), one) for _, one in host)),
        host_plugins={(one.interface, one.name): plugin.name for plugin, one in host},
    )


def _event_types(plugins: Plugins) -> list[EventType]:
    return [*DIRECTORY_EVENTS, *(one for _, one in plugins.collect("register_events"))]


def _unique(noun: str, pairs: Any) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for name, one in pairs:
        if name in found:
            raise StartupError(f"Two plugins register the {noun} {name}.")
        found[name] = one
    return found


def create_app(kernel: Kernel) -> Flask:
    """The web application: REST under /api/v1, pages elsewhere. Refuses to start on an unsafe database role."""
    from flask import Flask
    from werkzeug.middleware.proxy_fix import ProxyFix

    from kernel.api import mount_api
    from kernel.guards import check_database
    from kernel.web import mount_web

    check_database(kernel.db)
    app = Flask("deskhand", static_folder=None, template_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 48 * 1024 * 1024
    app.extensions["deskhand"] = kernel
    mount_api(app, kernel)
    mount_web(app, kernel)
    if hops := kernel.settings.proxy_hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app
