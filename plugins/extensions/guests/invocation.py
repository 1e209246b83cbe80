"""What the server says to the pool about one call of a guest, and what it gets back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .limits import INTERACTIVE, Limits

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class GuestRequest:
    """One request for a handler. `path` starts with a slash, `params` are the endpoint's matched names."""

    method: str
    path: str
    params: Pairs = ()
    query: Pairs = ()
    headers: Pairs = ()
    body: str = ""


@dataclass(frozen=True, slots=True)
class ExportCall:
    """A call of an export other than the handler. `args` are its arguments, with snake_case names all the way down."""

    export: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GuestResponse:
    """A handler's answer, checked: `status` is 200 to 599, header names are tokens, header values one line."""

    status: int
    headers: Pairs
    body: str


@dataclass(frozen=True, slots=True)
class HostCall:
    """A guest's call of a host function. `args` has snake_case keys.

    `granted` is false where the install had no grant when the invocation began: the guest is answered with the
    denial already, `args` is empty, and the call is told only so that it can be audited.
    """

    interface: str
    function: str
    args: Mapping[str, Any]
    granted: bool
    capability: str | None


HostAnswer = Mapping[str, Any]
"""`{success: True, value}` or `{success: False, error, field_errors}`; `value` has the shape of the WIT's ok type with
snake_case keys, `error` is `code: sentence`, `field_errors` maps field paths to sentences."""

OnHostCall = Callable[[HostCall], HostAnswer]


@dataclass(frozen=True, slots=True)
class CallRecord:
    """`outcome` is `ok`, `denied`, `refused` (the host function said no) or `failed` (it raised)."""

    name: str
    outcome: str
    seconds: float


@dataclass(frozen=True, slots=True)
class LogLine:
    level: str
    message: str


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call to be made. `capabilities` are the grants in force; `artefact` is the key of `Compiled`.

    With `journal` the outcome has the host's answers; with `replay`, such a journal, nobody is asked: the guest is answered as
    it was then.

    `owner` says whose data the guest sees: a worker that is free serves its last owner first.
    """

    artefact: str
    request: GuestRequest | ExportCall
    capabilities: frozenset[str]
    limits: Limits = INTERACTIVE
    journal: bool = False
    replay: Sequence[Any] | None = None
    owner: str = ""
    runtime: str = "component@1"


@dataclass(slots=True)
class Outcome:
    """What became of an invocation. `trap` names why there is no response:

    `guest_timeout`, `guest_memory_exceeded`, `guest_stack_exhausted`, `host_call_flood`, `bad_response`,
    `guest_trapped` (its own fault), `guest_not_loadable`, `guest_crashed` (its process died), `host_error` (ours).
    `response` is a handler's, `answer` another export's: its ok value, or with `failed` the words of its own error.
    Seconds are wall time for `seconds` and `host_seconds`, CPU time for `cpu_seconds`.
    """

    response: GuestResponse | None = None
    answer: Any = None
    failed: bool = False
    trap: str | None = None
    detail: str = ""
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    host_seconds: float = 0.0
    memory_bytes: int = 0
    calls: list[CallRecord] = field(default_factory=list)
    logs: list[LogLine] = field(default_factory=list)
    dropped_log_lines: int = 0
    journal: list[list[Any]] | None = None

    @property
    def ok(self) -> bool:
        return self.trap is None
