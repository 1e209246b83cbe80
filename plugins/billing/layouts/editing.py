"""Editing a layout block by block: pure steps from one document to the next."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, NamedTuple

from plugins.billing.layouts.blocks import SCHEMAS
from plugins.billing.layouts.document import Document, new_key
from plugins.billing.layouts.errors import LayoutBlockNotFound

_BEGINNINGS: Mapping[str, Mapping[str, Any]] = {
    "text": {"text": "{invoice.title} {invoice.number}"},
    "facts": {"rows": [{"field": "invoice.date"}, {"field": "invoice.due_date"}]},
    "lines": {"columns": [{"show": "description"}, {"show": "quantity"}, {"show": "unit_price"}, {"show": "net"}]},
    "columns": {"columns": [{"width": 1, "blocks": []}, {"width": 1, "blocks": []}]},
}


class Place(NamedTuple):
    """Where a block stands: in which list, at which position, below which `columns` block (None: on the page itself)."""

    blocks: list[dict[str, Any]]
    at: int
    inside: dict[str, Any] | None


def find_block(document: Document, key: str) -> dict[str, Any]:
    """Raises LayoutBlockNotFound."""
    return (place := _place(document, key)).blocks[place.at]


def _place(document: Document, key: str) -> Place:
    for at, block in enumerate(document["blocks"]):
        if block["key"] == key:
            return Place(document["blocks"], at, None)
        for column in block["columns"] if block["kind"] == "columns" else ():
            for inner, one in enumerate(column["blocks"]):
                if one["key"] == key:
                    return Place(column["blocks"], inner, block)
    raise LayoutBlockNotFound(f"The layout has no block {key!r}; somebody may have removed it.")


def path_of(document: Document, key: str) -> str:
    """The path that errors name the block by, such as `blocks[3].columns[0].blocks[1]`."""
    place = _place(document, key)
    if place.inside is None:
        return f"blocks[{place.at}]"
    column = next(at for at, one in enumerate(place.inside["columns"]) if one["blocks"] is place.blocks)
    return f"{path_of(document, place.inside['key'])}.columns[{column}].blocks[{place.at}]"


def with_block(document: Document, key: str, changes: Mapping[str, Any]) -> Document:
    """The block with other choices; its kind and key stay."""
    changed = deepcopy(document)
    block = find_block(changed, key)
    block.update({name: value for name, value in changes.items() if name not in ("kind", "key")})
    return changed


def with_columns(document: Document, key: str, rows: list[Mapping[str, Any]]) -> Document:
    """A `columns` block with these widths; each row says `at` which column its blocks come from (None: a new, empty one)."""
    changed = deepcopy(document)
    block = find_block(changed, key)
    before = block["columns"]
    kept = [(row.get("at"), row["width"]) for row in rows]
    block["columns"] = [
        {"width": width, "blocks": before[at]["blocks"] if at is not None and 0 <= at < len(before) else []} for at, width in kept
    ]
    return changed


def with_new_block(document: Document, kind: str, column: str = "") -> tuple[Document, str]:
    """A new block at the end of the page, or of a column named `key:number`; returns its key as well."""
    if kind not in SCHEMAS:
        raise LayoutBlockNotFound(f"There is no kind of block named {kind!r}.")
    changed, key = deepcopy(document), new_key()
    _list_at(changed, column).append({"kind": kind, "key": key, "when": [], **deepcopy(dict(_BEGINNINGS.get(kind, {})))})
    return changed, key


def _list_at(document: Document, column: str) -> list[dict[str, Any]]:
    if not column:
        blocks: list[dict[str, Any]] = document["blocks"]
        return blocks
    key, _, number = column.partition(":")
    columns = find_block(document, key).get("columns", [])
    if not number.isdecimal() or int(number) >= len(columns):
        raise LayoutBlockNotFound(f"The layout has no column {column!r}.")
    inner: list[dict[str, Any]] = columns[int(number)]["blocks"]
    return inner


def with_move(document: Document, key: str, by: int) -> Document:
    """The block so many places further down (below zero: up); at an edge of a column it goes on to the next column, and out of
    it at the last."""
    changed = deepcopy(document)
    place = _place(changed, key)
    block, to = place.blocks.pop(place.at), place.at + (1 if by > 0 else -1)
    if 0 <= to <= len(place.blocks):
        place.blocks.insert(to, block)
    elif place.inside is None:
        place.blocks.insert(place.at, block)
    else:
        _beyond(changed, place, block, down=by > 0)
    return changed


def _beyond(document: Document, place: Place, block: dict[str, Any], *, down: bool) -> None:
    assert place.inside is not None  # noqa: S101 - only blocks in columns come here
    columns = place.inside["columns"]
    here = next(at for at, one in enumerate(columns) if one["blocks"] is place.blocks)
    to = here + (1 if down else -1)
    if 0 <= to < len(columns):
        blocks = columns[to]["blocks"]
        blocks.insert(0 if down else len(blocks), block)
        return
    outside = _place(document, place.inside["key"])
    outside.blocks.insert(outside.at + (1 if down else 0), block)


def with_put(document: Document, key: str, column: str) -> Document:
    """The block at the end of another column, or of the page."""
    changed = deepcopy(document)
    place = _place(changed, key)
    target = _list_at(changed, column)
    target.append(place.blocks.pop(place.at))
    return changed


def with_drop(document: Document, key: str, near: str, *, after: bool) -> Document:
    """The block right before or after another one, wherever that is; dropped on itself or on what is in it, it stays."""
    changed = deepcopy(document)
    place = _place(changed, key)
    block = place.blocks[place.at]
    inside = {one["key"] for column in block.get("columns", ()) for one in column["blocks"]}
    if near in {key, *inside}:
        return changed
    del place.blocks[place.at]
    target = _place(changed, near)
    target.blocks.insert(target.at + after, block)
    return changed


def without_block(document: Document, key: str) -> Document:
    """The layout without a block and what is in it."""
    changed = deepcopy(document)
    place = _place(changed, key)
    del place.blocks[place.at]
    return changed


def columns_of(document: Document) -> list[tuple[str, int, int]]:
    """Every column as (`key:number`, position of its block on the page, its own number), both from 1."""
    return [
        (f"{block['key']}:{number}", at, number + 1)
        for at, block in enumerate(document["blocks"], 1)
        if block["kind"] == "columns"
        for number in range(len(block["columns"]))
    ]
