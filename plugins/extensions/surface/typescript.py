"""TypeScript of the host's interfaces: as the component tool chain presents them, and as authors use them."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator

from marshmallow import missing

from plugins.extensions.surface.model import (
    BYTES,
    Choice,
    Function,
    Interface,
    Kind,
    Many,
    Maybe,
    Member,
    Named,
    Plain,
    Record,
    camel,
    pascal,
    respelled,
)
from plugins.extensions.surface.prose import jsdoc, parameters
from plugins.extensions.surface.wit_text import PACKAGE, VERSION

_NOTE = "// Made by `deskhand sdk` from the host functions that plugins register.\n"
_TEXT = {"string": "string", "char": "string", "bool": "boolean"}
BY_HAND = frozenset({"charges", "http", "invoicing"})
"""Interfaces whose face for authors is written by hand, for it is friendlier than what a schema says."""


def declarations(interfaces: Iterable[Interface]) -> str:
    """`declare module` for each interface, as imports of a component look from JavaScript: errors are thrown, nothing is null."""
    return _NOTE + "".join(f"\n{_module(one)}" for one in interfaces)


def author_face(interfaces: Iterable[Interface]) -> str:
    """Types and functions for authors: what may be left out may be left out, and a refusal is a `HostRefusal`."""
    shown = [one for one in interfaces if one.name not in BY_HAND]
    imports = "".join(_import(one) for one in shown)
    refusing = 'import { orRefusal } from "../refusal.ts";\n'
    return f"{_NOTE}\n{imports}{refusing}" + "".join(f"\n{_face(one)}" for one in shown)


def _import(interface: Interface) -> str:
    """The raw interface, and its own types for what a guest fills in."""
    inputs = interface.inputs()
    filled = [pascal(one.name) for one in interface.types() if one.name in inputs and isinstance(one, Record)]
    types = ", ".join(f"type {name} as Raw{name}" for name in filled)
    return f'import raw{pascal(interface.name)}{f", {{ {types} }}" if types else ""} from "{_specifier(interface)}";\n'


def _specifier(interface: Interface) -> str:
    return f"{PACKAGE}/{interface.name}@{VERSION}"


def _module(interface: Interface) -> str:
    types = "".join(_declared(one) for one in interface.types())
    functions = "".join(f"  {_method(one)};\n" for one in interface.functions)
    names = [pascal(one.name) for one in interface.types()]
    exports = f"export type {{ {', '.join(names)} }};\n" if names else ""
    name = camel(interface.name)
    body = f"{types}const {name}: {{\n{functions}}};\n{exports}export default {name};\n"
    return f'declare module "{_specifier(interface)}" {{\n{textwrap.indent(body, "  ")}}}\n'


def _declared(named: Named) -> str:
    if isinstance(named, Choice):
        return f"type {pascal(named.name)} = {_words(named)};\n"
    members = "".join(f"  {camel(one.name)}: {_spelled(one.kind)};\n" for one in named.members)
    return f"interface {pascal(named.name)} {{\n{members}}}\n"


def _method(function: Function) -> str:
    params = ", ".join(f"{camel(one.name)}: {_spelled(one.kind)}" for one in function.takes)
    return f"{camel(function.name)}({params}): {_result(function)}"


def _result(function: Function) -> str:
    return "void" if function.gives is None else _spelled(function.gives)


def _spelled(kind: Kind) -> str:
    if kind == BYTES:
        return "Uint8Array"
    match kind:
        case Plain(name):
            return _TEXT.get(name, "number")
        case Many(Maybe() as of):
            return f"({_spelled(of)})[]"
        case Many(of):
            return f"{_spelled(of)}[]"
        case Maybe(of):
            return f"{_spelled(of)} | null"
        case Choice(name=name) | Record(name=name):
            return pascal(name)


def _words(choice: Choice) -> str:
    return " | ".join(json.dumps(case) for case in choice.cases)


def _face(interface: Interface) -> str:
    inputs = interface.inputs()
    types = "".join(_exported(one, inputs) for one in interface.types())
    fillers = "".join(_filler(one) for one in interface.types() if one.name in inputs and isinstance(one, Record))
    functions = "".join(_function(one, f"raw{pascal(interface.name)}") for one in interface.functions)
    return f"{types}{fillers}{_doc([interface.says])}export const {camel(interface.name)} = {{\n{functions}}};\n"


def _exported(named: Named, inputs: frozenset[str]) -> str:
    if isinstance(named, Choice):
        return f"export type {pascal(named.name)} = {_words(named)};\n\n"
    members = "".join(_field(one, optional=named.name in inputs and not one.required) for one in named.members)
    return f"{_doc([named.says])}export interface {pascal(named.name)} {{\n{members}}}\n\n"


def _field(one: Member, *, optional: bool) -> str:
    return f"{_doc([one.says, *_default(one)], '  ')}  {camel(one.name)}{'?' if optional else ''}: {_spelled(one.kind)};\n"


def _default(one: Member) -> Iterator[str]:
    if not one.required and one.default not in (None, missing):
        yield f"Unless given: `{json.dumps(one.default)}`."


def _filler(record: Record) -> str:
    """A function that puts in what the author left out."""
    name = pascal(record.name)
    members = "".join(f"  {camel(one.name)}: {_filled(one, f'given.{camel(one.name)}')},\n" for one in record.members)
    return f"const filled{name} = (given: {name}): Raw{name} => ({{\n{members}}});\n\n"


def _filled(one: Member, given: str) -> str:
    value = _deep(one.kind, given)
    if one.required:
        return value
    default = "null" if one.default is missing else json.dumps(one.default)
    return f"{given} ?? {default}" if value == given else f"{given} === undefined ? {default} : {value}"


def _deep(kind: Kind, given: str) -> str:
    match kind:
        case Record(name=name):
            return f"filled{pascal(name)}({given})"
        case Maybe(Record(name=name)):
            return f"{given} && filled{pascal(name)}({given})"
        case Many(Record(name=name)):
            return f"{given}.map(filled{pascal(name)})"
    return given


def _function(one: Function, raw: str) -> str:
    params = ", ".join(_parameter(member) for member in one.takes)
    sent = ", ".join(_sent(member) for member in one.takes)
    call = f"{raw}.{camel(one.name)}({sent})"
    throws = [f"Throws a `HostRefusal`{f' without `{one.capability}`' if one.capability else ''}."]
    says = _doc([one.says, *parameters(one.takes, camel), *([] if one.local else throws)], "  ")
    body = call if one.local else f"orRefusal(() => {call})"
    return f"{says}  {camel(one.name)}: ({params}): {_result(one)} => {body},\n"


def _sent(one: Member) -> str:
    return _deep(one.kind, camel(one.name)) if one.may_be_empty else _filled(one, camel(one.name))


def _parameter(one: Member) -> str:
    empty = one.may_be_empty
    optional = "" if one.required or empty else "?"
    return f"{camel(one.name)}{optional}: {_spelled(one.kind)}{' = {}' if empty else ''}"


def _doc(paragraphs: Iterable[str], indent: str = "") -> str:
    return jsdoc((respelled(words, camel) for words in paragraphs), indent)
