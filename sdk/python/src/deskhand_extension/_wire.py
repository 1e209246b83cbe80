"""Between an author's values and those of the component's own bindings."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from importlib import import_module
from types import FunctionType, ModuleType, NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from deskhand_extension.refusal import HostRefusal

CALLED: list[bool] = []
"""Not empty once the host called for the first time."""


class Interface:
    """The functions of one noun. Those that the manifest does not ask for are not there, and say so when they are called."""

    def __init__(self, name: str, face: str) -> None:
        self._raw = _bindings(name)
        self._face = face
        self._hints: dict[str, dict[str, Any]] = {}

    def call(self, function: str, capability: str | None, *args: Any) -> Any:
        """What the host answers. Raises HostRefusal; and RuntimeError while the component is built, when there is no host."""
        if not CALLED:
            raise RuntimeError("there is no host while an extension is built; call its functions in handler, not beside it")
        raw = getattr(self._raw, function, None)
        if raw is None:
            raise HostRefusal(f"capability_denied: add {capability} to capabilities in deskhand.json")
        hints = self._types_of(function)
        given = [self._lowered(kind, one) for kind, one in zip(hints.values(), args, strict=False)]
        try:
            answer = raw(*given)
        except Exception as error:
            raise _refusal(error) from None
        return _lifted(hints["return"], answer)

    def learn(self) -> None:
        """Read the types of all its functions now, while the component is built, rather than in each call."""
        for name, one in vars(sys.modules[self._face]).items():
            if isinstance(one, FunctionType):
                self._types_of(name)

    def _types_of(self, function: str) -> dict[str, Any]:
        """The author's types of a function's parameters in their order, and of its answer."""
        if function not in self._hints:
            self._hints[function] = get_type_hints(getattr(sys.modules[self._face], function))
        return self._hints[function]

    def _lowered(self, kind: Any, value: Any) -> Any:
        """A record of the bindings instead of an author's; each choice as the member of their enumeration."""
        kind = _without_none(kind)
        if value is None or isinstance(value, bytes):
            return value
        if get_origin(kind) is Sequence:
            return [self._lowered(get_args(kind)[0], one) for one in value]
        if isinstance(kind, type) and dataclasses.is_dataclass(kind):
            hints = get_type_hints(kind)
            members = {name: self._lowered(hint, getattr(value, name)) for name, hint in hints.items()}
            return getattr(self._raw, str(kind.__name__))(**members)
        return value


def _bindings(name: str) -> ModuleType | None:
    try:
        return import_module(f"wit_world.imports.{name.replace('-', '_')}")
    except ModuleNotFoundError:  # outside a component, or not asked for by the manifest
        return None


def _without_none(kind: Any) -> Any:
    """`X` of `X | None`."""
    if get_origin(kind) not in (Union, UnionType):
        return kind
    return next(one for one in get_args(kind) if one is not NoneType)


def _lifted(kind: Any, value: Any) -> Any:
    kind = _without_none(kind)
    if value is None or kind in (NoneType, bytes):
        return value
    if get_origin(kind) is Sequence:
        return [_lifted(get_args(kind)[0], one) for one in value]
    if get_origin(kind) is Literal:
        return value.name.lower().replace("_", "-")
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        members = {name: _lifted(hint, getattr(value, name)) for name, hint in get_type_hints(kind).items()}
        return kind(**members)
    return value


def _refusal(error: Exception) -> Exception:
    """The host's no as an author meets it; anything else is as it was."""
    said = getattr(error, "value", None)
    if said is None or not hasattr(said, "field_errors"):
        return error
    return HostRefusal(said.error, {one.field: one.message for one in said.field_errors})
