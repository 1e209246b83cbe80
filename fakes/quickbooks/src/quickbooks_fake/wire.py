"""JSON with exact decimals, both ways."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

Entity = dict[str, Any]


def loads(text: str | bytes) -> Any:
    """Read JSON; numbers with a point are decimals."""
    return json.loads(text, parse_float=Decimal)


def dumps(value: Any) -> str:
    """Write JSON; decimals are numbers.

    >>> dumps({"Amount": Decimal("10.10"), "Line": [None, True, "a"]})
    '{"Amount":10.10,"Line":[null,true,"a"]}'
    """
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(str(key))}:{dumps(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(dumps, value)) + "]"
    return json.dumps(value)


def decimal(value: Any) -> Decimal:
    """A number of a body, which some clients send as text. Raises ArithmeticError or TypeError."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        raise TypeError(f"{value!r} is no number")
    number = Decimal(value)
    if not number.is_finite():
        raise ArithmeticError(f"{value!r} is no number")
    return number


def ref(entity: Entity, name: str) -> str:
    """The id that a reference holds; empty where there is none."""
    found = entity.get(name)
    return str(found.get("value") or "") if isinstance(found, dict) else str(found or "")
