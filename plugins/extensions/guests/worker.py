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
from contextlib import ExitStack, closing
from typing import Any

from wasmtime import WasmtimeError

from .components import LoadedComponent
from .engine import guest_engine
from .frames import Channel, ChannelClosed, Frame, packed
from .limits import EXTISM, MAX_FRAME_BYTES
from .running import NotLoadable, Run, Stopped, Watchdog
from .sandbox import allow_cpu, lock_down, writable_bytes

_KEPT_GUESTS = 8
_DETAIL_CHARS = 4000
_CPU_SLACK_SECONDS = 1.0
_OUT_OF_MEMORY = ("exceeds memory limits", "exceeds table limits", "resource limit exceeded")


class Worker:
    """Serves one server until the channel closes. `run` is the invocation in progress."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.engine = guest_engine()
        self.guests: OrderedDict[str, Any] = OrderedDict()
        self.run: Run | None = None
        self.watchdog = Watchdog()

    def serve(self) -> None:
        """Answer invocations. However this ends, the process ends with it: the server knows what that means."""
        try:
            while True:
                order = self.channel.receive()
                with ExitStack() as afterwards:  # nobody waits while the guest's memory is given back
                    self.channel.send_packed(_fitting(self.answer(order, afterwards)))
        finally:
            os._exit(0)

    def answer(self, order: Frame, afterwards: ExitStack) -> Frame:
        """Run one invocation to its end; what it had is let go of `afterwards`."""
        run = self.run = Run(self.channel, order)
        allow_cpu(order["limits"]["cpu"] + _CPU_SLACK_SECONDS)
        try:
            guest = self._guest(order["artefact"], order["runtime"])
            before, started = writable_bytes(), time.thread_time()
            opened = afterwards.enter_context(closing(guest.open(order["limits"])))
        except NotLoadable as error:
            return {"op": "trap", "kind": "guest_not_loadable", "detail": _cut(str(error)), "cpu": 0.0, "memory": 0}
        frame = self._outcome(run, opened, order, before)
        frame |= {"cpu": time.thread_time() - started, "memory": max(writable_bytes() - before, 0)}
        return frame | {"journal": run.journal, "dropped_log_lines": run.dropped_log_lines}

    def _outcome(self, run: Run, guest: Any, order: Frame, before: int) -> Frame:
        limits = order["limits"]
        self.watchdog.begin(run, guest.stop, limits, before + limits["memory"])
        try:
            answer = guest.call(order["export"], order["args"])
            if run.stopped is None:  # a plugin may end by itself before it notices that it was stopped
                return {"op": "done", "answer": answer}
            why = run.stopped
        except Exception as error:
            why = error
        finally:
            self.watchdog.end()
        kind, detail = _why(run, self.watchdog.expired, why, writable_bytes() - before, limits["memory"])
        return {"op": "trap", "kind": kind, "detail": _cut(detail)}

    def _guest(self, key: str, runtime: str) -> Any:
        if key not in self.guests:
            self.guests[key] = self._load(key, runtime)
            while len(self.guests) > _KEPT_GUESTS:
                self.guests.popitem(last=False)
        self.guests.move_to_end(key)
        return self.guests[key]

    def _load(self, key: str, runtime: str) -> Any:
        self.channel.send({"op": "need", "artefact": key})
        _, descriptors, _, _ = socket.recv_fds(self.channel.end, 1, 1)
        if not descriptors:
            raise ChannelClosed
        try:
            if runtime != EXTISM:
                return LoadedComponent(self.engine, descriptors[0], self._current)
            from .plugin_lane import LoadedPlugin  # here, since most workers never need the other runtime

            return LoadedPlugin(descriptors[0], self._current)
        finally:
            os.close(descriptors[0])

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
    first = run.stopped or error  # a plugin may end by itself, with nothing to say, before it notices that it was stopped
    if isinstance(first, Stopped):
        return first.kind, first.detail
    if run.stopped is not None or not (isinstance(error, WasmtimeError) or type(error).__module__.startswith("extism")):
        return "host_error", type(first).__name__
    if expired:
        return expired
    if "call stack exhausted" in text:
        return "guest_stack_exhausted", text
    if text == "oom" or any(words in text for words in _OUT_OF_MEMORY) or growth >= memory_limit // 2:
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
