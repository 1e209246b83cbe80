"""Every door of the house, as the running application has it: REST routes, pages, and bodies to knock with."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from marshmallow import Schema, fields

from kernel.api.examples import example_of
from kernel.api.rest import PREFIX, Route

_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
_NAMES_OF_IDS = {"install"}
"""Parameters that mean an id though the address takes any word."""
Choose = Callable[[str], UUID]
"""Gives the id for a field by its path in the body: `lines.item_id`."""


@dataclass(frozen=True)
class Door:
    """One method of one address; `schema` is what its body must fit, `query` its query, if it takes one."""

    plugin: str
    permission: str
    method: str
    rule: str
    schema: Schema | None = None
    query: Schema | None = None

    @property
    def parameters(self) -> list[str]:
        """The names of the ids in the address."""
        return [name for kind, name in _PARAMETER.findall(self.rule) if kind == "uuid" or name in _NAMES_OF_IDS]

    @property
    def words(self) -> str:
        """The address without its parameters."""
        return "/".join(word for word in self.rule.removeprefix(PREFIX).split("/") if word and not word.startswith("<"))

    @property
    def noun(self) -> str:
        """The first word of the address, by which rooms tell two kinds of rows of one name apart."""
        return self.words.partition("/")[0]

    def address(self, ids: dict[str, UUID]) -> str:
        """The address with these ids; other parameters become a plain word."""
        return _PARAMETER.sub(lambda found: str(ids.get(found[2], "x")), self.rule)

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"


def rest_doors(app: Flask) -> list[Door]:
    """Every REST route."""
    routes: list[Route] = app.extensions["deskhand_routes"]
    return [
        Door(one.plugin, one.permission, one.method, PREFIX + one.path, _schema(one.body), _schema(one.query)) for one in routes
    ]


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


def random_ids(door: Door) -> dict[str, UUID]:
    """Ids for the address that nobody has."""
    return {name: uuid4() for name in door.parameters}


def body_for(door: Door, choose: Choose | None = None) -> Any:
    """A body that fits the schema, with fresh words; its ids are random, or those chosen by their path."""
    if door.schema is None:
        return None
    return _filled(door.schema, example_of(door.schema), choose or (lambda _: uuid4()))


def filled_in(schema: Schema, choose: Choose) -> Any:
    """The least that a schema takes, with fresh words; its ids are those chosen by their path."""
    return _needed(schema, _filled(schema, example_of(schema), choose))


def _needed(schema: Schema, value: Any) -> Any:
    """`value` without what may be left out."""
    if isinstance(value, list):
        return [_needed(schema, one) for one in value]
    kept = {name: one for name, one in value.items() if schema.fields[name].required}
    return {name: _inner(schema.fields[name], one) for name, one in kept.items()}


def _inner(field: fields.Field[Any], value: Any) -> Any:
    if isinstance(field, fields.List):
        return [_inner(field.inner, one) for one in value]
    return _needed(field.schema, value) if isinstance(field, fields.Nested) else value


def ids_in_body(door: Door) -> list[str]:
    """The paths of all ids in the body, nested ones as well."""
    paths: list[str] = []

    def note(path: str) -> UUID:
        paths.append(path)
        return uuid4()

    body_for(door, note)
    return paths


def ids_in_query(door: Door) -> list[str]:
    """The filters of a list that take an id."""
    return [name for name, one in door.query.fields.items() if isinstance(one, fields.UUID)] if door.query else []


def _filled(schema: Schema, value: Any, choose: Choose, above: str = "") -> Any:
    """`value` with an id in each field that takes one, and words that nobody has used."""
    if isinstance(value, list):
        return [_filled(schema, one, choose, above) for one in value]
    for name, field in schema.fields.items():
        if isinstance(value, dict) and value.get(name) is not None:
            value[name] = _with_id(field, value[name], choose, f"{above}{name}")
    return value


def _with_id(field: fields.Field[Any], value: Any, choose: Choose, path: str) -> Any:
    if isinstance(field, fields.UUID):
        return str(choose(path))
    if isinstance(field, fields.Email):
        return f"{uuid4().hex}@client.example"
    if value == "text":  # so that nothing is refused because it is taken
        return f"t{uuid4().hex[:9]}"
    if isinstance(field, fields.Nested):
        return _filled(field.schema, value, choose, f"{path}.")
    if isinstance(field, fields.List):
        return [_with_id(field.inner, one, choose, path) for one in value]
    return value
