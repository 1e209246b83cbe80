"""Python of the host's interfaces, as authors use them: a module for each, with its records and its functions."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

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

_NOTE = "# Made by `deskhand sdk` from the host functions that plugins register.\n"
_PLAIN = {"string": "str", "char": "str", "bool": "bool", "f64": "float"}
_WIDTH = 110


def package(interfaces: Iterable[Interface]) -> str:
    """`__init__.py` of the package that has a module for each interface."""
    names = sorted(one.name.replace("-", "_") for one in interfaces)
    listed = "".join(f'    "{name}",\n' for name in names)
    imported = "".join(f"    {name},\n" for name in names)
    return (
        f'{_NOTE}"""The host\'s functions, a module for each noun."""\n\n'
        f"from deskhand_extension.host import (\n{imported})\n\n__all__ = [\n{listed}]\n"
    )


def module(interface: Interface) -> str:
    """One interface: what may be left out may be left out, and a refusal is a `HostRefusal`."""
    inputs = interface.inputs()
    types = interface.types()
    declared = [_declared(one, one.name in inputs) for one in types]
    text = "".join(f"\n\n{one}" for one in (*declared, *map(_function, interface.functions)))
    names = [*(pascal(one.name) for one in types), *(one.name for one in interface.functions)]
    listed = "".join(f'    "{name}",\n' for name in sorted(names))
    return (
        f"{_NOTE}{_doc([interface.says])}\n{_imports(types, text)}from deskhand_extension._wire import Interface\n\n"
        f'__all__ = [\n{listed}]\n_host = Interface("{interface.name}", __name__)\n{text}'
    )


def _imports(types: Iterable[Named], text: str) -> str:
    """What the text needs. `Sequence` instead of `list`, for `list` is the name of a host function in some of them."""
    shown = list(types)
    lines = ["from __future__ import annotations\n\n"]
    if "builtins." in text:
        lines.append("import builtins\n")
    if "Sequence[" in text:
        lines.append("from collections.abc import Sequence\n")
    if any(isinstance(one, Record) for one in shown):
        lines.append("from dataclasses import dataclass\n")
    if any(isinstance(one, Choice) for one in shown):
        lines.append("from typing import Literal\n")
    return "".join(lines) + ("\n" if len(lines) > 1 else "")


def _declared(named: Named, filled: bool) -> str:
    if isinstance(named, Choice):
        return f"{pascal(named.name)} = Literal[{', '.join(repr(one) for one in named.cases).replace(chr(39), chr(34))}]\n"
    members = "".join(_field(one, optional=filled and not one.required) for one in named.members)
    doc = _doc([named.says], "    ") if named.says else ""
    return f"@dataclass(kw_only=True)\nclass {pascal(named.name)}:\n{doc}{members}"


def _field(one: Member, *, optional: bool) -> str:
    return f"    {one.name}: {_spelled(one.kind)}{f' = {_default(one)}' if optional else ''}\n{_doc([one.says], '    ')}"


def _default(one: Member) -> str:
    if one.default is missing or one.default is None:
        return "None"
    return "()" if one.default == [] else repr(one.default).replace("'", '"')


def _function(one: Function) -> str:
    ordered = sorted(one.takes, key=lambda member: not (member.required and not member.may_be_empty))
    params = ", ".join(_parameter(member) for member in ordered)
    sent = "".join(f", {_sent(member)}" for member in one.takes)
    raises = f"Raises HostRefusal{f' without `{one.capability}`' if one.capability else ''}."
    says = _doc([one.says, *parameters(one.takes, str), *([] if one.local else [raises])], "    ")
    result = "None" if one.gives is None else _spelled(one.gives)
    capability = "None" if one.capability is None else f'"{one.capability}"'
    call = f'_host.call("{one.name}", {capability}{sent})'
    body = call if one.gives is None else f"answer: {result} = {call}\n    return answer"
    return f"def {one.name}({params}) -> {result}:\n{says}    {body}\n"


def _sent(member: Member) -> str:
    return f"{member.name} or {pascal(member.kind.name)}()" if member.may_be_empty else member.name  # type: ignore[union-attr]


def _parameter(one: Member) -> str:
    if one.may_be_empty:
        return f"{one.name}: {_spelled(one.kind)} | None = None"
    return f"{one.name}: {_spelled(one.kind)}{'' if one.required else f' = {_default(one)}'}"


def _spelled(kind: Kind) -> str:
    if kind == BYTES:
        return "builtins.bytes"  # there is a host function of this name
    match kind:
        case Plain(name):
            return _PLAIN.get(name, "int")
        case Many(of):
            return f"Sequence[{_spelled(of)}]"
        case Maybe(of):
            return f"{_spelled(of)} | None"
        case Choice(name=name) | Record(name=name):
            return pascal(name)


def _doc(paragraphs: Iterable[str], indent: str = "") -> str:
    lines = [line for words in paragraphs for line in textwrap.wrap(words, _WIDTH - len(indent))]
    if not lines:
        return ""
    if len(lines) == 1:
        return f'{indent}"""{lines[0]}"""\n'
    return f'{indent}"""{lines[0]}\n' + "".join(f"{indent}{line}\n" for line in lines[1:]) + f'{indent}"""\n'
