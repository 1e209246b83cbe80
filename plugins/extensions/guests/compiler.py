"""The process that compiles one component: bytes in on standard input, its shape and machine code out.

The first line of the output is JSON: `{imports, exports}`, or `{refused}` with the reason.
"""

from __future__ import annotations

import ctypes
import resource
import signal
import sys

import orjson
from wasmtime import Module, WasmtimeError, component

from .engine import guest_engine
from .limits import COMPONENT, EXTISM, MAX_ARTEFACT_BYTES
from .sandbox import see_libraries_only
from .shapes import describe, describe_module

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Entry of the process: `argv[1]` seconds of CPU, `argv[2]` bytes of address space, `argv[3]` the runtime."""
    seconds, memory = int(sys.argv[1]), int(sys.argv[2])
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    see_libraries_only()
    sys.stdout.buffer.write(READERS[sys.argv[3]](sys.stdin.buffer.read()))


def compiled(wasm: bytes) -> bytes:
    """A component's shape and machine code."""
    engine = guest_engine()
    try:
        guest = component.Component(engine, wasm)
    except WasmtimeError as error:
        return orjson.dumps({"refused": str(error)[:2000]}) + b"\n"
    imports, exports = describe(engine, guest)
    code = bytes(guest.serialize())
    if len(code) > MAX_ARTEFACT_BYTES:  # said here, so that the server never holds it
        return orjson.dumps({"too_large": len(code)}) + b"\n"
    return orjson.dumps({"imports": imports, "exports": exports}) + b"\n" + code


def checked(wasm: bytes) -> bytes:
    """A module for extism, as it is: extism compiles it in each worker. Here it shows that this can be done within the limits."""
    try:
        module = Module(guest_engine(), wasm)
    except WasmtimeError as error:
        return orjson.dumps({"refused": str(error)[:2000]}) + b"\n"
    imports, exports = describe_module(module)
    return orjson.dumps({"imports": imports, "exports": exports}) + b"\n" + wasm


READERS = {COMPONENT: compiled, EXTISM: checked}
