"""`deskhand up` as a person meets it: served, stopped, killed, started again, and what it says when it cannot start."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from local.lifeline import processes_in
from local.postgres import EmbeddedPostgres

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 90


class Machine:
    """A data folder and a port, with `deskhand` commands on them."""

    def __init__(self, data: Path) -> None:
        self.data = data
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        settings = {"DATA_DIR": str(data), "PORT": str(self.port), "DEMO": "0", "LOG_LEVEL": "WARNING"}
        self.env = os.environ | {f"DESKHAND_{name}": value for name, value in settings.items()}
        self.env.pop("PROMETHEUS_MULTIPROC_DIR", None)
        self.started: list[subprocess.Popen[str]] = []

    def deskhand(self, *args: str) -> subprocess.Popen[str]:
        program = [sys.executable, "-c", "from cli import main; main()", *args]
        process = subprocess.Popen(
            program, env=self.env, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.started.append(process)
        return process

    def up(self) -> subprocess.Popen[str]:
        """Start everything; it is served when this returns."""
        process = self.deskhand("up")
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if f"Deskhand is at http://127.0.0.1:{self.port}" in line:
                return process
        raise AssertionError("".join(said))

    def run(self, *args: str) -> tuple[int, str]:
        process = self.deskhand(*args)
        said, _ = process.communicate(timeout=PATIENCE_SECONDS)
        return process.returncode, said

    def everybody(self) -> list[int]:
        """The processes of this machine's Deskhand."""
        mark = f"DESKHAND_DATA_DIR={self.data}".encode()
        return [*_with_environment(mark), *processes_in(self.data / "postgres" / "data", "postgres")]

    def is_quiet(self) -> bool:
        """Wait until none of its processes is left."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.everybody() and time.monotonic() < deadline:
            time.sleep(0.05)
        return not self.everybody()


def _with_environment(mark: bytes) -> Iterator[int]:
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                yield int(entry.name)
        except OSError:
            continue


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path / "data")
    yield machine
    for process in machine.started:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def test_a_machine_is_started_stopped_killed_and_started_again(machine: Machine) -> None:
    first = machine.up()
    code, said = machine.run("doctor", "--json")
    assert {one["check"] for one in json.loads(said) if one["ok"]} >= {"python", "port", "database", "role", "schema"}
    assert code == 0
    code, said = machine.run("tenant", "create", "acme", "--name", "Acme MSP", "--admin-email", "alice@acme.example",
                             "--admin-password", "correct horse battery")  # fmt: skip
    assert code == 0, said

    code, said = machine.run("up")
    assert code == 1
    assert f"Error: The data folder {machine.data}/postgres is in use by another Deskhand (process {first.pid})." in said

    for pid in machine.everybody():
        with suppress(ProcessLookupError):  # some end with the one they belong to
            os.kill(pid, signal.SIGKILL)
    assert machine.is_quiet()

    second = machine.up()
    code, said = machine.run("tenant", "list")
    assert "Acme MSP" in said
    second.send_signal(signal.SIGINT)
    said, _ = second.communicate(timeout=PATIENCE_SECONDS)
    assert second.returncode == 0
    assert said.endswith("Stopped.\n")
    assert machine.is_quiet()


def test_a_taken_port_is_said_before_anything_is_made(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", machine.port)):
        code, said = machine.run("up")
    assert (code, said.strip()) == (
        1,
        f"Error: Port {machine.port} on 127.0.0.1 is taken by another program."
        " Stop that one, or set DESKHAND_PORT to another port.",
    )
    assert not (machine.data / "postgres" / "data").exists()


def test_the_doctor_says_what_is_missing(machine: Machine) -> None:
    code, said = machine.run("doctor")
    assert code == 1
    assert "does not exist yet. Run `deskhand up`." in said
    assert not EmbeddedPostgres(machine.data / "postgres").exists()
