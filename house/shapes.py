"""For the tests of rooms: ready rows and the schema that documents them must say the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from marshmallow import Schema

from kernel.api.endpoint import dumps


def assert_same_shape(schema: type[Schema], rows: Iterable[Mapping[str, Any]]) -> None:
    """Fail unless dumping `rows` as they are gives the very JSON that `schema` would give."""
    listed, declared = list(rows), schema(many=True)
    names = {field.data_key or name for name, field in declared.dump_fields.items()}
    ready = orjson.loads(dumps(listed))
    documented = orjson.loads(dumps(declared.dump(listed)))
    if not listed or ready != documented or any(row.keys() != names for row in ready):
        raise AssertionError(f"{schema.__name__} documents {sorted(names)}: {documented!r}, the ready rows are {ready!r}")
