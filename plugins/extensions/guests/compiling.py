"""Compiles a component once, at publish, in a process that can be killed, and keeps the sealed result."""

from __future__ import annotations

import math
import signal
import subprocess
from collections.abc import Collection
from dataclasses import dataclass

import orjson

from ..errors import CompileLimitExceeded, ComponentRefused, NotAComponent
from .artefacts import ArtefactStore
from .contract import load_contract
from .inspection import Inspection, check_bytes, inspect_module, inspect_shape
from .limits import COMPILE_MEMORY_BYTES, COMPILE_SECONDS, EXTISM, MAX_ARTEFACT_BYTES, MODULE_SECONDS
from .spawn import python_command
from .wit import Shape

_PATIENCE = 4
"""Times the processor's seconds that compiling may take in all: it gives way to everything else on the machine."""
_OUT_OF_RESOURCES = frozenset({signal.SIGABRT, signal.SIGKILL, signal.SIGXCPU})


@dataclass(frozen=True, slots=True)
class Compiled:
    """`artefact` is the key by which `GuestPool` finds the compiled guest."""

    artefact: str
    inspection: Inspection


def compile_component(
    store: ArtefactStore,
    wasm: bytes,
    asked: Collection[str],
    needed: Collection[str] = (),
    runtime: str = "component@1",
    *,
    seconds: float = COMPILE_SECONDS,
    memory_bytes: int = COMPILE_MEMORY_BYTES,
) -> Compiled:
    """Inspect and compile a component whose manifest asks for the capabilities `asked` and has use for the exports `needed`.

    What was compiled before with this content and this runtime is only inspected again. Takes up to `seconds` of processor time.
    Raises a `ComponentRefused`; then nothing is kept that was not there before.
    """
    check_bytes(wasm, runtime)
    key = store.key(wasm)
    if store.intact(key):
        imports, exports = store.shape(key)
        return Compiled(key, _inspected(wasm, imports, exports, asked, needed, runtime))
    if runtime == EXTISM:
        seconds = min(seconds, MODULE_SECONDS)
    shape, code = _run_compiler(wasm, seconds, memory_bytes, runtime)
    inspection = _inspected(wasm, shape["imports"], shape["exports"], asked, needed, runtime)
    store.put(key, code, shape["imports"], shape["exports"])
    return Compiled(key, inspection)


def _inspected(
    wasm: bytes, imports: Shape, exports: Shape, asked: Collection[str], needed: Collection[str], runtime: str
) -> Inspection:
    if runtime == EXTISM:
        return inspect_module(wasm, imports, exports, needed)
    return inspect_shape(wasm, imports, exports, load_contract(), asked, needed)


def _run_compiler(
    wasm: bytes, seconds: float, memory_bytes: int, runtime: str
) -> tuple[dict[str, dict[str, dict[str, str]]], bytes]:
    command = python_command("compiler", str(math.ceil(seconds) + 1), str(memory_bytes), runtime)
    try:
        done = subprocess.run(command, input=wasm, capture_output=True, timeout=seconds * _PATIENCE, env={}, cwd="/", check=False)
    except subprocess.TimeoutExpired:
        raise CompileLimitExceeded(f"Compiling took longer than {seconds * _PATIENCE:g} seconds.") from None
    if done.returncode:
        raise _crashed(done.returncode, done.stderr)
    first, _, code = done.stdout.partition(b"\n")
    shape = orjson.loads(first)
    if "refused" in shape:
        raise NotAComponent(f"The component cannot be read: {shape['refused']}")
    if size := shape.get("too_large"):
        raise CompileLimitExceeded(f"Compiled it has {size} bytes; at most {MAX_ARTEFACT_BYTES} are allowed.")
    return shape, code


def _crashed(returncode: int, stderr: bytes) -> ComponentRefused:
    if -returncode in _OUT_OF_RESOURCES or b"MemoryError" in stderr:
        return CompileLimitExceeded("Compiling used more memory or time than a component may use.")
    return ComponentRefused("The compiler broke down over this component.")
