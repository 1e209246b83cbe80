"""The reference page of the host's functions, for authors of extensions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from plugins.extensions.surface.model import Choice, Function, Interface, Kind, Many, Maybe, Member, Plain, Record, camel, pascal
from plugins.extensions.surface.wit_text import signature


def lines(interfaces: Iterable[Interface]) -> Iterator[str]:
    """The page's Markdown, below its title."""
    yield (
        "What an extension may call, by interface. Names are camelCase in TypeScript, kebab-case in WIT, and snake_case in "
        "Python, Rust and the JSON of the extism lane. A refusal is `success: false`, an `error` (a code, a colon, a sentence), "
        "and the errors of fields by their path.\n"
    )
    for one in interfaces:
        yield f"## {one.name}\n\n{one.says} Given by `{one.plugin}`.\n"
        for function in one.functions:
            yield from _function(one, function)
        for named in one.types():
            yield f"**`{pascal(named.name)}`**{f' — {named.says}' if isinstance(named, Record) and named.says else ''}\n"
            yield _choices(named) if isinstance(named, Choice) else _table("Field", named.members)


def _function(interface: Interface, one: Function) -> Iterator[str]:
    gate = f"Needs `{one.capability}`." if one.capability else "Needs no capability."
    where = " Answered beside the guest; costs no host call." if one.local else ""
    yield f"### `host.{camel(interface.name)}.{camel(one.name)}`\n\n{one.says} {gate}{where}\n"
    yield f"```wit\n{one.name.replace('_', '-')}: {signature(one).replace('%', '')}\n```\n"
    if one.takes:
        yield _table("Takes", one.takes)


def _choices(choice: Choice) -> str:
    return f"One of {', '.join(f'`{case}`' for case in choice.cases)}.\n"


def _table(head: str, members: Iterable[Member]) -> str:
    rows = [f"| `{one.name}` | {_spelled(one.kind)} | {'yes' if one.required else ''} | {_cell(one)} |" for one in members]
    return "\n".join([f"| {head} | Kind | Required | Says |", "| --- | --- | --- | --- |", *rows]) + "\n"


def _cell(one: Member) -> str:
    return one.says.replace("|", "\\|")


def _spelled(kind: Kind) -> str:
    match kind:
        case Plain(name):
            return name
        case Many(of):
            return f"list of {_spelled(of)}"
        case Maybe(of):
            return f"{_spelled(of)} or none"
        case Choice(name=name) | Record(name=name):
            return f"`{pascal(name)}`"
