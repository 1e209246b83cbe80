"""The WIT of the host's interfaces, one file each, and of the world."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from plugins.extensions.surface.model import (
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
    kebab,
    respelled,
)

PACKAGE = "deskhand:extension"
VERSION = "1.0.0"
_HEAD = f"package {PACKAGE}@{VERSION};\n\n// Made by `deskhand sdk` from the host functions that plugins register.\n"
# https://component-model.bytecodealliance.org/design/wit.html, section "Keywords"
_WORDS_OF_WIT = (
    "as async bool borrow char constructor enum error-context export f32 f64 flags from func future import include interface "
    "list option own package record resource result s16 s32 s64 s8 static stream string tuple type u16 u32 u64 u8 use variant "
    "with world"
)
_KEYWORDS = frozenset(_WORDS_OF_WIT.split())


def interface_text(interface: Interface, only: frozenset[str] | None = None) -> str:
    """The WIT of an interface; with `only`, of those of its functions (in snake_case)."""
    functions = [one for one in interface.functions if only is None or one.name in only]
    blocks = ["  use types.{refusal};\n"] if any(not one.local for one in functions) else []
    blocks += [_type(one) for one in interface.types()]
    blocks += [_function(one) for one in functions]
    body = "\n".join(blocks).rstrip("\n")
    return f"{_HEAD}\n{_comment([interface.says], '')}interface {_name(interface.name)} {{\n{body}\n}}\n"


def world_text(interfaces: Iterable[Interface]) -> str:
    """The WIT of the world: everything that an extension may import, and what it exports."""
    imports = "\n".join(f"  import {_name(one.name)};" for one in interfaces)
    says = "Everything an extension may import. A build imports only what the extension's manifest asks for."
    body = f"  use types.{{request, response}};\n\n{imports}\n\n  export handler: func(request: request) -> response;\n"
    return f"{_HEAD}\n{_comment([says], '')}world extension {{\n{body}}}\n"


def signature(function: Function) -> str:
    """A function's type as WIT writes it, with types by their names."""
    params = ", ".join(f"{_name(one.name)}: {_spelled(one.kind)}" for one in function.takes)
    result = "" if function.gives is None else _spelled(function.gives)
    if not function.local:
        result = f"result<{result or '_'}, refusal>"
    return f"func({params})" + (f" -> {result}" if result else "")


def _function(one: Function) -> str:
    gate = f"Needs `{one.capability}`." if one.capability else "Needs no capability."
    params = [f"`{member.name.replace('_', '-')}`: {member.says}" for member in one.takes if member.says]
    return f"{_comment([f'{one.says} {gate}', *params])}  {_name(one.name)}: {signature(one)};\n"


def _type(named: Named) -> str:
    if isinstance(named, Choice):
        cases = "".join(f"    {_name(case)},\n" for case in named.cases)
        return f"  enum {_name(named.name)} {{\n{cases}  }}\n"
    members = "".join(_member(one) for one in named.members)
    return f"{_comment([named.says])}  record {_name(named.name)} {{\n{members}  }}\n"


def _member(one: Member) -> str:
    return f"{_comment([one.says], '    ')}    {_name(one.name)}: {_spelled(one.kind)},\n"


def _spelled(kind: Kind) -> str:
    match kind:
        case Plain(name):
            return name
        case Many(of):
            return f"list<{_spelled(of)}>"
        case Maybe(of):
            return f"option<{_spelled(of)}>"
        case Choice(name=name) | Record(name=name):
            return _name(name)


def _name(name: str) -> str:
    written = kebab(name)
    return f"%{written}" if written in _KEYWORDS else written


def _comment(paragraphs: Iterable[str], indent: str = "  ") -> str:
    return "".join(f"{indent}/// {line}\n" for line in _lines(paragraphs, 120 - len(indent)))


def _lines(paragraphs: Iterable[str], width: int) -> Iterator[str]:
    for words in paragraphs:
        yield from textwrap.wrap(respelled(words, kebab), width)
