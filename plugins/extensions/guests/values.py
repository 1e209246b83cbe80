"""Plain data in, wasmtime values out, and back.

A record is a dict with snake_case keys, a variant a pair of case and payload, an option its value or None. The
converters of a type are made once, since asking wasmtime for a type's fields costs more than the conversion.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wasmtime import component
from wasmtime.component import _types as kinds

Convert = Callable[[Any], Any]

_RANGES: dict[type, tuple[int, int]] = {
    kinds.S8: (-(2**7), 2**7 - 1),
    kinds.S16: (-(2**15), 2**15 - 1),
    kinds.S32: (-(2**31), 2**31 - 1),
    kinds.S64: (-(2**63), 2**63 - 1),
    kinds.U8: (0, 2**8 - 1),
    kinds.U16: (0, 2**16 - 1),
    kinds.U32: (0, 2**32 - 1),
    kinds.U64: (0, 2**64 - 1),
}


# The binding leaves tags away where it thinks that classes tell the cases apart. They do not for a result whose ok type
# is an option (its classes are those of everything), so results and variants always carry their tag here.
for _kind in (kinds.ResultType, kinds.VariantType):
    setattr(_kind, "_tagged", lambda _self: True)  # noqa: B010


def snake(name: str) -> str:
    """`client-id` as `client_id`."""
    return name.replace("-", "_")


def reader(kind: Any) -> Convert:
    """Turns a value that came from a guest into plain data."""
    make = _READERS.get(type(kind))
    return make(kind) if make else _same


def writer(kind: Any) -> Convert:
    """Turns plain data into a value for a guest; raises `TypeError` or `ValueError` where it does not fit."""
    if type(kind) in _RANGES:
        return _integer(*_RANGES[type(kind)])
    make = _WRITERS.get(type(kind))
    return make(kind) if make else _same


def _same(value: Any) -> Any:
    return value


def _integer(low: int, high: int) -> Convert:
    def convert(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError(f"{value!r} is no whole number from {low} to {high}")
        return value

    return convert


def _read_record(kind: Any) -> Convert:
    fields = [(name, snake(name), reader(field)) for name, field in kind.fields]
    return lambda value: {key: convert(getattr(value, name)) for name, key, convert in fields}


def _write_record(kind: Any) -> Convert:
    fields = [(name, snake(name), writer(field)) for name, field in kind.fields]

    def convert(value: Any) -> component.Record:
        record = component.Record()
        for name, key, inner in fields:
            setattr(record, name, inner(value[key]))
        return record

    return convert


def _read_list(kind: Any) -> Convert:
    if isinstance(kind.element, kinds.U8):
        return list
    convert = reader(kind.element)
    return lambda values: [convert(value) for value in values]


def _write_list(kind: Any) -> Convert:
    if isinstance(kind.element, kinds.U8):
        return bytes
    convert = writer(kind.element)
    return lambda values: [convert(value) for value in values]


def _read_cases(kind: Any) -> Convert:
    cases = {name: reader(payload) if payload is not None else _same for name, payload in kind._cases()}
    return lambda value: [value.tag, cases[value.tag](value.payload)]


def _write_cases(kind: Any) -> Convert:
    cases = {name: writer(payload) if payload is not None else _same for name, payload in kind._cases()}

    def convert(value: Any) -> component.Variant:
        tag, payload = value
        return component.Variant(tag, cases[tag](payload))

    return convert


def _read_option(kind: Any) -> Convert:
    convert = reader(kind.payload)
    if kind._tagged():
        return lambda value: None if value.tag == "none" else convert(value.payload)
    return lambda value: None if value is None else convert(value)


def _write_option(kind: Any) -> Convert:
    convert = writer(kind.payload)
    if kind._tagged():
        return lambda value: component.Variant("none") if value is None else component.Variant("some", convert(value))
    return lambda value: None if value is None else convert(value)


_READERS: dict[type, Callable[[Any], Convert]] = {
    kinds.RecordType: _read_record,
    kinds.ListType: _read_list,
    kinds.OptionType: _read_option,
    kinds.VariantType: _read_cases,
    kinds.ResultType: _read_cases,
}
_WRITERS: dict[type, Callable[[Any], Convert]] = {
    kinds.RecordType: _write_record,
    kinds.ListType: _write_list,
    kinds.OptionType: _write_option,
    kinds.VariantType: _write_cases,
    kinds.ResultType: _write_cases,
}
