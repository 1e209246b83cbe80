"""The one wasmtime configuration: a guest is compiled and run with the same, or not at all."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wasmtime import Engine

MAX_WASM_STACK_BYTES = 1 << 20
MEMORY_RESERVATION_BYTES = 128 << 20

_SETTINGS: dict[str, bool | int] = {
    "wasm_component_model": True,
    "epoch_interruption": True,
    "wasm_threads": False,
    "wasm_memory64": False,
    "max_wasm_stack": MAX_WASM_STACK_BYTES,
    # No 4 GiB reservation and no guard pages: a worker's address space can then be limited by the kernel.
    "memory_reservation": MEMORY_RESERVATION_BYTES,
    "memory_reservation_for_growth": 0,
    "memory_guard_size": 0,
    # The same input gives the same bits, so that a journal can be replayed.
    "cranelift_nan_canonicalization": True,
    "wasm_relaxed_simd_deterministic": True,
}


def guest_engine() -> Engine:
    """A new engine; its epoch is stepped by the worker's watchdog."""
    from wasmtime import Config, Engine  # here, since the server needs the fingerprint but never the runtime

    config = Config()
    for name, value in _SETTINGS.items():
        setattr(config, name, value)
    return Engine(config)


@cache
def engine_fingerprint() -> str:
    """Changes whenever compiled guests of before can no longer be loaded."""
    settings = ",".join(f"{name}={value}" for name, value in sorted(_SETTINGS.items()))
    return f"wasmtime {version('wasmtime')};{settings}"
