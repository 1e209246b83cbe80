"""Keeps a set of processes running: starts them, restarts what ends, stops all of them in time.

The processes are forks of this one, which has imported the application already: a child is ready at once, and memory is
shared. So this process must have no threads and no connections when it starts one.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from types import FrameType
from typing import TYPE_CHECKING

from kernel.errors import StartupError
from local.lifeline import die_with_parent

if TYPE_CHECKING:
    from multiprocessing.context import ForkProcess

GRACE_SECONDS = 8.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
HEALTHY_SECONDS = 60.0
LOOK_SECONDS = 1.0
_forks = multiprocessing.get_context("fork")


def _nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class Task:
    """What one process does: `run` returns only when the process is told to stop."""

    name: str
    run: Callable[[], None]


class Child:
    """One task's process, and how often it has failed of late."""

    def __init__(self, task: Task, leave_parent: Callable[[], None] = _nothing) -> None:
        self.task = task
        self.process: ForkProcess | None = None
        self.failures = 0
        self.due = 0.0
        self.exit_code: int | None = None
        self._leave_parent = leave_parent
        self._started = 0.0

    def start(self) -> None:
        """Fork the process into a session of its own, so that Ctrl-C reaches the supervisor alone."""
        self._started = time.monotonic()
        self.process = _forks.Process(target=self._run, args=(os.getpid(),), name=self.task.name)
        self.process.start()

    def _run(self, parent: int) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        die_with_parent(parent)
        self._leave_parent()
        self.task.run()

    def ended(self) -> bool:
        """True if the process was started and is gone."""
        return self.process is not None and not self.process.is_alive()

    def bury(self) -> None:
        """Clear away an ended process with what it left behind, and set when to start again."""
        self.stop_by(time.monotonic())
        lived = time.monotonic() - self._started
        self.failures = 1 if lived > HEALTHY_SECONDS else self.failures + 1
        self.due = time.monotonic() + pause_seconds(self.failures)

    def ask_to_stop(self) -> None:
        """Send SIGTERM, if it runs."""
        if self.process is not None:
            self.process.terminate()

    def stop_by(self, deadline: float) -> None:
        """Wait until the process has ended, but not beyond the deadline (monotonic seconds); then kill it."""
        if self.process is not None:
            self.process.join(max(0.0, deadline - time.monotonic()))
            _kill_group(self.process)
            self.process.join()
            self.exit_code, self.process = self.process.exitcode, None

    def last_words(self) -> str:
        """How the process ended: a signal's name or an exit code."""
        code = self.exit_code or 0
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"

    def wait(self) -> None:
        """Wait until the process ends by itself."""
        if self.process is not None:
            self.process.join()


def _kill_group(process: ForkProcess) -> None:
    """Kill a child with all that still belongs to its session."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid or 0, signal.SIGKILL)


def pause_seconds(failures: int) -> float:
    """How long to wait before the next start: doubling from half a second to half a minute.

    >>> [pause_seconds(failures) for failures in (1, 2, 3, 7, 50)]
    [0.5, 1.0, 2.0, 30.0, 30.0]
    """
    return min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(failures - 1, 10))


class Supervisor:
    """The children of this process. `watch` is called about once a second for what else must be kept alive."""

    def __init__(
        self,
        tasks: Sequence[Task],
        *,
        say: Callable[[str], None],
        watch: Callable[[], None] = _nothing,
        leave_parent: Callable[[], None] = _nothing,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        self.children = [Child(task, leave_parent) for task in tasks]
        self._say = say
        self._watch = watch
        self._grace_seconds = grace_seconds

    def start(self, name: str | None = None) -> None:
        """Start every child that was not started yet, or only the one of this name."""
        for child in self.children:
            if child.process is None and name in (None, child.task.name):
                child.start()

    def run(self) -> None:
        """Keep the children running until an exception, such as KeyboardInterrupt from a signal, ends it."""
        while True:
            self._watch()
            self.tend()
            wait(self._sentinels(), self._nap_seconds())

    def tend(self) -> None:
        """Clear away what has ended and start again what is due."""
        for child in self.children:
            if child.ended():
                child.bury()
                self._say(f"{child.task.name} ended ({child.last_words()}); it starts again.")
            if child.process is None and time.monotonic() >= child.due:
                child.start()

    def await_ready(self, is_ready: Callable[[], bool]) -> None:
        """Wait until `is_ready`. Raises StartupError if a child ends before, for then it would only end again."""
        while not is_ready():
            for child in self.children:
                if child.ended():
                    child.bury()
                    raise StartupError(f"{child.task.name} did not start ({child.last_words()}); it said why above.")
            wait(self._sentinels(), 0.05)

    def stop(self) -> None:
        """Ask all to stop at once, wait for them together, kill who is late. A second Ctrl-C shortens the wait."""
        for child in self.children:
            child.ask_to_stop()
        deadline = time.monotonic() + self._grace_seconds
        for child in self.children:
            try:
                child.stop_by(deadline)
            except KeyboardInterrupt:
                deadline = time.monotonic()
                child.stop_by(deadline)

    def _sentinels(self) -> list[int]:
        return [child.process.sentinel for child in self.children if child.process is not None]

    def _nap_seconds(self) -> float:
        due = [child.due - time.monotonic() for child in self.children if child.process is None]
        return max(0.0, min([LOOK_SECONDS, *due]))


def run_apart(task: Task, leave_parent: Callable[[], None] = _nothing) -> None:
    """Run something in a fork and wait for it, so that this process stays free of threads and connections.

    Raises StartupError if it fails; the fork has printed why.
    """
    child = Child(task, leave_parent)
    child.start()
    try:
        child.wait()
    finally:
        child.ask_to_stop()
        child.stop_by(time.monotonic() + GRACE_SECONDS)
    if child.exit_code:
        raise StartupError(f"{task.name} failed ({child.last_words()}); it said why above.")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def stopping_on_signals() -> Iterator[None]:
    """Within, SIGTERM and SIGHUP do what Ctrl-C does: raise KeyboardInterrupt. What `nohup` ignores stays ignored."""
    heeded = [one for one in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(one) != signal.SIG_IGN]
    former = {number: signal.signal(number, _interrupt) for number in heeded}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
