"""Reads the part of WIT that our own world is written in, and writes each function's type as one line of text.

Types are written out in full (`record{a: string}` instead of a name), so that two texts are equal exactly when the
types are, however a component calls them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

PRIMITIVES = frozenset(
    ["bool", "s8", "s16", "s32", "s64", "u8", "u16", "u32", "u64", "f32", "f64", "char", "string"],
)

Shape = dict[str, dict[str, str]]
"""Function types by interface name and function name; functions outside an interface are under the empty name."""

_TOKEN = re.compile(r"->|[A-Za-z0-9-]+|[{}()<>,:;=._@/]")
_IGNORED = re.compile(r"//[^\n]*|%")
"""Comments, and the sign before a name that is also a word of WIT's own."""


class WitError(ValueError):
    """The WIT text is not in the subset that our world uses."""


@dataclass
class Interface:
    """The types and functions of one interface, or of the world, by their WIT names."""

    types: dict[str, str] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)


@dataclass
class Package:
    """All interfaces of a package; `exports` are the functions that a component must give, by the name of the world."""

    interfaces: dict[str, Interface] = field(default_factory=dict)
    exports: dict[str, dict[str, str]] = field(default_factory=dict)


def parse_package(*texts: str) -> Package:
    """Read WIT texts of one package; a text may use types of the texts before it.

    Raises `WitError` on anything outside our subset: records, enums, variants, lists, options, results, functions.

    >>> parse_package('package a:b@1.0.0; interface i { f: func(a: list<u8>) -> result<string, u8>; }')\
            .interfaces['i'].functions
    {'f': 'func(a: list<u8>) -> result<string, u8>'}
    """
    package = Package()
    for text in texts:
        _Reader(text, package).read()
    return package


class _Reader:
    def __init__(self, text: str, package: Package) -> None:
        self._tokens: Iterator[str] = iter(_TOKEN.findall(_IGNORED.sub("", text)))
        self._next = next(self._tokens, "")
        self._package = package
        self._types: dict[str, str] = {}

    def read(self) -> None:
        while self._next:
            match self._take():
                case "package":
                    self._skip_to(";")
                case "interface":
                    self._interface(self._take())
                case "world":
                    self._world(self._take())
                case other:
                    raise WitError(f"cannot read {other!r} here")

    def _take(self) -> str:
        token, self._next = self._next, next(self._tokens, "")
        if not token:
            raise WitError("the text ends too early")
        return token

    def _expect(self, wanted: str) -> None:
        if (token := self._take()) != wanted:
            raise WitError(f"expected {wanted!r}, found {token!r}")

    def _took(self, token: str) -> bool:
        if self._next != token:
            return False
        self._take()
        return True

    def _skip_to(self, end: str) -> None:
        while self._take() != end:
            pass

    def _interface(self, name: str) -> None:
        interface = self._package.interfaces[name] = Interface()
        self._types = interface.types
        self._expect("{")
        while not self._took("}"):
            self._item(interface)

    def _item(self, interface: Interface) -> None:
        match word := self._take():
            case "use":
                self._use()
            case "record":
                self._define(word, self._field)
            case "enum":
                self._define(word, self._take)
            case "variant":
                self._define(word, self._case)
            case "type":
                name = self._take()
                self._expect("=")
                self._types[name] = self._type()
                self._expect(";")
            case _:
                self._expect(":")
                interface.functions[word] = self._function()

    def _world(self, world: str) -> None:
        self._types, exports = {}, self._package.exports.setdefault(world, {})
        self._expect("{")
        while not self._took("}"):
            match word := self._take():
                case "use":
                    self._use()
                case "import" | "include":
                    self._skip_to(";")
                case "export":
                    name = self._take()
                    self._expect(":")
                    exports[name] = self._function()
                case _:
                    raise WitError(f"cannot read {word!r} in a world")

    def _use(self) -> None:
        source = self._package.interfaces[self._take()].types
        self._expect(".")
        self._expect("{")
        while not self._took("}"):
            name = self._take()
            self._types[name] = source[name]
            self._took(",")
        self._expect(";")

    def _define(self, kind: str, member: Callable[[], str]) -> None:
        name = self._take()
        self._types[name] = f"{kind}{{{self._members(member)}}}"

    def _members(self, one: Callable[[], str]) -> str:
        self._expect("{")
        members = []
        while not self._took("}"):
            members.append(one())
            self._took(",")
        return ", ".join(members)

    def _field(self) -> str:
        name = self._take()
        self._expect(":")
        return f"{name}: {self._type()}"

    def _case(self) -> str:
        name = self._take()
        if not self._took("("):
            return name
        payload = self._type()
        self._expect(")")
        return f"{name}({payload})"

    def _function(self) -> str:
        self._expect("func")
        self._expect("(")
        params = []
        while not self._took(")"):
            params.append(self._field())
            self._took(",")
        result = f" -> {self._type()}" if self._took("->") else ""
        self._expect(";")
        return f"func({', '.join(params)}){result}"

    def _type(self) -> str:
        name = self._take()
        if name in PRIMITIVES or name == "_":
            return name
        if name in ("list", "option", "result", "tuple"):
            return f"{name}<{', '.join(self._arguments())}>"
        if name not in self._types:
            raise WitError(f"unknown type {name!r}")
        return self._types[name]

    def _arguments(self) -> list[str]:
        self._expect("<")
        arguments = [self._type()]
        while self._took(","):
            arguments.append(self._type())
        self._expect(">")
        return arguments
