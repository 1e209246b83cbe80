"""One invocation inside a worker: its budgets, its way to the server, and why it was stopped."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from .frames import Channel, Frame, packed
from .limits import MAX_ARGUMENT_BYTES, MAX_LOG_LINE_BYTES, SHORT_CALL_SECONDS
from .sandbox import go_last, writable_bytes

_TICK_SECONDS = 0.01
_JOURNAL_ENTRIES, _JOURNAL_BYTES = 2000, 8 << 20
"""A longer journal is kept by nobody, and would count as memory of the guest."""
_MEMORY_SLACK_BYTES = 32 << 20
"""What an answer and a response may take on the host's side while they are being copied."""


class Stopped(Exception):
    """A budget of this invocation is spent, or the host failed; `kind` is the name that the author sees."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


class NotLoadable(Exception):
    """The compiled guest cannot be made ready; the text says why."""


class Run:
    """The state of one invocation. `order` is the server's frame that started it."""

    def __init__(self, channel: Channel, order: Frame) -> None:
        self._channel = channel
        self._denied: dict[str, str] = order["denied"]
        self._limits: dict[str, Any] = order["limits"]
        self.journal: list[list[Any]] | None = [] if order["journal"] else None
        self._past: Iterator[list[Any]] | None = None if order["replay"] is None else iter(order["replay"])
        self.functions: frozenset[str] = frozenset(order["functions"])
        self.stopped: BaseException | None = None
        self.abort: Callable[[], None] = _nothing
        self.waiting_for_host = False
        self.host_seconds = 0.0
        self.dropped_log_lines = 0
        self._calls = self._journal_bytes = 0
        self._log_lines = 0
        self._log_bytes = 0

    def call(self, name: str, args: dict[str, Any]) -> dict[str, Any]:
        """Ask the server. `name` is `interface.function`; raises `Stopped` past the budget of host calls."""
        self._calls += 1
        if self._calls > self._limits["host_calls"]:
            raise Stopped("host_call_flood", f"more than {self._limits['host_calls']} host calls")
        if denial := self._denied.get(name):
            self._channel.send({"op": "denied", "name": name})
            return {"success": False, "error": denial}
        answer: dict[str, Any] = self.local(name, args, lambda: self._ask({"op": "call", "name": name, "args": args}))
        return answer

    def local(self, name: str, args: Any, make: Callable[[], Any]) -> Any:
        """What `make` answers to a call, or in a replay what was answered then. Raises `Stopped` for a guest that asks
        something else than it did.
        """
        if self._past is not None:
            return self._answered_then(name, args)
        answer = make()
        self._remember(name, args, answer)
        return answer

    def _answered_then(self, name: str, args: Any) -> Any:
        then, args_then, answer = next(self._past or iter(()), ["nothing", {}, None])
        if then != name or packed({"args": args_then}) != packed({"args": args}):
            raise Stopped("replay_diverged", f"it calls {name}; when it was recorded it called {then}, or with other arguments")
        return answer

    def _remember(self, name: str, args: Any, answer: Any) -> None:
        """Put a call and its answer into the journal, if one is kept; too long a journal is given up."""
        if self.journal is not None:
            self.journal.append([name, args, answer])
            self._journal_bytes += len(packed({"args": args, "answer": answer}))
            if len(self.journal) > _JOURNAL_ENTRIES or self._journal_bytes > _JOURNAL_BYTES:
                self.journal = None

    def log(self, level: str, message: str) -> None:
        """Hand a line to the server; lines over the limits are counted and dropped."""
        name = f"log.{level}"
        if name in self._denied:
            self.call(name, {})
            return
        line = message.encode("utf-8")[:MAX_LOG_LINE_BYTES]
        self._log_lines += 1
        self._log_bytes += len(line)
        if self._log_lines > self._limits["log_lines"] or self._log_bytes > self._limits["log_bytes"]:
            self.dropped_log_lines += 1
        else:
            self._channel.send({"op": "log", "level": level, "message": line.decode("utf-8", "ignore")})

    def _ask(self, frame: Frame) -> dict[str, Any]:
        question = packed(frame)
        if len(question) > MAX_ARGUMENT_BYTES:
            raise Stopped("guest_trapped", f"the arguments of a host call may have {MAX_ARGUMENT_BYTES} bytes")
        asked = time.monotonic()
        self.waiting_for_host = True
        try:
            self._channel.send_packed(question)
            answer: dict[str, Any] = self._channel.receive()["answer"]
            return answer
        finally:
            self.host_seconds += time.monotonic() - asked
            self.waiting_for_host = False


def _nothing() -> None:
    """A component is stopped by what its host function raises."""


class Watchdog:
    """Stops the running guest once it has used up its CPU time, its wall time or its memory.

    `expired` is then the trap's name and a sentence.
    """

    def __init__(self) -> None:
        self._stop: Callable[[], None] = _nothing
        self._cpu_clock = time.CLOCK_THREAD_CPUTIME_ID
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._run: Run | None = None
        self._thread = 0
        self._cpu_short = self._cpu_end = self._wall_end = 0.0
        self._memory_end = 0
        self.expired: tuple[str, str] | None = None

    def begin(self, run: Run, stop: Callable[[], None], limits: dict[str, Any], memory_end: int) -> None:
        """Start watching `run`, which the calling thread is about to do; its budgets count from now, and `stop` ends it."""
        with self._lock:
            self._cpu_clock = time.pthread_getcpuclockid(threading.get_ident())
            self._run, self._stop, self.expired, self._memory_end = run, stop, None, memory_end
            self._thread, used = threading.get_native_id(), time.clock_gettime(self._cpu_clock)
            self._cpu_short, self._cpu_end = used + SHORT_CALL_SECONDS, used + limits["cpu"]
            self._wall_end = time.monotonic() + limits["wall"]
        self._woken.set()

    def end(self) -> None:
        """Stop watching; nothing is stopped any more when this returns."""
        with self._lock:
            self._run = None

    def watch(self) -> None:
        """Runs for the life of the worker. Sleeps for good while there is nothing to watch."""
        while True:
            self._woken.wait()
            time.sleep(_TICK_SECONDS)
            with self._lock:
                self._check()

    def _check(self) -> None:
        run = self._run
        if run is None:
            self._woken.clear()
        elif not run.waiting_for_host and (why := self._spent(run)):
            self.expired = why
            self._stop()

    def _spent(self, run: Run) -> tuple[str, str] | None:
        used = time.clock_gettime(self._cpu_clock)
        if used > self._cpu_short:
            go_last(self._thread)
            self._cpu_short = math.inf
        if used > self._cpu_end:
            return "guest_timeout", "the guest used up its CPU time"
        if time.monotonic() - run.host_seconds > self._wall_end:
            return "guest_timeout", "the guest used up its time"
        if writable_bytes() > self._memory_end + _MEMORY_SLACK_BYTES:
            return "guest_memory_exceeded", "the guest's memories together are larger than allowed"
        return None
