"""Reads the registry: the schemas that rooms gave with their host functions become types."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from marshmallow import Schema, fields, missing, validate

from kernel.errors import StartupError
from plugins.extensions.surface.model import Choice, Function, Interface, Kind, Many, Maybe, Member, Plain, Record, kebab

if TYPE_CHECKING:
    from kernel.hookspecs.start import HostFunction
    from kernel.plugins import Plugins

OWN = "extensions"
_TEXTS = (fields.String, fields.UUID, fields.Date, fields.DateTime, fields.Decimal)
_CASE = re.compile(r"[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*")
_FORMATS: tuple[tuple[type[fields.Field[Any]], str], ...] = (
    (fields.UUID, "A UUID."),
    (fields.Date, "`YYYY-MM-DD`."),
    (fields.DateTime, "ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`."),
    (fields.Decimal, "Decimal text."),
)


def read_surface(plugins: Plugins) -> tuple[Interface, ...]:
    """Every interface that the installed plugins give: the platform's own first, then by name.

    Raises StartupError for an interface without words, a field that cannot be told to a guest, or a name that means two things.
    """
    words = {one.name: (plugin.name, one.says) for plugin, one in plugins.collect("register_host_interfaces")}
    functions: dict[str, list[HostFunction]] = {}
    for _, one in plugins.collect("register_host_functions"):
        functions.setdefault(one.interface, []).append(one)
    if nameless := functions.keys() ^ words.keys():
        raise StartupError(f"register_host_interfaces and register_host_functions differ in {', '.join(sorted(nameless))}.")
    found = [
        Interface(name, words[name][1], words[name][0], tuple(_function(one) for one in given))
        for name, given in functions.items()
    ]
    for one in found:
        if clash := {each.name for each in one.types()} & {kebab(each.name) for each in one.functions}:
            raise StartupError(f"In {one.name}, {', '.join(sorted(clash))} is the name of a type and of a function.")
    return tuple(sorted(found, key=lambda one: (one.plugin != OWN, one.name)))


def _function(one: HostFunction) -> Function:
    takes, gives = one.takes(), one.gives()
    return Function(one.name, one.says, one.capability, tuple(_members(takes)), _result(gives), one.call is None)


def _result(gives: Schema) -> Kind | None:
    if not gives.fields:
        return None
    return _kind("value", gives.fields["value"]) if list(gives.fields) == ["value"] else _record(gives)


def _record(schema: Schema) -> Record:
    return Record(kebab(type(schema).__name__), _docs(schema), tuple(_members(schema)))


def _docs(schema: Schema) -> str:
    own = type(schema).__dict__.get("__doc__")
    return " ".join(inspect.cleandoc(own).split()) if own else ""


def _members(schema: Schema) -> Iterator[Member]:
    for name, field in schema.fields.items():
        says = " ".join([field.metadata.get("description", ""), *_formats(field), *_limits(field)]).strip()
        default = field.load_default
        optional = default is not missing or not field.required
        yield Member(name, _kind(name, field), says, not optional, default() if callable(default) else default)


def _kind(name: str, field: fields.Field[Any]) -> Kind:
    kind = _solid(name, field)
    return Maybe(kind) if field.allow_none else kind


def _solid(name: str, field: fields.Field[Any]) -> Kind:
    match field:
        case fields.List():
            return Many(_kind(name, field.inner))
        case fields.Nested():
            return _record(field.schema)
        case fields.Boolean():
            return Plain("bool")
        case fields.Integer():
            return Plain(field.metadata.get("wit", "s64"))
        case fields.Float():
            return Plain("f64")
        case fields.String() if "enum" in field.metadata:
            return _choice(name, field)
        case _ if isinstance(field, _TEXTS):
            return Plain("string")
    raise StartupError(f"The field {name} is a {type(field).__name__}, which a host function cannot tell a guest.")


def _choice(name: str, field: fields.Field[Any]) -> Choice:
    cases = tuple(_choices(field))
    if odd := [case for case in cases if not _CASE.fullmatch(case)]:
        raise StartupError(f"The choice {odd[0]!r} of {name} cannot be written in WIT; leave `enum` away, and it is a text.")
    return Choice(kebab(field.metadata["enum"]), cases)


def _choices(field: fields.Field[Any]) -> Iterator[str]:
    for one in _validators(field):
        if isinstance(one, validate.OneOf):
            yield from map(str, one.choices)


def _validators(field: fields.Field[Any]) -> list[Any]:
    return list(field.validators)


def _formats(field: fields.Field[Any]) -> Iterator[str]:
    for kind, words in _FORMATS:
        if isinstance(field, kind):
            yield words


def _limits(field: fields.Field[Any]) -> Iterator[str]:
    """What the validators demand, in words."""
    for one in _validators(field):
        match one:
            case validate.Length():
                yield _length(one, "items" if isinstance(field, fields.List) else "characters")
            case validate.Range():
                yield _range(one)
            case validate.OneOf() if "enum" not in field.metadata:
                yield f"One of {', '.join(f'`{choice}`' for choice in one.choices)}."
            case _:
                pass


def _length(one: validate.Length, what: str) -> str:
    if one.equal is not None:
        return f"Exactly {one.equal:,} {what}."
    if one.min is None:
        return f"At most {one.max:,} {what}."
    return f"{one.min:,} to {one.max:,} {what}." if one.max is not None else f"At least {one.min:,} {what}."


def _range(one: validate.Range) -> str:
    low, high = (f"{end:,}" if isinstance(end, int) else str(end) for end in (one.min, one.max))
    if one.min is None:
        return f"At most {high}."
    return f"From {low} to {high}." if one.max is not None else f"At least {low}."
