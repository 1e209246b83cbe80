"""`deskhand up`: everything on one machine, in order, and out again in the opposite order."""

from __future__ import annotations

import gc
import http.client
import importlib
import os
import shutil
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kernel.config import Settings
from kernel.errors import StartupError
from local.addresses import embedded_postgres
from local.folder import make_private
from local.postgres import EmbeddedPostgres
from local.supervisor import Supervisor, Task, run_apart
from local.web import check_port, serve

if TYPE_CHECKING:
    from kernel.plugins import Plugins

# Imported once here and shared by every forked process. The web server's part comes first: people wait for that one.
FOR_WEB = (
    "kernel.app",
    "kernel.api",
    "kernel.web.mount",
    "kernel.guards",
    "kernel.migrations.runner",
    "granian.server",
)
FOR_WORK = (
    "cli.jobs",
    "kernel.jobs.broker",
    "kernel.jobs.scheduler",
    "celery.apps.worker",
    "celery.concurrency.thread",
    "kombu.transport.pgmq",
)
POSTGRES_PAUSE_SECONDS = 10.0


@dataclass
class Installation:
    """One machine's Deskhand. `prepare` runs before anything is served, unless `is_prepared` says that it need not."""

    settings: Settings
    say: Callable[[str], None]
    is_prepared: Callable[[Settings, Plugins], bool]
    prepare: Callable[[], None]
    announce: Callable[[], Iterable[str]]
    postgres: EmbeddedPostgres | None = field(init=False, default=None)
    postgres_due: float = field(init=False, default=0.0)

    def run(self) -> None:
        """Start everything and keep it running until KeyboardInterrupt. Raises StartupError before anything is served."""
        make_private(self.settings.data_dir)
        if self.settings.embedded:
            self.postgres = embedded_postgres(self.settings, self.say)
            self.postgres.claim()
        supervisor = Supervisor(self._tasks(), say=self.say, watch=self._watch_postgres, leave_parent=self._leave)
        try:
            check_port(self.settings.host, self.settings.port)
            self._prepare()
            self._serve(supervisor)
        finally:
            supervisor.stop()
            if self.postgres:
                self.postgres.stop()

    def _prepare(self) -> None:
        share_figures(self.settings)
        with ThreadPoolExecutor(1) as pool:
            loading = pool.submit(preload, FOR_WEB)
            # Started by this thread: PostgreSQL ends with the thread that is its parent.
            self._start_postgres()
            plugins = loading.result()
        if not self.is_prepared(self.settings, plugins):
            self.say("Bringing the database up to date.")
            run_apart(Task("Preparing the database", self.prepare), self._leave)

    def _start_postgres(self) -> None:
        if self.postgres:
            if not self.postgres.exists():
                self.say("Making the database.")
            self.postgres.start()

    def _serve(self, supervisor: Supervisor) -> None:
        supervisor.start("web")
        preload(FOR_WORK)
        supervisor.start()
        supervisor.await_ready(lambda: is_served(self.settings))
        for line in self.announce():
            self.say(line)
        supervisor.run()

    def _tasks(self) -> list[Task]:
        return [
            Task("web", lambda: serve(self.settings)),
            *(Task(f"worker {number}", lambda: _command("worker")) for number in range(1, self.settings.job_workers + 1)),
            Task("scheduler", lambda: _command("scheduler")),
        ]

    def _leave(self) -> None:
        if self.postgres:
            self.postgres.detach()

    def _watch_postgres(self) -> None:
        """Start PostgreSQL again if it ended by itself; the other processes reconnect."""
        if self.postgres is None or self.postgres.is_kept_up() or time.monotonic() < self.postgres_due:
            return
        self.say("PostgreSQL ended by itself; it starts again.")
        try:
            self.postgres.start()
        except StartupError as error:
            self.say(error.detail)
            self.postgres_due = time.monotonic() + POSTGRES_PAUSE_SECONDS


def share_figures(settings: Settings) -> None:
    """One folder in which the web processes add up their metrics; the variable must be set before their import."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        return
    folder = settings.data_dir.absolute() / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    make_private(folder)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def preload(modules: Iterable[str]) -> Plugins:
    """Import part of the application and every plugin, so that forked processes need not."""
    from kernel.plugins import Plugins

    gc.disable()  # nothing of what is made here goes away
    for name in modules:
        importlib.import_module(name)
    plugins = Plugins.discover()
    gc.freeze()
    gc.enable()
    return plugins


def is_served(settings: Settings) -> bool:
    """True if the web server answers."""
    connection = http.client.HTTPConnection(_reachable(settings.host), settings.port, timeout=5)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    return False


def _reachable(host: str) -> str:
    """The address under which a server that listens everywhere is reached from here."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


def _command(name: str) -> None:
    from cli import main

    main.main(args=[name], prog_name="deskhand")
