"""The extism lane inside a worker: small core modules that take and give JSON text, and have one host function.

No exception may leave a host function: extism would print it and let the guest go on with an empty answer. So `_answer` keeps
it in the run and cancels the guest. Each invocation has a plugin of its own: two calls of one may mix up their output.
"""

from __future__ import annotations

import mmap
from functools import cache
from typing import Any

import orjson
from extism import Error, Plugin, ValType
from extism.extism import HOST_FN_REGISTRY, CompiledPlugin, ExplicitFunction

from .frames import Frame
from .limits import MAX_ARGUMENT_BYTES, SCHEDULED
from .linking import LOCAL, CurrentRun
from .running import NotLoadable, Run, Stopped
from .sandbox import images

HOST_FUNCTION = "deskhand_call"
_PAGE_BYTES = 1 << 16
_HANDLER = "handler"


class LoadedPlugin:
    """A compiled module; one for each limit of memory, which extism fixes when it compiles."""

    def __init__(self, descriptor: int, current: CurrentRun) -> None:
        with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as code:
            self._wasm = bytes(code)
        self.current = current
        self._functions = [_host_function(current)]
        self._compiled: dict[int, CompiledPlugin] = {}

    def open(self, limits: dict[str, Any]) -> OpenPlugin:
        """One invocation of it. Raises `NotLoadable`."""
        memory = limits["memory"]
        with images():
            try:
                if memory not in self._compiled:
                    self._compiled[memory] = CompiledPlugin(_settings(self._wasm, memory), functions=self._functions)
                return OpenPlugin(Plugin(self._compiled[memory]), self.current)
            except Error as error:
                raise NotLoadable(str(error)) from None


def _settings(wasm: bytes, memory: int) -> dict[str, Any]:
    """The time limit is the longest that any invocation has: the watchdog cancels by the one in force."""
    return {
        "wasm": [{"data": wasm}],
        "memory": {"max_pages": memory // _PAGE_BYTES, "max_http_response_bytes": 0, "max_var_bytes": _PAGE_BYTES},
        "timeout_ms": int(SCHEDULED.wall_seconds * 1000),
        "allowed_hosts": [],
    }


class OpenPlugin:
    """One invocation of a module."""

    def __init__(self, plugin: Plugin, current: CurrentRun) -> None:
        self._plugin: Plugin | None = plugin
        self._handle = plugin.cancel_handle()
        current().abort = self.stop

    def call(self, export: str, args: Frame) -> Any:
        """Call an export with its one argument as JSON (text as it is), and read its JSON answer."""
        if self._plugin is None:
            raise RuntimeError("the invocation is over")
        (argument,) = args.values()
        text = argument.encode() if isinstance(argument, str) else orjson.dumps(argument)
        name = export.replace("-", "_")
        if not self._plugin.function_exists(name):
            raise Stopped("guest_not_loadable", f"it exports no function {name!r}")
        given: bytes = self._plugin.call(name, text)
        return _read(given) if export == _HANDLER else _result(given)

    def stop(self) -> None:
        """Stop the guest at its next step; called from another thread, and from within host functions."""
        self._handle.cancel()

    def close(self) -> None:
        """Let go of all that the invocation had."""
        self._plugin = None


def _result(given: bytes) -> Any:
    match _read(given):
        case {"success": True, "value": value}:
            return ["ok", value]
        case {"success": False, "error": str(words)}:
            return ["err", words]
    raise Stopped("bad_response", 'the answer is neither {"success": true, "value"} nor {"success": false, "error"}')


def _read(given: bytes) -> Any:
    try:
        return orjson.loads(given)
    except orjson.JSONDecodeError as error:
        raise Stopped("bad_response", f"the answer is no JSON: {error}") from None


@cache
def _host_function(current: CurrentRun) -> ExplicitFunction:
    """The one function that modules import. extism finds it again by its place in a list of its own."""

    def deskhand_call(plugin: Any, inputs: list[Any], outputs: list[Any], *_: Any) -> None:
        run = current()
        if run.stopped is None:
            try:
                plugin.return_bytes(outputs[0], orjson.dumps(_answer(run, plugin.input_bytes(inputs[0]))))
            except BaseException as error:  # see the module's docstring
                run.stopped = error
                run.abort()

    place = len(HOST_FN_REGISTRY).to_bytes(4, "big")
    made = ExplicitFunction("extism:host/user", HOST_FUNCTION, [ValType.I64], [ValType.I64], deskhand_call, [place])
    HOST_FN_REGISTRY.append(made)
    return made


def _answer(run: Run, asked: bytes) -> dict[str, Any]:
    if len(asked) > MAX_ARGUMENT_BYTES:
        raise Stopped("guest_trapped", f"the arguments of a host call may have {MAX_ARGUMENT_BYTES} bytes")
    try:
        match orjson.loads(asked):
            case {"interface": str(interface), "function": str(function), "args": dict(args), **more} if not more:
                return _called(run, f"{interface}.{function.replace('_', '-')}", args)
    except orjson.JSONDecodeError:
        pass
    return {"success": False, "error": f"invalid_call: send {HOST_FUNCTION} JSON with interface, function and args"}


def _called(run: Run, name: str, args: dict[str, Any]) -> dict[str, Any]:
    if name not in run.functions:
        return {"success": False, "error": f"function_unknown: the platform has no {name}"}
    if name.startswith("log."):
        run.log(name.removeprefix("log."), str(args.get("message", "")))
        return {"success": True, "value": None}
    if body := LOCAL.get(name):
        try:
            value = body(run, **args)
        except (TypeError, ValueError):
            return {"success": False, "error": f"invalid_input: these are no arguments of {name}"}
        return {"success": True, "value": list(value) if isinstance(value, bytes) else value}
    return run.call(name, args)
