"""Building XML in the order in which it is read: a node with children, empty ones left out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from lxml import etree

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Node(NamedTuple):
    """An element: its prefixed name, its text, attributes, and what is in it."""

    name: str
    text: str | None
    attributes: tuple[tuple[str, str], ...]
    children: tuple[Node, ...]


def leaf(name: str, text: str | None, **attributes: str) -> Node | None:
    """An element with text; None without any, so that it is left out."""
    return Node(name, text, tuple((key, value) for key, value in attributes.items() if value), ()) if text else None


def node(name: str, *children: Node | None) -> Node | None:
    """An element with children; None without any, so that it is left out."""
    inside = tuple(child for child in children if child is not None)
    return Node(name, None, (), inside) if inside else None


def write(root: Node, namespaces: dict[str | None, str]) -> bytes:
    """The document in UTF-8. Characters that XML cannot carry are left out."""
    return etree.tostring(_element(root, namespaces), xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _element(one: Node, namespaces: dict[str | None, str]) -> etree._Element:
    prefix, _, local = one.name.rpartition(":")
    made = etree.Element(f"{{{namespaces[prefix or None]}}}{local}", nsmap=namespaces)
    if one.text is not None:
        made.text = _FORBIDDEN.sub("", one.text)
    for key, value in one.attributes:
        made.set(key, value)
    _append(made, one.children, namespaces)
    return made


def _append(parent: etree._Element, children: Iterable[Node], namespaces: dict[str | None, str]) -> None:
    for child in children:
        parent.append(_element(child, namespaces))
