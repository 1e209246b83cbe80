"""The process that runs guests: one at a time, each in a fresh store, nothing in reach but the channel to the server.

Started as `python -I -c …` with the channel as file descriptor and an empty environment. The server sends
`{op: invoke}`; the worker answers with any number of `log`, `denied` and `call`, then `done` or `trap`. A compiled
guest that it does not have yet it asks for with `need`, and gets as a file descriptor.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections import OrderedDict
from typing import Any

from wasmtime import Engine, Store, WasmtimeError, component

from .engine import guest_engine
from .frames import Channel, ChannelClosed, Frame, packed
from .limits import MAX_FRAME_BYTES
from .linking import make_linker
from .running import Run, Stopped, Watchdog
from .sandbox import allow_cpu, lock_down, writable_bytes
from .values import Convert, reader, snake, writer

_KEPT_GUESTS = 8
_DETAIL_CHARS = 4000
_CPU_SLACK_SECONDS = 1.0
_MEMORIES = 4
"""A component from the QuickJS tool chain has three. The limit holds for each of them; the watchdog holds it for all."""


class LoadedGuest:
    """A compiled component with its linker and the converters of its exports."""

    def __init__(self, engine: Engine, guest: component.Component, current: Any) -> None:
        self.guest = guest
        self.linker = make_linker(engine, guest, current)
        self._engine = engine
        self._exports: dict[str, tuple[list[tuple[str, Convert]], Convert]] = {}

    def call(self, store: Store, export: str, args: Frame) -> Any:
        """Instantiate the component in a fresh store and call one of its exports."""
        params, read = self._converters(export)
        function: Any = self.linker.instantiate(store, self.guest).get_func(store, export)
        return read(function(store, *(write(args[name]) for name, write in params)))

    def _converters(self, export: str) -> tuple[list[tuple[str, Convert]], Convert]:
        if export not in self._exports:
            found = self.guest.type.exports(self._engine).get(export)
            if found is None:
                raise Stopped("guest_not_loadable", f"it exports no function {export!r}")
            kind: Any = found.ty
            params = [(snake(name), writer(param)) for name, param in kind.params]
            self._exports[export] = (params, reader(kind.result))
        return self._exports[export]


class Worker:
    """Serves one server until the channel closes. `run` is the invocation in progress."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.engine = guest_engine()
        self.guests: OrderedDict[str, LoadedGuest] = OrderedDict()
        self.run: Run | None = None
        self.watchdog = Watchdog(self.engine)

    def serve(self) -> None:
        """Answer invocations. However this ends, the process ends with it: the server knows what that means."""
        try:
            while True:
                order = self.channel.receive()
                self.channel.send_packed(_fitting(self.answer(order)))
        finally:
            os._exit(0)

    def answer(self, order: Frame) -> Frame:
        """Run one invocation to its end."""
        try:
            guest = self._guest(order["artefact"])
        except WasmtimeError as error:
            return {"op": "trap", "kind": "guest_not_loadable", "detail": _cut(str(error)), "cpu": 0.0, "memory": 0}
        run = self.run = Run(self.channel, order)
        before, started = writable_bytes(), time.thread_time()
        store = self._store(order["limits"])
        frame = self._outcome(run, guest, store, order, before)
        frame |= {"cpu": time.thread_time() - started, "memory": max(writable_bytes() - before, 0)}
        store.close()
        return frame | {"journal": run.journal, "dropped_log_lines": run.dropped_log_lines}

    def _outcome(self, run: Run, guest: LoadedGuest, store: Store, order: Frame, before: int) -> Frame:
        limits = order["limits"]
        self.watchdog.begin(run, limits["cpu"], limits["wall"], before + limits["memory"])
        try:
            return {"op": "done", "answer": guest.call(store, order["export"], order["args"])}
        except Exception as error:
            self.watchdog.end()
            growth = writable_bytes() - before
            kind, detail = _why(run, self.watchdog.expired, error, growth, limits["memory"])
            return {"op": "trap", "kind": kind, "detail": _cut(detail)}
        finally:
            self.watchdog.end()

    def _store(self, limits: dict[str, Any]) -> Store:
        allow_cpu(limits["cpu"] + _CPU_SLACK_SECONDS)
        store = Store(self.engine)
        store.set_limits(memory_size=limits["memory"], table_elements=100_000, instances=50, tables=50, memories=_MEMORIES)
        store.set_epoch_deadline(1)
        return store

    def _guest(self, key: str) -> LoadedGuest:
        if key not in self.guests:
            self.guests[key] = self._load(key)
            while len(self.guests) > _KEPT_GUESTS:
                self.guests.popitem(last=False)
        self.guests.move_to_end(key)
        return self.guests[key]

    def _load(self, key: str) -> LoadedGuest:
        self.channel.send({"op": "need", "artefact": key})
        _, descriptors, _, _ = socket.recv_fds(self.channel.end, 1, 1)
        if not descriptors:
            raise ChannelClosed
        try:
            guest = component.Component.deserialize_file(self.engine, f"/proc/self/fd/{descriptors[0]}")
        finally:
            os.close(descriptors[0])
        return LoadedGuest(self.engine, guest, self._current)

    def _current(self) -> Run:
        if self.run is None:
            raise RuntimeError("a host function was called outside an invocation")
        return self.run


def _why(run: Run, expired: tuple[str, str] | None, error: Exception, growth: int, memory_limit: int) -> tuple[str, str]:
    """Name the trap by what we know ourselves; wasmtime's text is only a hint.

    A refused `memory.grow` leaves no mark of its own: whoever traps while holding half of what is allowed was
    refused the next doubling.
    """
    text = str(error)
    stopped = error if isinstance(error, Stopped) else run.stopped
    if isinstance(stopped, Stopped):
        return stopped.kind, stopped.detail
    if run.stopped is not None or not isinstance(error, WasmtimeError):
        return "host_error", type(run.stopped or error).__name__
    if expired:
        return expired
    if "call stack exhausted" in text:
        return "guest_stack_exhausted", text
    if "exceeds memory limits" in text or "resource limit exceeded" in text or growth >= memory_limit // 2:
        return "guest_memory_exceeded", f"the guest may use {memory_limit} bytes of memory\n{text}"
    if "invalid utf-8" in text or "out of bounds of memory" in text or "pointer/length" in text:
        return "bad_response", text
    return "guest_trapped", text


def _fitting(frame: Frame) -> bytes:
    """The frame as bytes, without its journal or its answer where they make it too long."""
    whole = packed(frame)
    if len(whole) > MAX_FRAME_BYTES and frame.get("journal"):
        whole = packed(frame | {"journal": None})
    if len(whole) > MAX_FRAME_BYTES:
        detail = f"the answer has more than {MAX_FRAME_BYTES} bytes"
        whole = packed(frame | {"op": "trap", "kind": "bad_response", "detail": detail, "journal": None, "answer": None})
    return whole


def _cut(text: str) -> str:
    return text if len(text) <= _DETAIL_CHARS else text[:_DETAIL_CHARS] + "…"


def main() -> None:
    """Entry of the process: `argv[1]` is the number of the channel's file descriptor."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    channel = Channel(socket.socket(fileno=int(sys.argv[1])))
    offline = lock_down()
    worker = Worker(channel)
    channel.send({"op": "ready", "offline": offline})
    threading.Thread(target=worker.serve, daemon=True).start()
    worker.watchdog.watch()
