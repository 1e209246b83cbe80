"""AssemblyScript of the host's interfaces: classes that are JSON on the way, and a namespace of functions for each noun.

The language has no exceptions, so each function gives an `Answer`. There are no unions either: choices are text.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from plugins.extensions.surface.model import (
    BYTES,
    Choice,
    Function,
    Interface,
    Kind,
    Many,
    Maybe,
    Member,
    Plain,
    Record,
    camel,
    pascal,
)
from plugins.extensions.surface.prose import jsdoc, parameters

_NOTE = "// Made by `deskhand sdk` from the host functions that plugins register. Names of fields are those of the wire.\n"
_PLAIN = {"string": "string", "char": "string", "bool": "bool", "s64": "i64"}
_EMPTY = {"string": '""', "bool": "false"}
BY_HAND = frozenset({"log"})
"""Interfaces whose face is written by hand: its functions answer nothing and are there before JSON is."""


def host(interfaces: Iterable[Interface]) -> str:
    """The types of all interfaces, each noun in a namespace of its own; functions of bytes are left out, for JSON has none."""
    shown = [one for one in interfaces if one.name not in BY_HAND]
    heads = 'import { JSON } from "json-as";\nimport { Answer, ask, Nothing } from "../answers";\n'
    return f"{_NOTE}\n{heads}" + "".join(f"\n{_namespace(one)}" for one in shown)


def _namespace(interface: Interface) -> str:
    records = [one for one in interface.types() if isinstance(one, Record)]
    functions = [one for one in interface.functions if not _has_bytes(one)]
    classes = "".join(f"{_class(one)}\n" for one in records)
    body = "\n".join(_function(interface, one) for one in functions)
    return f"{classes}{jsdoc([interface.says])}export namespace {camel(interface.name)} {{\n{textwrap.indent(body, '  ')}}}\n"


def _has_bytes(one: Function) -> bool:
    return BYTES in (one.gives, *(member.kind for member in one.takes))


def _class(record: Record) -> str:
    members = "".join(_field(one) for one in record.members)
    return f"{jsdoc([record.says])}@json\nexport class {pascal(record.name)} {{\n{members}}}\n"


def _field(one: Member) -> str:
    kind = _spelled(one.kind)
    return f"{jsdoc([one.says], '  ')}  {one.name}: {kind} = {_start(one)};\n"


def _start(one: Member) -> str:
    """What a new object has there: the default, else the emptiest value of the type."""
    match one.kind:
        case Maybe():
            return "null"
        case Many():
            return "[]"
        case Record(name=name):
            return f"new {pascal(name)}()"
        case Plain("bool") if one.default is True:
            return "true"
        case Plain("string") | Choice():
            return f'"{one.default}"' if isinstance(one.default, str) else '""'
        case Plain(name) if name not in _EMPTY:
            return str(one.default) if isinstance(one.default, int) else "0"
    return "false"


def _function(interface: Interface, one: Function) -> str:
    params = ", ".join(f"{camel(member.name)}: {_spelled(member.kind)}{_given(member)}" for member in one.takes)
    args = ",".join(f'"{member.name}":${{JSON.stringify({camel(member.name)})}}' for member in one.takes)
    result = "Nothing" if one.gives is None else _spelled(one.gives)
    needs = [f"Needs `{one.capability}`."] if one.capability else []
    says = jsdoc([one.says, *parameters(one.takes, camel), *needs])
    call = f'ask<{result}>("{interface.name}", "{one.name}", `{{{args}}}`)'
    return f"{says}export function {camel(one.name)}({params}): Answer<{result}> {{\n  return {call};\n}}\n"


def _given(member: Member) -> str:
    if isinstance(member.kind, Record) and member.may_be_empty:
        return f" = new {pascal(member.kind.name)}()"
    return " = null" if isinstance(member.kind, Maybe) and not member.required else ""


def _spelled(kind: Kind) -> str:
    match kind:
        case Plain(name):
            return _PLAIN.get(name, name)
        case Choice():
            return "string"
        case Many(of):
            return f"{_spelled(of)}[]"
        case Maybe(Plain(name)) if name not in ("string", "char"):
            return f"JSON.Box<{_PLAIN.get(name, name)}> | null"
        case Maybe(of):
            return f"{_spelled(of)} | null"
        case Record(name=name):
            return pascal(name)
