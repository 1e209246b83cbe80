"""The component lane inside a worker: typed exports, called in a fresh store of wasmtime."""

from __future__ import annotations

from typing import Any, NamedTuple

from wasmtime import Engine, Store, WasmtimeError, component

from .frames import Frame
from .linking import CurrentRun, make_linker
from .running import NotLoadable, Stopped
from .types_once import ask_types_once
from .values import Convert, reader, snake, writer

ask_types_once()
_MEMORIES = 4
"""A component from the QuickJS tool chain has three. The limit holds for each of them; the watchdog holds it for all."""


class Export(NamedTuple):
    """A function that a component gives, and how its arguments are written and its answer is read."""

    kind: Any
    params: list[tuple[str, Convert]]
    read: Convert


class LoadedComponent:
    """A compiled component with its linker and the converters of its exports."""

    def __init__(self, engine: Engine, descriptor: int, current: CurrentRun) -> None:
        try:
            self.guest = component.Component.deserialize_file(engine, f"/proc/self/fd/{descriptor}")
            self.linker = make_linker(engine, self.guest, current)
        except WasmtimeError as error:
            raise NotLoadable(str(error)) from None
        self.engine = engine
        self._exports: dict[str, Export] = {}

    def open(self, limits: dict[str, Any]) -> OpenComponent:
        """One invocation of it."""
        return OpenComponent(self, limits)

    def export(self, export: str) -> Export:
        """One of its exports. Raises `Stopped` where there is none of the name."""
        if export not in self._exports:
            found = self.guest.type.exports(self.engine).get(export)
            if found is None:
                raise Stopped("guest_not_loadable", f"it exports no function {export!r}")
            kind: Any = found.ty
            params = [(snake(name), writer(param)) for name, param in kind.params]
            self._exports[export] = Export(kind, params, reader(kind.result))
        return self._exports[export]


class OpenComponent:
    """One invocation of a component, in a store of its own."""

    def __init__(self, loaded: LoadedComponent, limits: dict[str, Any]) -> None:
        self._loaded = loaded
        store = self._store = Store(loaded.engine)
        store.set_limits(memory_size=limits["memory"], table_elements=100_000, instances=50, tables=50, memories=_MEMORIES)
        store.set_epoch_deadline(1)

    def call(self, export: str, args: Frame) -> Any:
        """Instantiate the component and call one of its exports."""
        kind, params, read = self._loaded.export(export)
        function: Any = self._loaded.linker.instantiate(self._store, self._loaded.guest).get_func(self._store, export)
        function.type = lambda _store: kind  # which remembers its parts; the binding would make a new one
        return read(function(self._store, *(write(args[name]) for name, write in params)))

    def stop(self) -> None:
        """Stop the guest at its next step; called from another thread."""
        self._loaded.engine.increment_epoch()

    def close(self) -> None:
        """Let go of all that the invocation had."""
        self._store.close()
