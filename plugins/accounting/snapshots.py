"""What stood on a document when it was taken, as JSON and back. Pure."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from kernel.hookspecs.papers import InvoicePaper

_READ: dict[Any, Any] = {UUID: UUID, Decimal: Decimal, date: date.fromisoformat, datetime: datetime.fromisoformat}


def pack(paper: InvoicePaper) -> dict[str, Any]:
    """A paper as plain JSON: decimals, days and ids as text."""
    packed: dict[str, Any] = _plain(paper)
    return packed


def unpack(packed: Mapping[str, Any]) -> InvoicePaper:
    """The paper of a snapshot. Fields that came later have what they begin with."""
    paper: InvoicePaper = _build(InvoicePaper, packed)
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


@lru_cache(maxsize=64)
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _build(kind: Any, packed: Mapping[str, Any]) -> Any:
    hints = _hints(kind)
    return kind(**{name: _read(hints[name], value) for name, value in packed.items() if name in hints})


def _read(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _read(next(one for one in inner if one is not type(None)), value)
    if origin is tuple:
        each = [inner[0]] * len(value) if inner[-1] is Ellipsis else inner
        return tuple(_read(one, part) for one, part in zip(each, value, strict=True))
    if kind in _READ:
        return _READ[kind](value)
    return _build(kind, value) if hasattr(kind, "_fields") or is_dataclass(kind) else value
