"""Gives a guest its imports: answers from the server, clocks and randomness from here, traps for all of WASI's rest.

No exception may leave a host function: wasmtime's binding keeps the last one in a global, and one that is no
`Exception` ends the process with a segmentation fault. So `_guarded` keeps it in the run and stops the guest.
"""

from __future__ import annotations

import os
import secrets
import time
import uuid
from collections.abc import Callable
from typing import Any

from wasmtime import Engine, WasmtimeError, component
from wasmtime.component import _types as kinds

from .limits import MAX_RANDOM_BYTES
from .running import Run, Stopped
from .values import reader, snake, writer

OURS = "deskhand:extension/"
CurrentRun = Callable[[], Run]
HostFunction = Callable[..., Any]


def make_linker(engine: Engine, guest: component.Component, current: CurrentRun) -> component.Linker:
    """A linker for one component; its functions serve whichever run is the current one."""
    linker = component.Linker(engine)
    linker.allow_shadowing = True
    linker.define_unknown_imports_as_traps(guest)
    with linker.root() as root:
        for name, extern in guest.type.imports(engine).items():
            if isinstance(extern.ty, kinds.ComponentInstanceType):
                _define(root, engine, name, extern.ty, current)
    return linker


def _define(root: Any, engine: Engine, name: str, kind: kinds.ComponentInstanceType, current: CurrentRun) -> None:
    functions = {
        function: body
        for function, extern in kind.exports(engine).items()
        if isinstance(extern.ty, kinds.FuncType) and (body := _body(name, function, extern.ty))
    }
    if functions:
        with root.add_instance(name) as instance:
            for function, body in functions.items():
                instance.add_func(function, _guarded(body, current))


def _body(instance: str, function: str, kind: kinds.FuncType) -> HostFunction | None:
    interface = instance.partition("@")[0]
    if not interface.startswith(OURS):
        return WASI.get((interface, function))
    name = f"{interface.removeprefix(OURS)}.{function}"
    if name.startswith("log."):
        return lambda run, message: run.log(function, message)
    return LOCAL.get(name) or _remote(name, kind)


def _guarded(body: HostFunction, current: CurrentRun) -> HostFunction:
    def host_function(_store: Any, *args: Any) -> Any:
        run = current()
        try:
            return body(run, *args)
        except BaseException as error:  # see the module's docstring
            run.stopped = error
            raise WasmtimeError("stopped by the host") from None

    return host_function


def _remote(name: str, kind: kinds.FuncType) -> HostFunction:
    params = [(snake(param), reader(param_kind)) for param, param_kind in kind.params]
    write = _answer_writer(kind.result)

    def body(run: Run, *args: Any) -> Any:
        plain = {param: read(value) for (param, read), value in zip(params, args, strict=True)}
        return write(run.call(name, plain))

    return body


def _answer_writer(kind: Any) -> Callable[[dict[str, Any]], Any]:
    if not isinstance(kind, kinds.ResultType):
        raise TypeError("a function that the server answers has a result type")
    write = writer(kind)
    return lambda answer: write(("ok", answer.get("value")) if answer["success"] else ("err", _refusal(answer)))


def _refusal(answer: dict[str, Any]) -> dict[str, Any]:
    errors = answer.get("field_errors") or {}
    fields = [{"field": field, "message": message} for field, message in errors.items()]
    return {"error": answer["error"], "field_errors": fields}


def _now_ms(run: Run) -> int:
    now: int = run.local("clock.now-ms", {}, lambda: time.time_ns() // 1_000_000)
    return now


def _fraction(run: Run) -> float:
    drawn: float = run.local("random.fraction", {}, lambda: secrets.randbits(53) / 2**53)
    return drawn


def _uuid(run: Run) -> str:
    drawn: str = run.local("random.uuid", {}, lambda: str(uuid.uuid4()))
    return drawn


def _bytes(run: Run, count: int) -> bytes:
    if count > MAX_RANDOM_BYTES:
        raise Stopped("guest_trapped", f"random.bytes gives at most {MAX_RANDOM_BYTES} bytes a call")
    drawn: str = run.local("random.bytes", {"count": count}, lambda: os.urandom(count).hex())
    return bytes.fromhex(drawn)


LOCAL: dict[str, HostFunction] = {
    "clock.now-ms": _now_ms,
    "random.fraction": _fraction,
    "random.uuid": _uuid,
    "random.bytes": _bytes,
}


def _datetime(run: Run) -> component.Record:
    seconds, milliseconds = divmod(_now_ms(run), 1000)
    return _record(seconds=seconds, nanoseconds=milliseconds * 1_000_000)


def _record(**fields: Any) -> component.Record:
    record = component.Record()
    for name, value in fields.items():
        setattr(record, name, value)
    return record


def _u64(run: Run) -> int:
    return int.from_bytes(_bytes(run, 8))


WASI: dict[tuple[str, str], HostFunction] = {
    ("wasi:clocks/wall-clock", "now"): _datetime,
    ("wasi:clocks/wall-clock", "resolution"): lambda _run: _record(seconds=0, nanoseconds=1_000_000),
    ("wasi:clocks/monotonic-clock", "now"): lambda run: _now_ms(run) * 1_000_000,
    ("wasi:clocks/monotonic-clock", "resolution"): lambda _run: 1_000_000,
    ("wasi:random/random", "get-random-bytes"): _bytes,
    ("wasi:random/random", "get-random-u64"): _u64,
    ("wasi:random/insecure", "get-insecure-random-bytes"): _bytes,
    ("wasi:random/insecure", "get-insecure-random-u64"): _u64,
    ("wasi:random/insecure-seed", "insecure-seed"): lambda run: (_u64(run), _u64(run)),
}
