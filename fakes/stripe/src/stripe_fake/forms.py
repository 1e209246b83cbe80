"""Bodies as the API takes them: `line_items[0][price_data][currency]=eur`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

_PARTS = re.compile(r"\[([^\]]*)\]")


def read_form(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Nested dictionaries and lists of the pairs of a form.

    >>> read_form([("a[b]", "1"), ("c[0][d]", "2"), ("e[]", "3")])
    {'a': {'b': '1'}, 'c': [{'d': '2'}], 'e': ['3']}
    """
    root: dict[str, Any] = {}
    for name, value in pairs:
        head = name.partition("[")[0]
        _put(root, [head, *_PARTS.findall(name[len(head) :])], value)
    return _with_lists(root)  # type: ignore[no-any-return]


def _put(node: dict[str, Any], path: list[str], value: str) -> None:
    for key in path[:-1]:
        node = node.setdefault(key or str(len(node)), {})
    node[path[-1] or str(len(node))] = value


def _with_lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    made = {key: _with_lists(value) for key, value in node.items()}
    if made and all(key.isdigit() for key in made):
        return [made[key] for key in sorted(made, key=int)]
    return made


def truth(value: Any) -> bool:
    """`true` and `false` as forms say them."""
    return str(value).lower() == "true"
