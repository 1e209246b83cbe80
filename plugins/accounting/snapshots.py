"""What stood on a document when it was taken, as JSON and back. Pure."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from kernel.hookspecs.papers import InvoicePaper

_Reader = Callable[[Any], Any]
_READ: dict[Any, _Reader] = {UUID: UUID, Decimal: Decimal, date: date.fromisoformat, datetime: datetime.fromisoformat}


def pack(paper: InvoicePaper) -> dict[str, Any]:
    """A paper as plain JSON: decimals, days and ids as text."""
    packed: dict[str, Any] = _plain(paper)
    return packed


def unpack(packed: Mapping[str, Any]) -> InvoicePaper:
    """The paper of a snapshot. Fields that came later have what they begin with."""
    paper: InvoicePaper = _reader(InvoicePaper)(packed)
    return paper


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if hasattr(value, "_asdict"):
        return {name: _plain(one) for name, one in value._asdict().items()}
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | UUID) else value


@lru_cache(maxsize=256)
def _reader(kind: Any) -> _Reader:
    """What makes values of a type from plain ones; worked out once for each type."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _reader(next(one for one in inner if one is not type(None)))
    if origin is tuple and inner[-1] is Ellipsis:
        each = _reader(inner[0])
        return lambda value: tuple([_read(each, part) for part in value])
    if origin is tuple:
        parts = [_reader(one) for one in inner]
        return lambda value: tuple([_read(one, part) for one, part in zip(parts, value, strict=True)])
    if kind in _READ:
        return _READ[kind]
    return _builder(kind) if hasattr(kind, "_fields") or is_dataclass(kind) else _as_it_is


def _builder(kind: Any) -> _Reader:
    readers = {name: _reader(hint) for name, hint in get_type_hints(kind).items()}
    return lambda packed: kind(**{name: _read(readers[name], value) for name, value in packed.items() if name in readers})


def _read(reader: _Reader, value: Any) -> Any:
    return value if value is None or reader is _as_it_is else reader(value)


def _as_it_is(value: Any) -> Any:
    return value
