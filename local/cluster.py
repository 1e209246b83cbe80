"""A PostgreSQL cluster on disk: making it, starting it, waiting for it, ending it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernel.errors import StartupError
from local.folder import SOCKET_FILE, disk_full
from local.identity import Identity
from local.lifeline import dying_with_parent, processes_in, works_in
from local.programs import copy_programs, find_programs, major_version

PATIENCE_SECONDS = 5.0
POLL_SECONDS = 0.01
LOG_BYTES = 5_000_000
DISK_FULL_WORDS = ("No space left on device", "Check free disk space", "Disk quota exceeded")

COMMON_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "200",
    "jit": "off",
    "random_page_cost": "1.1",
    "log_checkpoints": "off",
}
DURABLE_OPTIONS = {"shared_buffers": "128MB", "fsync": "on"}
FAST_OPTIONS = {
    "shared_buffers": "64MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """One data folder and the account that runs it; `log` takes what the server says."""

    data: Path
    sockets: Path
    log: Path
    identity: Identity
    durable: bool = True

    def create(self, admin: str, password: str) -> None:
        """Make the cluster, whole or not at all. Raises StartupError with what `initdb` complains about."""
        fresh = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self.identity.give(fresh)
        try:
            self._run_initdb(fresh, admin, password)
            fresh.rename(self.data)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def _run_initdb(self, fresh: Path, admin: str, password: str) -> None:
        with tempfile.NamedTemporaryFile("w", dir=fresh.parent) as secret:
            secret.write(password)
            secret.flush()
            os.chown(secret.name, *self.identity.owner)
            command = [
                *("initdb", "--pgdata", str(fresh), "--username", admin, "--pwfile", secret.name),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *("--no-locale", "--no-instructions", *([] if self.durable else ["--no-sync"])),
            ]
            done = self._run(command, cwd=fresh)
        if done.returncode:
            raise StartupError(explain(self.data, done.stderr.decode(errors="replace")))

    def check_version(self) -> None:
        """Raises StartupError if another major version made the cluster."""
        found = (self.data / "PG_VERSION").read_text().strip()
        if found != major_version():
            raise StartupError(
                f"{self.data} was made by PostgreSQL {found}, and this Deskhand brings PostgreSQL {major_version()}."
                " Start the Deskhand that made it, dump the database, and restore it into a new data folder."
            )

    def status(self) -> list[str]:
        """The lines of the server's own status file; empty if it does not run or was killed."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []
        return lines if lines and works_in(int(lines[0]), self.data, "postgres") else []

    def is_ready(self) -> bool:
        """True if the server takes connections."""
        lines = self.status()
        return len(lines) > 7 and lines[7].strip() == "ready"

    def end_leftovers(self) -> None:
        """End servers and sessions of a run that was killed, then remove its status and socket files.

        The caller holds the folder's lock, so they are nobody's. PostgreSQL itself believes a stale file whose number
        belongs to a zombie, or was given to another process as happens in containers and after a restart.
        """
        for politely in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if self._leftovers_end(politely):
                break
        for stale in (self.data / "postmaster.pid", *self.sockets.glob(f"{SOCKET_FILE}*")):
            stale.unlink(missing_ok=True)

    def _leftovers_end(self, with_signal: int) -> bool:
        deadline = time.monotonic() + PATIENCE_SECONDS
        signalled: set[int] = set()
        while left := processes_in(self.data, "postgres"):
            for pid in set(left) - signalled:
                send(pid, with_signal)
            signalled.update(left)
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def launch(self) -> subprocess.Popen[bytes]:
        """Start the server without waiting for it. It stops by itself when the calling thread ends."""
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        options = COMMON_OPTIONS | (DURABLE_OPTIONS if self.durable else FAST_OPTIONS)
        options["unix_socket_directories"] = str(self.sockets)
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self._command(["postgres", "-D", str(self.data), *settings]),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dying_with_parent(signal.SIGINT),  # noqa: PLW1509 - called from a single-threaded moment
                cwd=self.data,
                **self._as_account(),
            )

    def wait_ready(self, server: subprocess.Popen[bytes], heard: int, say: Callable[[str], None]) -> None:
        """Wait as long as the server lives: recovery after a crash takes the time it takes. Raises StartupError.

        `heard` is the length of the log before the start.
        """
        patience = time.monotonic() + PATIENCE_SECONDS
        while not self.is_ready():
            if server.poll() is not None:
                raise StartupError(explain(self.data, self._said_since(heard)))
            if time.monotonic() > patience:
                say("PostgreSQL is putting its data in order after a sudden end; this may take a while.")
                patience = float("inf")
            time.sleep(POLL_SECONDS)

    def _said_since(self, heard: int) -> str:
        with self.log.open("rb") as log:
            log.seek(heard)
            return log.read().decode(errors="replace")

    def _run(self, command: list[str], cwd: Path) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(self._command(command), check=False, capture_output=True, cwd=cwd, **self._as_account())

    def _command(self, command: list[str]) -> list[str]:
        programs = find_programs()
        if not self.identity.reaches(programs / "postgres"):
            programs = copy_programs(self.data.parent)
        return [*self.identity.prefix, str(programs / command[0]), *command[1:]]

    def _as_account(self) -> dict[str, Any]:
        """English messages whatever the user's language, and none of our secrets in its environment."""
        kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
        account = self.identity.account
        switch = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
        return {"env": kept | {"LC_ALL": "C"}, **switch}


def end(server: subprocess.Popen[bytes], grace_seconds: float = 20.0) -> None:
    """Stop a server: sessions are cut and a checkpoint is written; without answer it is ended the hard way."""
    for with_signal in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        server.send_signal(with_signal)
        try:
            server.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            continue
        return


def send(pid: int, with_signal: int) -> None:
    """Signal a process that may have ended meanwhile."""
    try:
        os.kill(pid, with_signal)
    except ProcessLookupError:
        return


def explain(data: Path, words: str) -> str:
    """One sentence out of what PostgreSQL wrote when it gave up."""
    if any(one in words for one in DISK_FULL_WORDS):
        return disk_full(data, "no space left")
    lines = [line for line in words.splitlines() if any(level in line for level in ("FATAL:", "PANIC:", "error:"))]
    said = lines[0].strip() if lines else (words.strip().splitlines() or ["it said nothing"])[-1]
    return f"PostgreSQL in {data} does not start: {said}"
