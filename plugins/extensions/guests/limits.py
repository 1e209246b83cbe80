"""How much one invocation may use. Seconds, bytes and counts; an install may be given less, never more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MIB = 1 << 20

COMPONENT, EXTISM = "component@1", "extism@1"
"""The runtimes that a manifest may name."""

MAX_COMPONENT_BYTES = 32 * MIB
MAX_MODULE_BYTES = 4 * MIB
"""Of a module for extism, which each worker compiles for itself."""
MAX_REQUEST_BYTES = 2 * MIB
MAX_RESPONSE_BYTES = 6 * MIB
MAX_HEADERS = 100
MAX_FRAME_BYTES = 16 * MIB
MAX_ARGUMENT_BYTES = 2 * MIB
MAX_RANDOM_BYTES = 1024
MAX_LOG_LINE_BYTES = 16 * 1024

MAX_ARTEFACT_BYTES = 192 * MIB

COMPILE_SECONDS = 60.0
MODULE_SECONDS = 10.0
"""For a module for extism: each worker that meets it takes as long again."""
COMPILE_MEMORY_BYTES = 2048 * MIB

WORKER_MEMORY_BYTES = 2048 * MIB
WORKER_ADDRESS_SPACE_BYTES = 64 * 1024 * MIB
"""extism reserves 17 GiB of it for each plugin, and uses none of that."""
SHORT_CALL_SECONDS = 0.25
"""A guest that takes more of the processor goes last from then on, and its worker serves nobody after it."""
KILL_GRACE_SECONDS = 0.2
"""After the deadline the worker stops the guest itself; after this it is killed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one invocation may use. The host's time in answering calls counts against neither `cpu_seconds` nor
    `wall_seconds`. The defaults are those of a call that somebody waits for."""

    cpu_seconds: float = 5.0
    wall_seconds: float = 10.0
    memory_bytes: int = 128 * MIB
    host_calls: int = 200
    log_lines: int = 200
    log_bytes: int = 256 * 1024
    request_bytes: int = MAX_REQUEST_BYTES
    response_bytes: int = MAX_RESPONSE_BYTES
    http_calls: int = 20
    egress_bytes: int = 10 * MIB
    egress_seconds: float = 10.0


INTERACTIVE = Limits()
"""Somebody waits for the answer."""
WEBHOOK = Limits(cpu_seconds=25.0, wall_seconds=50.0)
"""A program waits, or nobody: webhooks, events, steps of workflows."""
SCHEDULED = Limits(cpu_seconds=300.0, wall_seconds=600.0)
HOOK = INTERACTIVE
"""Work of the platform waits, with a transaction open."""
BY_TRIGGER: Mapping[str, Limits] = {
    "http": INTERACTIVE, "hook": HOOK, "event": WEBHOOK, "workflow": WEBHOOK, "schedule": SCHEDULED,
}  # fmt: skip
