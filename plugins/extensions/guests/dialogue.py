"""The server's side of one invocation. Whatever a worker sends is checked: a guest may have taken it over."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

from .answers import HANDLER, BadResponse, asked_of, checked_answer, checked_response
from .contract import Contract
from .frames import ChannelClosed, Frame, FrameRefused, packed
from .invocation import CallRecord, HostAnswer, HostCall, Invocation, LogLine, OnHostCall, Outcome
from .limits import EXTISM, KILL_GRACE_SECONDS, MAX_FRAME_BYTES, MAX_LOG_LINE_BYTES
from .processes import LentGuests, WorkerProcess

_log = logging.getLogger(__name__)
_TRAPS = frozenset(
    {
        "bad_response",
        "guest_memory_exceeded",
        "guest_not_loadable",
        "guest_stack_exhausted",
        "guest_timeout",
        "guest_trapped",
        "host_call_flood",
        "host_error",
        "replay_diverged",
    }
)
_MOST_SECONDS = 86_400.0
_LEVELS = frozenset({"debug", "info", "warn", "error"})


def denial(capability: str) -> str:
    """The words of a missing grant."""
    return f"capability_denied: grant {capability} to this install"


class Dialogue:
    """Carries one invocation through on one worker. A dialogue that ends in a trap leaves the worker unfit for more."""

    def __init__(
        self,
        worker: WorkerProcess,
        guests: LentGuests,
        contract: Contract,
        invocation: Invocation,
        on_host_call: OnHostCall,
    ) -> None:
        self._worker = worker
        self._guests = guests
        self._contract = contract
        self._invocation = invocation
        self._on_host_call = on_host_call
        self._asked = asked_of(invocation.request)
        self._allowed = contract.allowed(invocation.capabilities)
        self._outcome = Outcome()
        self._lent = False
        self._started = time.monotonic()

    def carry_out(self) -> Outcome:
        """Send the order and answer until the worker is done, or kill it past the deadline."""
        try:
            self._worker.channel.send(self._order(), self._deadline())
            while not self._is_over(self._worker.channel.receive(self._deadline())):
                pass
        except TimeoutError:
            self._worker.kill()
            self._trap("guest_timeout", "the guest did not stop at its deadline and was killed")
        except ChannelClosed:
            self._died(self._worker.death())
        except (FrameRefused, KeyError, TypeError, ValueError) as error:
            self._worker.kill()
            self._trap("guest_crashed", f"its worker sent something unreadable ({type(error).__name__})")
        self._outcome.seconds = time.monotonic() - self._started
        return self._outcome

    def _deadline(self) -> float:
        limits = self._invocation.limits
        return self._started + self._outcome.host_seconds + limits.wall_seconds + KILL_GRACE_SECONDS

    def _order(self) -> Frame:
        invocation, limits = self._invocation, self._invocation.limits
        return {
            "op": "invoke",
            "artefact": invocation.artefact,
            "runtime": invocation.runtime,
            "functions": sorted(self._contract.functions) if invocation.runtime == EXTISM else (),
            "export": self._asked.export,
            "args": self._asked.args,
            "denied": {
                name: denial(capability)
                for name, capability in self._contract.capabilities.items()
                if capability and name not in self._allowed
            },
            "journal": invocation.journal,
            "replay": invocation.replay,
            "limits": {
                "cpu": limits.cpu_seconds,
                "wall": limits.wall_seconds,
                "memory": limits.memory_bytes,
                "host_calls": limits.host_calls,
                "log_lines": limits.log_lines,
                "log_bytes": limits.log_bytes,
            },
        }

    def _is_over(self, frame: Frame) -> bool:
        match frame["op"]:
            case "log":
                self._keep_log(frame)
            case "need":
                self._lend()
            case "denied":
                self._tell_denied(frame["name"])
            case "call":
                self._answer(frame["name"], _object(frame["args"]))
            case "done" | "trap":
                self._finish(frame)
                return True
            case _:
                raise FrameRefused("an unknown frame")
        return False

    def _keep_log(self, frame: Frame) -> None:
        logs, limits = self._outcome.logs, self._invocation.limits
        level, message = frame["level"], frame["message"]
        fits = len(logs) < limits.log_lines and isinstance(message, str) and len(message) <= MAX_LOG_LINE_BYTES
        if f"log.{level}" not in self._allowed or level not in _LEVELS or not fits:
            raise FrameRefused("a log line that may not be sent")
        logs.append(LogLine(level, message))

    def _lend(self) -> None:
        if self._lent:
            raise FrameRefused("the same guest twice")
        self._lent = True
        began = time.monotonic()
        with self._guests.lent(self._invocation.artefact) as descriptor:
            self._worker.lend(descriptor)
        self._started += time.monotonic() - began

    def _tell_denied(self, name: str) -> None:
        began = time.monotonic()
        self._host_call(name, {}, granted=False)
        self._record(name, "denied", began)

    def _answer(self, name: str, args: Mapping[str, Any]) -> None:
        began = time.monotonic()
        if name in self._allowed:
            answer, outcome = self._host_call(name, args, granted=True)
        else:  # the worker should have refused it: ask nobody, answer nothing of worth
            self._host_call(name, {}, granted=False)
            answer, outcome = (
                _packed({"success": False, "error": denial(self._contract.capabilities[name] or "")}),
                "denied",
            )
        self._record(name, outcome, began)
        self._worker.channel.send_packed(answer, self._deadline())

    def _host_call(self, name: str, args: Mapping[str, Any], *, granted: bool) -> tuple[bytes, str]:
        capability = self._contract.capabilities[name]
        if len(self._outcome.calls) >= self._invocation.limits.host_calls:
            raise FrameRefused("more host calls than allowed")
        interface, _, function = name.partition(".")
        try:
            answer = self._on_host_call(HostCall(interface, function.replace("-", "_"), args, granted, capability))
            frame = _packed(answer)
            if len(frame) > MAX_FRAME_BYTES:
                return _packed(
                    {"success": False, "error": f"answer_too_large: it has more than {MAX_FRAME_BYTES} bytes"}
                ), "failed"
            return frame, _outcome_of(answer, granted=granted)
        except KeyboardInterrupt:  # meant for this process
            raise
        except BaseException:  # whatever a host function raises, the guest gets words, and the log the reason
            _log.exception("host function %s failed", name)
            return _packed({"success": False, "error": "host_error: the call failed inside the host"}), "failed"

    def _record(self, name: str, outcome: str, began: float) -> None:
        seconds = time.monotonic() - began
        self._outcome.host_seconds += seconds
        self._outcome.calls.append(CallRecord(name, outcome, seconds))

    def _finish(self, frame: Frame) -> None:
        outcome = self._outcome
        outcome.cpu_seconds, outcome.memory_bytes = _figure(frame["cpu"], _MOST_SECONDS), int(_figure(frame["memory"]))
        outcome.dropped_log_lines = int(_figure(frame.get("dropped_log_lines", 0)))
        outcome.journal = frame.get("journal")
        if frame["op"] == "trap":
            kind = frame["kind"] if frame["kind"] in _TRAPS else "guest_crashed"
            self._trap(kind, str(frame["detail"]))
            return
        try:
            self._take(frame["answer"])
        except BadResponse as error:
            self._trap("bad_response", str(error))

    def _take(self, raw: Any) -> None:
        if self._asked.export == HANDLER:
            self._outcome.response = checked_response(raw, self._invocation.limits.response_bytes)
        else:
            self._outcome.answer, self._outcome.failed = checked_answer(raw)

    def _died(self, how: str) -> None:
        if how == "SIGXCPU":
            self._trap("guest_timeout", "the guest used up its CPU time")
        else:
            self._trap("guest_crashed", f"its worker ended ({how})")

    def _trap(self, kind: str, detail: str) -> None:
        outcome = self._outcome
        outcome.response, outcome.answer, outcome.failed = None, None, False
        outcome.trap, outcome.detail = kind, detail


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FrameRefused("arguments that are no object")
    return value


def _figure(told: Any, most: float = 2**31 - 1) -> float:
    """A number that a worker says, as far as a record can hold it."""
    if isinstance(told, bool) or not isinstance(told, int | float) or told < 0:
        raise FrameRefused("a figure that is none")
    return min(told, most)


def _packed(answer: HostAnswer) -> bytes:
    return packed({"op": "answer", "answer": dict(answer)})


def _outcome_of(answer: Mapping[str, Any], *, granted: bool) -> str:
    if not granted or str(answer.get("error", "")).startswith("capability_denied"):
        return "denied"
    return "ok" if answer["success"] else "refused"
