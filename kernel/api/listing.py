"""Lists: keyset paging, sorting and filters over one SELECT. Knows no Flask, so that services may use it.

A page starts behind the last row of the page before (`ORDER BY column, id`), so it costs the same wherever it lies, and
rows added meanwhile neither shift nor repeat others.
"""

from __future__ import annotations

import copy
import operator
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from hashlib import blake2b
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import orjson
from marshmallow import Schema, fields, validate
from sqlalchemy import ARRAY, ColumnElement, Integer, Select, any_, bindparam, tuple_
from webargs.fields import DelimitedList

from kernel.context import CallContext
from kernel.db import compile_hot, cursor
from kernel.errors import InvalidInput

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
RESERVED = frozenset({"limit", "cursor", "sort", "fields", "updated_since"})
_ORDERED = (fields.Integer, fields.Decimal, fields.DateTime, fields.Date)
_COMPARE = {"eq": operator.eq, "gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}
_DIGEST = 8
_READY: WeakKeyDictionary[Select[Any], dict[Any, tuple[str, dict[str, Any]]]] = WeakKeyDictionary()
Columns = Mapping[str, ColumnElement[Any]]
_FROM_TEXT: dict[type, Callable[[Any], Any]] = {
    datetime: datetime.fromisoformat, date: date.fromisoformat, UUID: UUID, Decimal: Decimal,
}  # fmt: skip


class CursorInvalid(InvalidInput):
    """The cursor is damaged, or belongs to another list, sort order or tenant."""

    code = "cursor_invalid"
    title = "The cursor does not fit this list"

    def __init__(self) -> None:
        words = "Take the cursor from `next_cursor` of the page before, with the same sort; or leave it out."
        super().__init__(words, errors={"cursor": words})


class ListQuery(Schema):
    """What every list understands. `filtered()` adds a list's own filters."""

    limit = fields.Integer(load_default=DEFAULT_LIMIT, validate=validate.Range(1, MAX_LIMIT),
                           metadata={"description": "Rows of a page."})  # fmt: skip
    cursor = fields.String(metadata={"description": "`next_cursor` of the page before."})
    sort = fields.String(metadata={"description": "Key to sort by, `-` in front for the greatest first."})
    updated_since = fields.AwareDateTime(metadata={"description": "Only rows changed at or after this instant."})
    sparse = DelimitedList(fields.String(), data_key="fields", attribute="fields",
                           metadata={"description": "Only these fields of each row, separated by commas."})  # fmt: skip


def filtered(**filters: fields.Field[Any]) -> type[ListQuery]:
    """A ListQuery with filters: `name=`, for ordered kinds `name__gt|gte|lt|lte=`, for others `name__in=a,b`.

    Example: `TicketQuery = filtered(status=fields.String(), opened_at=fields.AwareDateTime())`.
    """
    declared: dict[str, Any] = {}
    for name, field in filters.items():
        declared[name] = field
        if isinstance(field, _ORDERED):
            declared |= {f"{name}__{op}": copy.copy(field) for op in ("gt", "gte", "lt", "lte")}
        elif not isinstance(field, fields.Boolean):
            declared[f"{name}__in"] = DelimitedList(copy.copy(field))
    return type("FilteredQuery", (ListQuery,), declared)


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list, ready to be dumped, and where the next page starts (None: this was the last)."""

    items: Sequence[Mapping[str, Any]]
    next_cursor: str | None = None


@cache
def page_schema(row: type[Schema]) -> type[Schema]:
    """The schema `{items, next_cursor}` of a list of such rows."""
    name = row.__name__.removesuffix("Out") + "Page"
    members = {"items": fields.List(fields.Nested(row), required=True), "next_cursor": fields.String(allow_none=True)}
    return type(name, (Schema,), members)


def paginate(
    ctx: CallContext,
    statement: Select[Any],
    query: Mapping[str, Any],
    *,
    sortable: Columns,
    default: str,
    filters: Columns | None = None,
) -> Page:
    """One page of `statement`, which selects `id` and has no order of its own.

    `sortable` names the keys that `sort=` takes; an index (tenant_id, key, id) makes each cheap. A filter of `query`
    finds its column by name in `filters`, `sortable` or the selected columns. Keep `statement`, `sortable` and `filters` in
    constants where they can be: their SQL is then made once. Raises InvalidInput for an unknown sort
    key and CursorInvalid.
    """
    order = _Order.read(query.get("sort") or default, sortable, statement.selected_columns["id"])
    wanted = _conditions(query)
    columns = _columns(wanted, statement, {**sortable, **(filters or {})})
    position = order.decode(query["cursor"], ctx.tenant_id) if query.get("cursor") else None
    limit = query.get("limit", DEFAULT_LIMIT)
    rows: list[dict[str, Any]] = []
    for part in order.parts(position):
        sql, values = _ready(ctx, statement, order, part, columns)
        values = values | {f"q_{name}": value for name, value in wanted.items()}
        values |= {"q_limit": limit + 1 - len(rows)} | dict(zip(("q_value", "q_id"), position or (), strict=False))
        with cursor(ctx.session) as hot:
            rows += hot.execute(sql, values).fetchall()
        if len(rows) > limit:
            break
    return _page(ctx, order, rows, limit)


def every_row(list_page: Callable[[Mapping[str, Any]], Page], query: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All rows of a list, page by page, whatever page the query asks for; for exports."""
    wanted = {**query, "limit": MAX_LIMIT, "cursor": None}
    while True:
        page = list_page(wanted)
        yield from page.items
        if page.next_cursor is None:
            return
        wanted["cursor"] = page.next_cursor


@dataclass(frozen=True, slots=True)
class _Order:
    """A sort key with the id as tie-break; nulls lie where a plain index has them: last, or first when descending."""

    text: str
    key: ColumnElement[Any]
    id: ColumnElement[Any]
    descending: bool

    @classmethod
    def read(cls, text: str, sortable: Columns, id_column: ColumnElement[Any]) -> _Order:
        name = text.removeprefix("-")
        if name not in sortable:
            words = f"Sort by one of {', '.join(sortable)}; with - in front for the greatest first."
            raise InvalidInput(words, errors={"sort": words})
        return cls(text, sortable[name], id_column, text.startswith("-"))

    def parts(self, position: tuple[Any, UUID] | None) -> tuple[str, ...]:
        """What lies behind a position, as consecutive ranges that an index can each seek."""
        if position is None:
            return ("all",)
        if position[0] is None:
            return ("later nulls", "values") if self.descending else ("later nulls",)
        nullable = getattr(self.key, "nullable", True)
        return ("later values", "nulls") if nullable and not self.descending else ("later values",)

    def select(self, statement: Select[Any], part: str) -> Select[Any]:
        """The rows of one part, in order, with what a cursor needs beside them."""
        beyond = operator.lt if self.descending else operator.gt
        value, row_id = bindparam("q_value", None, self.key.type), bindparam("q_id", None, self.id.type)
        if part == "later values":
            statement = statement.where(beyond(tuple_(self.key, self.id), tuple_(value, row_id)))
        elif part == "later nulls":
            statement = statement.where(self.key.is_(None), beyond(self.id, row_id))
        elif part == "nulls":
            statement = statement.where(self.key.is_(None))
        elif part == "values":
            statement = statement.where(self.key.is_not(None))
        ways = (self.key.desc(), self.id.desc()) if self.descending else (self.key.asc(), self.id.asc())
        return statement.order_by(*ways).add_columns(self.key.label("_sort"), self.id.label("_id"))

    def encode(self, value: Any, row_id: UUID, tenant_id: UUID) -> str:
        payload = orjson.dumps([self.text, value, row_id], default=str)
        return urlsafe_b64encode(_seal(payload, tenant_id) + payload).rstrip(b"=").decode()

    def decode(self, cursor: str, tenant_id: UUID) -> tuple[Any, UUID]:
        try:
            raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            seal, payload = raw[:_DIGEST], raw[_DIGEST:]
            if seal != _seal(payload, tenant_id):
                raise CursorInvalid
            text, value, row_id = orjson.loads(payload)
        except ValueError as error:
            raise CursorInvalid from error
        if text != self.text:
            raise CursorInvalid
        read = _FROM_TEXT.get(self.key.type.python_type, lambda same: same)
        return None if value is None else read(value), UUID(row_id)


def _seal(payload: bytes, tenant_id: UUID) -> bytes:
    """A checksum, not a secret: a forged position shows nothing that the list would not."""
    return blake2b(payload, key=tenant_id.bytes, digest_size=_DIGEST).digest()


def _conditions(query: Mapping[str, Any]) -> dict[str, Any]:
    """The filters of a query by parameter."""
    wanted = {name: value for name, value in query.items() if name not in RESERVED}
    if (since := query.get("updated_since")) is not None:
        wanted["updated_at__gte"] = max(since, wanted.get("updated_at__gte", since))
    return wanted


def _columns(wanted: Iterable[str], statement: Select[Any], named: Columns) -> tuple[tuple[str, ColumnElement[Any]], ...]:
    found = []
    for parameter in wanted:
        name = parameter.partition("__")[0]
        known = named if name in named else statement.selected_columns
        if name not in known and name == "updated_at":
            raise InvalidInput(errors={"updated_since": "This list does not keep when its rows were changed."})
        found.append((parameter, known[name]))
    return tuple(found)


def _ready(
    ctx: CallContext,
    statement: Select[Any],
    order: _Order,
    part: str,
    columns: tuple[tuple[str, ColumnElement[Any]], ...],
) -> tuple[str, dict[str, Any]]:
    """The SQL of a part; for a statement that a room keeps in a constant it is made once for each shape of query."""
    known = _READY.setdefault(statement, {})
    shape = (part, order.text, order.key, columns)
    if shape not in known:
        narrowed = statement.where(*(_condition(parameter, column) for parameter, column in columns))
        known[shape] = compile_hot(ctx.session, order.select(narrowed, part).limit(bindparam("q_limit", None, Integer)))
    return known[shape]


def _condition(parameter: str, column: ColumnElement[Any]) -> ColumnElement[bool]:
    op = parameter.partition("__")[2]
    if op == "in":
        return column == any_(bindparam(f"q_{parameter}", None, ARRAY(column.type)))
    compare: Callable[[Any, Any], ColumnElement[bool]] = _COMPARE[op or "eq"]
    return compare(column, bindparam(f"q_{parameter}", None, column.type))


def _page(ctx: CallContext, order: _Order, rows: list[dict[str, Any]], limit: int) -> Page:
    more, page = len(rows) > limit, rows[:limit]
    next_cursor = order.encode(page[-1]["_sort"], page[-1]["_id"], ctx.tenant_id) if more else None
    for row in page:
        del row["_sort"], row["_id"]
    return Page(page, next_cursor)
