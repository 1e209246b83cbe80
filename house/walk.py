"""Every door of the house, as the running application has it: REST routes, pages, and rows to knock with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from marshmallow import Schema, fields
from sqlalchemy import text

from house.stage import World
from kernel.api.examples import example_of
from kernel.api.rest import PREFIX, Route
from kernel.db import Base

_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")


@dataclass(frozen=True)
class Door:
    """One method of one address; `schema` is what its body must fit, if it takes one."""

    plugin: str
    permission: str
    method: str
    rule: str
    schema: Schema | None = None

    @property
    def parameters(self) -> list[str]:
        """The names of the ids in the address."""
        return [name for kind, name in _PARAMETER.findall(self.rule) if kind == "uuid"]

    def address(self, ids: dict[str, UUID]) -> str:
        """The address with these ids; other parameters become a plain word."""
        return _PARAMETER.sub(lambda found: str(ids.get(found[2], "x")), self.rule)

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"


def rest_doors(app: Flask) -> list[Door]:
    """Every REST route."""
    routes: list[Route] = app.extensions["deskhand_routes"]
    return [Door(one.plugin, one.permission, one.method, PREFIX + one.path, _schema(one.body)) for one in routes]


def _schema(body: Any) -> Schema | None:
    return body() if isinstance(body, type) else body


def page_doors(app: Flask) -> list[Door]:
    """Every web page that goes through the gate."""
    doors = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if hasattr(view, "permission") and not rule.rule.startswith("/api/"):
            doors += [Door(view.plugin, view.permission, method, rule.rule)
                      for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})]  # fmt: skip
    return doors


def body_for(door: Door, ids: dict[str, UUID] | None = None) -> Any:
    """A body that fits the schema; its ids are random, or those given by field name."""
    if door.schema is None:
        return None
    return _with_ids(door.schema, example_of(door.schema), ids or {})


def _with_ids(schema: Schema, value: Any, ids: dict[str, UUID]) -> Any:
    if not isinstance(value, dict):
        return value
    for name, field in schema.fields.items():
        if isinstance(field, fields.UUID) and name in value:
            value[name] = str(ids.get(name) or uuid4())
        elif isinstance(field, fields.Nested) and name in value:
            value[name] = _with_ids(field.schema, value[name], ids)
        elif isinstance(field, fields.List) and isinstance(field.inner, fields.Nested) and value.get(name):
            value[name] = [_with_ids(field.inner.schema, one, ids) for one in value[name]]
        elif isinstance(field, fields.List) and isinstance(field.inner, fields.UUID) and name in value:
            value[name] = [str(ids.get(name) or uuid4())]
    return value


def one_row_of_each_table(world: World) -> dict[str, UUID]:
    """An id from every table in which the tenant has a row."""
    found: dict[str, UUID] = {}
    with world.call() as ctx:
        for table in Base.metadata.sorted_tables:
            if "tenant_id" in table.c and "id" in table.c and table.name != "wakeups":
                row = ctx.session.scalar(text(f'select id from "{table.name}" order by id limit 1'))
                if row is not None:
                    found[table.name] = row
    return found


def foreign_ids(parameter: str, rows: dict[str, UUID]) -> Iterator[UUID]:
    """Rows that a parameter such as `client_id` may mean: those of tables so named, else one of each table."""
    stem = parameter.removesuffix("_id").removesuffix("_ids").rstrip("s")
    plural = {f"{stem}s", f"{stem}es", f"{stem.removesuffix('y')}ies"}
    named = [row for table, row in rows.items() if table in plural or any(table.endswith(f"_{one}") for one in plural)]
    yield from named or rows.values()
