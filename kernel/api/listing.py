"""Lists: keyset paging, sorting and filters over one SELECT. Knows no Flask, so that services may use it.

A page starts behind the last row of the page before (`ORDER BY column, id`), so it costs the same wherever it lies, and
rows added meanwhile neither shift nor repeat others.
"""

from __future__ import annotations

import copy
import operator
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from hashlib import blake2b
from typing import Any
from uuid import UUID

import orjson
from marshmallow import Schema, fields, validate
from sqlalchemy import ARRAY, ColumnElement, Select, and_, any_, literal, tuple_
from webargs.fields import DelimitedList

from kernel.context import CallContext
from kernel.db import fetch_rows
from kernel.errors import InvalidInput

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
RESERVED = frozenset({"limit", "cursor", "sort", "fields", "updated_since"})
_ORDERED = (fields.Integer, fields.Decimal, fields.DateTime, fields.Date)
_COMPARE = {"eq": operator.eq, "gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}
_DIGEST = 8
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
    sortable: Mapping[str, ColumnElement[Any]],
    default: str,
    filters: Mapping[str, ColumnElement[Any]] | None = None,
) -> Page:
    """One page of `statement`, which selects `id` and has no order of its own.

    `sortable` names the keys that `sort=` takes; an index (tenant_id, key, id) makes each cheap. A filter of `query`
    finds its column by name in `filters`, `sortable` or the selected columns. Raises InvalidInput for an unknown sort
    key and CursorInvalid.
    """
    selected = dict(statement.selected_columns)
    order = _Order.read(query.get("sort") or default, sortable, selected["id"])
    narrowed = _narrow(statement, query, {**selected, **sortable, **(filters or {})})
    position = order.decode(query["cursor"], ctx.tenant_id) if query.get("cursor") else None
    limit = query.get("limit", DEFAULT_LIMIT)
    rows = _fetch(ctx, narrowed, order, position, limit + 1)
    more = len(rows) > limit
    page = rows[:limit]
    cursor = order.encode(page[-1]["_sort"], page[-1]["_id"], ctx.tenant_id) if more else None
    for row in page:
        del row["_sort"], row["_id"]
    return Page(page, cursor)


@dataclass(frozen=True, slots=True)
class _Order:
    """A sort key with the id as tie-break; nulls lie where a plain index has them: last, or first when descending."""

    text: str
    key: ColumnElement[Any]
    id: ColumnElement[Any]
    descending: bool

    @classmethod
    def read(cls, text: str, sortable: Mapping[str, ColumnElement[Any]], id_column: ColumnElement[Any]) -> _Order:
        name = text.removeprefix("-")
        if name not in sortable:
            words = f"Sort by one of {', '.join(sortable)}; with - in front for the greatest first."
            raise InvalidInput(words, errors={"sort": words})
        return cls(text, sortable[name], id_column, text.startswith("-"))

    def clauses(self) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
        return (self.key.desc(), self.id.desc()) if self.descending else (self.key.asc(), self.id.asc())

    def after(self, value: Any, row_id: UUID) -> Iterator[ColumnElement[bool]]:
        """What lies behind a position, as consecutive ranges that an index can each seek."""
        nullable = getattr(self.key, "nullable", True)
        if value is None:
            yield and_(self.key.is_(None), self._beyond(self.id, literal(row_id, self.id.type)))
            if self.descending:
                yield self.key.is_not(None)
            return
        here = tuple_(literal(value, self.key.type), literal(row_id, self.id.type))
        yield self._beyond(tuple_(self.key, self.id), here)
        if nullable and not self.descending:
            yield self.key.is_(None)

    def _beyond(self, column: Any, value: Any) -> ColumnElement[bool]:
        beyond: ColumnElement[bool] = column < value if self.descending else column > value
        return beyond

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


def _narrow(statement: Select[Any], query: Mapping[str, Any], columns: Mapping[str, ColumnElement[Any]]) -> Select[Any]:
    for parameter, value in query.items():
        if parameter not in RESERVED:
            name, _, op = parameter.partition("__")
            statement = statement.where(_condition(columns[name], op, value))
    if (since := query.get("updated_since")) is not None:
        if "updated_at" not in columns:
            raise InvalidInput(errors={"updated_since": "This list does not keep when its rows were changed."})
        statement = statement.where(columns["updated_at"] >= since)
    return statement


def _condition(column: ColumnElement[Any], op: str, value: Any) -> ColumnElement[bool]:
    if op == "in":
        return column == any_(literal(list(value), ARRAY(column.type)))
    compare: Callable[[Any, Any], ColumnElement[bool]] = _COMPARE[op or "eq"]
    return compare(column, value)


def _fetch(
    ctx: CallContext, statement: Select[Any], order: _Order, position: tuple[Any, UUID] | None, count: int
) -> list[dict[str, Any]]:
    ordered = statement.order_by(*order.clauses()).add_columns(order.key.label("_sort"), order.id.label("_id"))
    if position is None:
        return fetch_rows(ctx.session, ordered.limit(count))
    rows: list[dict[str, Any]] = []
    for part in order.after(*position):
        if len(rows) < count:
            rows += fetch_rows(ctx.session, ordered.where(part).limit(count - len(rows)))
    return rows
