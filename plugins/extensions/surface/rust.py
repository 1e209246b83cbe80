"""Rust of the host's interfaces: a module for each noun; types are JSON on the way, and functions give a `Result`."""

from __future__ import annotations

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
    pascal,
)
from plugins.extensions.surface.prose import parameters

_NOTE = "// Made by `deskhand sdk` from the host functions that plugins register.\n"
_PLAIN = {"string": "String", "char": "String", "s64": "i64"}
_KEYWORDS = frozenset({"type", "move", "match", "ref", "use", "where", "loop", "impl", "mod", "fn", "let", "in", "as", "box"})
_WIDTH = 112


def package(interfaces: Iterable[Interface]) -> str:
    """`mod.rs`, which has a module for each interface."""
    names = sorted(one.name.replace("-", "_") for one in interfaces)
    return f"{_NOTE}//! The host's functions, a module for each noun.\n\n" + "".join(f"pub mod {_name(one)};\n" for one in names)


def module(interface: Interface) -> str:
    """One interface: what may be left out of an input has a default, and a refusal is a `Refusal`."""
    inputs = interface.inputs()
    types = "".join(f"\n{_declared(one, one.name in inputs)}" for one in interface.types())
    functions = "".join(f"\n{_function(interface, one)}" for one in interface.functions if not _has_bytes(one))
    body = types + functions
    return f"{_NOTE}{_doc([interface.says], '//!')}\n{''.join(_imports(body))}{body}"


def _imports(body: str) -> Iterator[str]:
    """What the body needs, in the order that rustfmt gives them."""
    if ".to_json()" in body:
        yield "use crate::converting::ToJson;\n"
    macros = [name for name in ("choice", "record") if f"{name}! {{" in body]
    if len(macros) == 1:
        yield f"use crate::{macros[0]};\n"
    faces = [name for name, mark in (("ask", " ask("), ("ask_here", " ask_here"), ("Refusal", "Refusal>")) if mark in body]
    yield f"use crate::wire::{{{', '.join(faces)}}};\n" if len(faces) > 1 else f"use crate::wire::{faces[0]};\n"
    if len(macros) == 2:
        yield "use crate::{choice, record};\n"


def _has_bytes(one: Function) -> bool:
    """Bytes go as a list of numbers where the worker answers, and not at all elsewhere, for JSON has none."""
    return not one.local and BYTES in (one.gives, *(member.kind for member in one.takes))


def _declared(named: Named, filled: bool) -> str:
    if isinstance(named, Choice):
        cases = "".join(f'        {pascal(one)} = "{one}",\n' for one in named.cases)
        return f"choice! {{\n    pub enum {pascal(named.name)} {{\n{cases}    }}\n}}\n"
    members = "".join(_field(one, filled) for one in named.members)
    says = _doc([named.says], "    ///")
    return f"record! {{\n{says}    pub struct {pascal(named.name)} {{\n{members}    }}\n}}\n"


def _field(one: Member, filled: bool) -> str:
    start = _start(one) if filled else ""
    return f"{_doc([one.says], '        ///')}        pub {_name(one.name)}: {_owned(one.kind)}{start},\n"


def _start(one: Member) -> str:
    """The default of a field, where it is another than the emptiest value of the type."""
    match one.kind:
        case _ if one.default is missing or not one.default:
            return ""
        case Choice(name=name):
            return f" = {pascal(name)}::{pascal(str(one.default))}"
        case Plain("bool"):
            return " = true"
        case Plain("string"):
            return f' = "{one.default}".into()'
    return f" = {one.default}"


def _function(interface: Interface, one: Function) -> str:
    params = ", ".join(f"{_name(member.name)}: {_lent(member.kind)}" for member in one.takes)
    given = "()" if one.gives is None else _owned(one.gives)
    result = given if one.local else f"Result<{given}, Refusal>"
    args = ", ".join(f'("{member.name}", {_name(member.name)}.to_json())' for member in one.takes)
    needs = [f"Needs `{one.capability}`."] if one.capability else []
    says = _doc([one.says, *parameters(one.takes, str), *needs], "///")
    arrow = f" -> {result}" if result != "()" else ""
    end = ";" if result == "()" else ""
    call = f'{"ask_here" if one.local else "ask"}{"::<()>" if end else ""}("{interface.name}", "{one.name}", vec![{args}]){end}'
    return f"{says}#[inline]\npub fn {_name(one.name)}({params}){arrow} {{\n    {call}\n}}\n"


def _name(name: str) -> str:
    return f"r#{name}" if name in _KEYWORDS else name


def _owned(kind: Kind) -> str:
    match kind:
        case Plain(name):
            return _PLAIN.get(name, name)
        case Many(of):
            return f"Vec<{_owned(of)}>"
        case Maybe(of):
            return f"Option<{_owned(of)}>"
        case Choice(name=name) | Record(name=name):
            return pascal(name)


def _lent(kind: Kind) -> str:
    """As a parameter: what is large is borrowed."""
    match kind:
        case Plain("string" | "char"):
            return "&str"
        case Many(of):
            return f"&[{'&str' if of == Plain('string') else _owned(of)}]"
        case Maybe(of):
            return f"Option<{_lent(of)}>"
        case Record(name=name):
            return f"&{pascal(name)}"
    return _owned(kind)


def _doc(paragraphs: Iterable[str], mark: str) -> str:
    wrapped = ["".join(f"{mark} {line}\n" for line in textwrap.wrap(words, _WIDTH - len(mark))) for words in paragraphs if words]
    return f"{mark}\n".join(wrapped)
