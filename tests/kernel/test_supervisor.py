"""The supervisor starts again what dies, stops in time, and leaves nobody behind, however it ends itself."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kernel.errors import StartupError
from local.lifeline import is_alive
from local.supervisor import pause_seconds
from local.web import check_port

HEAD = """
import os, signal, subprocess, sys, time
from pathlib import Path
from local.supervisor import Supervisor, Task, run_apart, stopping_on_signals
place = Path(sys.argv[1])

def note(name):
    with (place / name).open("a") as file:
        file.write(f"{os.getpid()}\\n")

def steady():
    note("steady")
    subprocess.Popen(["sleep", "300"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(300)

def stubborn():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    note("stubborn")
    time.sleep(300)

def failing():
    note("failing")
    sys.exit(3)

def failing_after_steady():
    while not (place / "steady").exists():
        time.sleep(0.02)
    sys.exit(3)

def keep(*tasks, ready=lambda: True, **options):
    supervisor = Supervisor(tasks, say=lambda text: print(text, flush=True), **options)
    with stopping_on_signals():
        try:
            supervisor.start()
            supervisor.await_ready(ready)
            supervisor.run()
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        finally:
            supervisor.stop()
"""
Stage = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Runs a script with a supervisor in a process of its own."""
    started: list[subprocess.Popen[str]] = []

    def run(script: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", HEAD + script, tmp_path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def noted(tmp_path: Path, name: str, count: int = 1) -> list[int]:
    """The numbers of the processes that ran the task, once there are that many."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        path = tmp_path / name
        pids = [int(line) for line in path.read_text().split()] if path.exists() else []
        if len(pids) >= count:
            return pids
        time.sleep(0.02)
    raise AssertionError(f"{name} ran {pids}, expected {count} times")


def running_in(session: int) -> list[int]:
    """Living processes of a session; a child has one of its own."""
    found = subprocess.run(["ps", "-o", "pid=,stat=", "-s", str(session)], capture_output=True, text=True)
    lines = [line.split() for line in found.stdout.splitlines()]
    return [int(pid) for pid, state in lines if not state.startswith("Z")]


def gone(session: int) -> bool:
    deadline = time.monotonic() + 20
    while running_in(session) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not running_in(session)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_every_process(stage: Stage, tmp_path: Path, number: int) -> None:
    supervisor = stage("keep(Task('steady', steady), Task('other', steady))")
    pids = noted(tmp_path, "steady", 2)
    assert all(running_in(pid) for pid in pids)
    supervisor.send_signal(number)
    said, _ = supervisor.communicate(timeout=30)
    assert said == "interrupted\n"
    assert supervisor.returncode == 0
    assert all(gone(pid) for pid in pids)


def test_who_does_not_listen_is_killed_in_time(stage: Stage, tmp_path: Path) -> None:
    supervisor = stage("keep(Task('stubborn', stubborn), grace_seconds=0.3)")
    (pid,) = noted(tmp_path, "stubborn")
    supervisor.terminate()
    supervisor.communicate(timeout=30)
    assert gone(pid)


def test_a_second_interrupt_does_not_wait(stage: Stage, tmp_path: Path) -> None:
    supervisor = stage("keep(Task('stubborn', stubborn), grace_seconds=300)")
    (pid,) = noted(tmp_path, "stubborn")
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.stdout is not None
    assert supervisor.stdout.readline() == "interrupted\n"
    time.sleep(0.2)
    supervisor.send_signal(signal.SIGINT)
    supervisor.communicate(timeout=30)
    assert gone(pid)


def test_a_killed_child_starts_again_without_its_former_offspring(stage: Stage, tmp_path: Path) -> None:
    supervisor = stage("keep(Task('steady', steady))")
    (first,) = noted(tmp_path, "steady")
    os.kill(first, signal.SIGKILL)
    assert supervisor.stdout is not None
    assert supervisor.stdout.readline() == "steady ended (SIGKILL); it starts again.\n"
    _, second = noted(tmp_path, "steady", 2)
    assert second != first
    assert gone(first)
    assert running_in(second)


def test_a_killed_supervisor_leaves_no_child(stage: Stage, tmp_path: Path) -> None:
    supervisor = stage("keep(Task('steady', steady), Task('stubborn', stubborn))")
    pids = noted(tmp_path, "steady") + noted(tmp_path, "stubborn")
    supervisor.kill()
    supervisor.wait()
    deadline = time.monotonic() + 20
    while any(pid in running_in(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(pid in running_in(pid) for pid in pids)
    for pid in pids:
        for left in running_in(pid):  # the task's own `sleep`, which has no lifeline
            os.kill(left, signal.SIGKILL)


def test_a_child_that_fails_before_all_is_ready_ends_the_start(stage: Stage, tmp_path: Path) -> None:
    supervisor = stage("keep(Task('steady', steady), Task('failing', failing_after_steady), ready=lambda: False)")
    said, _ = supervisor.communicate(timeout=30)
    assert "StartupError: failing did not start (exit code 3); it said why above." in said
    assert supervisor.returncode != 0
    assert all(gone(pid) for pid in noted(tmp_path, "steady"))


def test_a_child_that_fails_again_and_again_is_given_longer_pauses(stage: Stage, tmp_path: Path) -> None:
    stage("keep(Task('failing', failing))")
    assert len(noted(tmp_path, "failing", 2)) >= 2
    assert [pause_seconds(failures) for failures in (1, 2, 3, 4, 7, 100)] == [0.5, 1, 2, 4, 30, 30]


def test_a_step_run_apart_reports_its_failure(stage: Stage, tmp_path: Path) -> None:
    supervisor = stage("run_apart(Task('first', lambda: note('first')))\nrun_apart(Task('second', failing))")
    said, _ = supervisor.communicate(timeout=30)
    assert "second failed (exit code 3); it said why above." in said
    (pid,) = noted(tmp_path, "first")
    assert pid != supervisor.pid
    assert not is_alive(pid)


def test_a_taken_port_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(StartupError, match=f"Port {port} on 127.0.0.1 is taken by another program"):
            check_port("127.0.0.1", port)
    check_port("127.0.0.1", port)


def test_an_address_of_another_machine_is_one_sentence() -> None:
    with pytest.raises(StartupError, match=r"cannot listen on 192\.0\.2\.1, port 8400"):
        check_port("192.0.2.1", 8400)
