"""Host functions as types: what the rooms' schemas say, in the words of the component model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from marshmallow import missing

_QUOTED = re.compile(r"`([a-z]+(?:_[a-z]+)+)`")
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Plain:
    """A type of the component model that needs no name: `string`, `bool`, `s64`."""

    name: str


@dataclass(frozen=True, slots=True)
class Many:
    """A list."""

    of: Kind


@dataclass(frozen=True, slots=True)
class Maybe:
    """A value, or none."""

    of: Kind


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words. `name` is in kebab-case."""

    name: str
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A field of a record or a parameter of a function, in snake_case. `default` is what a missing one means, if it may miss."""

    name: str
    kind: Kind
    says: str
    required: bool
    default: Any = missing

    @property
    def may_be_empty(self) -> bool:
        """Whether it is a record of which everything may be left out."""
        return isinstance(self.kind, Record) and not any(one.required for one in self.kind.members)


@dataclass(frozen=True, slots=True)
class Record:
    """Named fields. `name` is in kebab-case."""

    name: str
    says: str
    members: tuple[Member, ...]


Kind = Plain | Many | Maybe | Choice | Record
Named = Choice | Record
BYTES = Many(Plain("u8"))


@dataclass(frozen=True, slots=True)
class Function:
    """A host function. `gives` is None where it answers nothing; a `local` one never refuses."""

    name: str
    says: str
    capability: str | None
    takes: tuple[Member, ...]
    gives: Kind | None
    local: bool


@dataclass(frozen=True, slots=True)
class Interface:
    """The host functions of one noun, with the plugin that gives them."""

    name: str
    says: str
    plugin: str
    functions: tuple[Function, ...]

    def types(self) -> list[Named]:
        """The named types of its functions, each once, what is used before what uses it."""
        found: dict[str, Named] = {}
        for function in self.functions:
            for kind in (*(one.kind for one in function.takes), function.gives):
                for named in _named(kind):
                    found.setdefault(named.name, named)
        return list(found.values())

    def inputs(self) -> frozenset[str]:
        """Names of the types that a guest fills in, where what is missing has a default."""
        return frozenset(named.name for one in self.functions for member in one.takes for named in _named(member.kind))


def _named(kind: Kind | None) -> Iterator[Named]:
    match kind:
        case Many(of) | Maybe(of):
            yield from _named(of)
        case Record(members=members):
            for member in members:
                yield from _named(member.kind)
            yield kind
        case Choice():
            yield kind


def kebab(name: str) -> str:
    """A name of ours as WIT writes it.

    >>> kebab("ManualInvoiceInput"), kebab("client_id")
    ('manual-invoice-input', 'client-id')
    """
    return _CAPITAL.sub("-", name).replace("_", "-").lower()


def camel(name: str) -> str:
    """A name as TypeScript writes it.

    >>> camel("client_id"), camel("now-ms")
    ('clientId', 'nowMs')
    """
    head, *rest = name.replace("-", "_").split("_")
    return head + "".join(part.capitalize() for part in rest)


def respelled(words: str, spell: Callable[[str], str]) -> str:
    """Words in which names of fields stand in snake_case between backticks, with those names spelled otherwise.

    >>> respelled("`next_cursor` of the page before.", camel)
    '`nextCursor` of the page before.'
    """
    return _QUOTED.sub(lambda found: f"`{spell(found[1])}`", words)


def pascal(name: str) -> str:
    """A type's name as TypeScript, Python and AssemblyScript write it.

    >>> pascal("manual-invoice-input")
    'ManualInvoiceInput'
    """
    return "".join(part.capitalize() for part in name.replace("_", "-").split("-"))
