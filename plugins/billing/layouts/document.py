"""A layout as data, checked: a version of its format, the page, and blocks; bounded, so that none can hang a renderer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import orjson
from marshmallow import ValidationError

from kernel.errors import InvalidInput
from kernel.ids import uuid7
from plugins.billing.layouts.blocks import SCHEMAS, PageSetup

FORMAT = 1
MOST_BYTES = 64 * 1024
MOST_BLOCKS = 60
MOST_OF = {"lines": 3, "reckoning": 1, "image": 4, "columns": 8}
WIDEST = 12
ON_THE_PAGE = {"columns", "page_break"}
"""What cannot stand in a column."""
Document = dict[str, Any]


class LayoutInvalid(InvalidInput):
    """A layout that cannot be printed; each error has the path of its block, such as `blocks[3].columns[0].blocks[1].height`."""

    code = "layout_invalid"
    title = "The layout has mistakes"


class _Check:
    """One pass over a layout: collects errors by path, counts blocks, keeps keys apart."""

    def __init__(self) -> None:
        self.errors: dict[str, str] = {}
        self.counts: dict[str, int] = {}
        self.keys: set[str] = set()

    def blocks(self, given: Any, path: str, *, nested: bool = False) -> list[dict[str, Any]]:
        if not isinstance(given, list):
            self.errors[path] = "A list of blocks is wanted."
            return []
        return [found for at, one in enumerate(given) if (found := self._block(one, f"{path}[{at}]", nested)) is not None]

    def _block(self, given: Any, path: str, nested: bool) -> dict[str, Any] | None:
        kind = given.get("kind") if isinstance(given, Mapping) else None
        allowed = [one for one in SCHEMAS if not (nested and one in ON_THE_PAGE)]
        if kind not in allowed:
            self.errors[f"{path}.kind"] = f"One of {', '.join(allowed)}."
            return None
        if not self._counted(str(kind), path):
            return None
        block = self._loaded(given, str(kind), path)
        if block is not None and kind == "columns":
            block["columns"] = [self._column(one, f"{path}.columns[{at}]") for at, one in enumerate(block["columns"])]
        return block

    def _counted(self, kind: str, path: str) -> bool:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if sum(self.counts.values()) > MOST_BLOCKS:
            self.errors["blocks"] = f"At most {MOST_BLOCKS} blocks."
            return False
        if self.counts[kind] > MOST_OF.get(kind, MOST_BLOCKS):
            self.errors[f"{path}.kind"] = f"At most {MOST_OF[kind]} blocks of this kind."
            return False
        return True

    def _loaded(self, given: Mapping[str, Any], kind: str, path: str) -> dict[str, Any] | None:
        try:
            block: dict[str, Any] = SCHEMAS[kind]().load(given)
        except ValidationError as error:
            self.errors |= {f"{path}{at}": words for at, words in _paths(error.messages)}
            return None
        if block["key"] in self.keys or not block["key"]:
            block["key"] = new_key()
        self.keys.add(block["key"])
        return {name: str(value) if isinstance(value, UUID) else value for name, value in block.items()}

    def _column(self, given: Mapping[str, Any], path: str) -> dict[str, Any]:
        width = given.get("width", 1)
        if isinstance(width, bool) or not isinstance(width, int) or not 1 <= width <= WIDEST:
            self.errors[f"{path}.width"] = f"A width in proportion, 1 to {WIDEST}."
        if strange := set(given) - {"width", "blocks"}:
            self.errors[f"{path}.{min(strange)}"] = "A column has a width and blocks, nothing else."
        return {"width": width, "blocks": self.blocks(given.get("blocks", []), f"{path}.blocks", nested=True)}


def check_document(given: Any) -> Document:
    """A layout with every choice filled in and a key for each block. Raises LayoutInvalid with the path of each mistake."""
    if not isinstance(given, Mapping):
        raise LayoutInvalid(errors={"document": "A layout is an object with `format`, `page` and `blocks`."})
    _check_size(given)
    check = _Check()
    if given.get("format") != FORMAT:
        check.errors["format"] = f"This release knows format {FORMAT}."
    for name in sorted(set(given) - {"format", "page", "blocks"}):
        check.errors[name] = "A layout has `format`, `page` and `blocks`, nothing else."
    document = {
        "format": FORMAT,
        "page": _page(given.get("page", {}), check),
        "blocks": check.blocks(given.get("blocks"), "blocks"),
    }
    if check.errors:
        raise LayoutInvalid(errors=check.errors)
    return document


def check_given(given: Any) -> Document:
    """`check_document` for layouts that are no tenant's own: the same layout has the same keys, so that it is recognized."""
    document = check_document(given)
    if b"\\u0000" in orjson.dumps(document):
        raise LayoutInvalid(errors={"document": "The layout has the character U+0000 in it, which no database keeps."})
    for number, block in enumerate(every_block(document), 1):
        block["key"] = f"b{number}"
    return document


def mistakes_in(given: Any) -> dict[str, str]:
    """What `check_given` would refuse, by path."""
    try:
        check_given(given)
    except LayoutInvalid as error:
        return dict(error.errors)
    return {}


def _check_size(given: Mapping[str, Any]) -> None:
    try:
        size = len(orjson.dumps(dict(given)))
    except orjson.JSONEncodeError as error:
        raise LayoutInvalid(errors={"document": "This is no JSON, or its parts lie too deep in each other."}) from error
    if size > MOST_BYTES:
        raise LayoutInvalid(errors={"document": f"The layout has {size} bytes; at most {MOST_BYTES} are allowed."})


def _page(given: Any, check: _Check) -> dict[str, Any]:
    try:
        page: dict[str, Any] = PageSetup().load(given)
    except ValidationError as error:
        check.errors |= {f"page{at}": words for at, words in _paths(error.messages)}
        return {}
    return page


def _paths(messages: Any, above: str = "") -> Iterator[tuple[str, str]]:
    """marshmallow's nested messages as `.rows[2].field` and words."""
    if not isinstance(messages, Mapping):
        yield above, " ".join(str(one) for one in ([messages] if isinstance(messages, str) else messages))
        return
    for name, inner in messages.items():
        step = f"[{name}]" if isinstance(name, int) else "" if name == "_schema" else f".{name}"
        yield from _paths(inner, above + step)


def new_key() -> str:
    """A key for a block."""
    return uuid7().hex[-8:]


def every_block(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """All blocks, those in columns as well, from top to bottom."""
    for block in document["blocks"]:
        yield block
        for column in block.get("columns", ()) if block["kind"] == "columns" else ():
            yield from column["blocks"]


def image_ids(document: Mapping[str, Any]) -> set[UUID]:
    """The pictures that a layout prints."""
    return {UUID(one["image"]) for one in every_block(document) if one.get("image")}
