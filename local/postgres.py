"""The embedded PostgreSQL: a real server for one machine, reached by a private socket only.

One folder holds all of it: `data` (the cluster), `socket`, `passwords.json`, `postgres.log`, `lock`. It survives the
sudden death of every process, and ends together with the process that started it.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Callable
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from kernel.errors import StartupError
from local import cluster
from local.cluster import Cluster
from local.folder import FolderLock, check_space, disk_full, make_private, make_socket_folder, socket_folder
from local.identity import Identity, choose_identity

ADMIN = "deskhand_admin"
OWNER, APP, QUEUE = "deskhand_owner", "deskhand_app", "deskhand_queue"
DATABASE = "deskhand"
FIRST_START_MEGABYTES = 256
START_MEGABYTES = 48


def silent(sentence: str) -> None:
    """Say nothing."""


class EmbeddedPostgres:
    """PostgreSQL in one folder. Any process may ask for addresses; the one that calls `start` runs the server.

    `durable=False` gives up safety against power cuts for speed, for tests. `say` gets a sentence when something takes
    its time or lies elsewhere. Call `start` from a thread that lives as long as the server shall: it ends with it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        durable: bool = True,
        say: Callable[[str], None] = silent,
        identity: Identity | None = None,
    ) -> None:
        self.folder = folder.absolute()
        self._durable = durable
        self._say = say
        self._given_identity = identity
        self._lock = FolderLock(self.folder / "lock")
        self._server: subprocess.Popen[bytes] | None = None

    # --- what other parts ask ---

    def running(self) -> bool:
        """True if the server takes connections, whoever started it."""
        return self._cluster.is_ready()

    def exists(self) -> bool:
        """True if the folder holds a database already."""
        return self._data.exists()

    def url(self, account: str, database: str = DATABASE) -> str:
        """The SQLAlchemy address of a database for one of the accounts. Raises StartupError before the first start."""
        place = quote(str(self._cluster.sockets), safe="")
        return f"postgresql+psycopg://{account}:{self._passwords()[account]}@/{database}?host={place}"

    def admin_url_for(self, database: str) -> str:
        """Address for the superuser, who prepares and repairs and serves nobody."""
        return self.url(ADMIN, database)

    def owner_url_for(self, database: str) -> str:
        """Address for the role that owns the tables and migrates."""
        return self.url(OWNER, database)

    def app_url_for(self, database: str) -> str:
        """Address for the role that serves requests."""
        return self.url(APP, database)

    def queue_url_for(self, database: str) -> str:
        """Address for the role of the job queue."""
        return self.url(QUEUE, database)

    @property
    def admin_url(self) -> str:
        """`admin_url_for` the main database."""
        return self.url(ADMIN)

    @property
    def owner_url(self) -> str:
        """`owner_url_for` the main database."""
        return self.url(OWNER)

    @property
    def app_url(self) -> str:
        """`app_url_for` the main database."""
        return self.url(APP)

    @property
    def queue_url(self) -> str:
        """`queue_url_for` the main database."""
        return self.url(QUEUE)

    # --- life ---

    def claim(self) -> None:
        """Reserve the folder for this process before anything is started. Raises StartupError if it is in use."""
        make_private(self.folder)
        try:
            self._lock.take()
        except OSError as error:
            raise StartupError(self._reason(error)) from error

    def start(self) -> None:
        """Create the cluster if there is none, start it, wait until it answers, and make roles and database.

        Raises StartupError with one sentence: folder in use, disk full, other version, or what the server says.
        """
        self.claim()
        try:
            self._start()
        except OSError as error:
            self.stop()
            raise StartupError(self._reason(error)) from error
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        self._settle()
        self._cluster.end_leftovers()
        check_space(self.folder, START_MEGABYTES if self.exists() else FIRST_START_MEGABYTES)
        if not self.exists():
            self._write_passwords()
            self._cluster.create(ADMIN, self._passwords()[ADMIN])
        self._passwords()
        self._cluster.check_version()
        make_socket_folder(self._cluster.sockets, self._home)
        self._cluster.identity.give(self._cluster.sockets)
        heard = self._cluster.log.stat().st_size if self._cluster.log.exists() else 0
        self._server = self._cluster.launch()
        self._cluster.wait_ready(self._server, heard, self._say)
        self.bootstrap()

    def stop(self) -> None:
        """End the server if this process started it."""
        if self._server is not None:
            cluster.end(self._server)
            self._server = None
        self._lock.release()

    def is_kept_up(self) -> bool:
        """True if the server that this process started has not ended by itself."""
        return self._server is not None and self._server.poll() is None

    def detach(self) -> None:
        """To be called in a forked child: server and folder stay the parent's."""
        self._server = None
        self._lock.release()

    def bootstrap(self) -> None:
        """Make roles, database and queue schema, unless this version of the steps has been taken already."""
        import psycopg

        from local.bootstrap import fingerprint, prepare_server

        marker = self._data / "deskhand-bootstrap"
        if marker.exists() and marker.read_text() == fingerprint():
            return
        try:
            prepare_server(self._conninfo("postgres"), self._passwords())
        except psycopg.Error as error:
            raise StartupError(cluster.explain(self._data, str(error))) from error
        marker.write_text(fingerprint())

    # --- databases for tests and tools ---

    def create_database(self, name: str, template: str | None = None) -> None:
        """Create a database with the roles' rights: empty with the queue schema, or a copy of `template`."""
        import psycopg

        from local.bootstrap import furnish_database, make_database

        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            make_database(connection, name, template)
        if template is None:
            with psycopg.connect(self._conninfo(name)) as connection:
                furnish_database(connection)

    def drop_database(self, name: str) -> None:
        """Remove a database, cutting what is connected to it."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

    # --- inside ---

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _home(self) -> Path:
        """The folder itself, or the reachable place that `data` points to where an unprivileged account runs it."""
        return self._data.resolve().parent if self._data.is_symlink() else self.folder

    @property
    def _cluster(self) -> Cluster:
        log = self.folder / "postgres.log"
        return Cluster(self._home / "data", socket_folder(self._home), log, self._identity, self._durable)

    @cached_property
    def _identity(self) -> Identity:
        return self._given_identity or choose_identity()

    def _settle(self) -> None:
        """Let the files belong to whoever runs the server; an unprivileged account gets a place that it reaches."""
        if self._identity.account is not None and not self._data.is_symlink():
            place = self._identity.place / sha256(os.fsencode(self.folder)).hexdigest()[:16]
            place.mkdir(parents=True, exist_ok=True)
            if self._data.exists():
                shutil.move(self._data, place / "data")
            self._data.symlink_to(place / "data")
        if self._identity.account is not None:
            self._say(f"PostgreSQL runs as {self._identity.account.pw_name}; its data is in {self._home}.")
        self._identity.give(self._home / "data")

    def _conninfo(self, database: str) -> str:
        return self.url(ADMIN, database).replace("postgresql+psycopg:", "postgresql:", 1)

    def _passwords(self) -> dict[str, str]:
        try:
            passwords: dict[str, str] = json.loads((self.folder / "passwords.json").read_text())
        except FileNotFoundError as error:
            raise StartupError(
                f"{self.folder} holds no database passwords (passwords.json). Start Deskhand there once with"
                " `deskhand up`; if there was a database, put the file back from your backup."
            ) from error
        return passwords

    def _write_passwords(self) -> None:
        """Once, before the cluster is made; the file is complete or absent, and for its owner only."""
        path = self.folder / "passwords.json"
        if path.exists():
            return
        fresh = path.with_suffix(".new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump({account: secrets.token_urlsafe(24) for account in (ADMIN, OWNER, APP, QUEUE)}, file, indent=2)
        fresh.rename(path)

    def _reason(self, error: OSError) -> str:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return disk_full(self.folder, "no space left")
        return f"PostgreSQL in {self.folder} does not start: {error}."
