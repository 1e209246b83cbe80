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

    >>> dumps({"Total": Decimal("10.10"), "Lines": [None, True, "a"]})
    '{"Total":10.10,"Lines":[null,true,"a"]}'
    """
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(str(key))}:{dumps(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(dumps, value)) + "]"
    return json.dumps(value)


def decimal(value: Any) -> Decimal:
    """A number of a body; missing ones are nothing."""
    return Decimal(str(value)) if value not in (None, "") else Decimal(0)
