"""Words of the host's functions as comments of generated sources."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator

from plugins.extensions.surface.model import Member


def parameters(takes: Iterable[Member], spell: Callable[[str], str]) -> Iterator[str]:
    """A sentence for each parameter that has words; `spell` writes its name."""
    for one in takes:
        if one.says:
            yield f"`{spell(one.name)}`: {one.says}"


def jsdoc(paragraphs: Iterable[str], indent: str = "") -> str:
    """A comment before what it is about, in TypeScript and its kin; nothing for no words."""
    lines = [line for words in paragraphs for line in textwrap.wrap(words, 116 - len(indent))]
    if len(lines) < 2:
        return f"{indent}/** {lines[0]} */\n" if lines else ""
    return f"{indent}/**\n" + "".join(f"{indent} * {line}\n" for line in lines) + f"{indent} */\n"
