"""Requests and responses of a handler."""

from __future__ import annotations

import json as _json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """One call of the extension.

    `method` is in upper case, `path` starts with a slash and has no query, `params` is what the endpoint's `:names` matched,
    `query` the last value of each parameter, `headers` go by lower-case name, `body` is empty when none was sent.
    """

    method: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: str

    def json(self) -> Any:
        """The body read as JSON. Raises ValueError when it is none."""
        return _json.loads(self.body)


@dataclass(frozen=True)
class Response:
    """What the handler answers; `status` is one of HTTP from 200 to 599."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


def json_response(value: Any, status: int = 200) -> Response:
    """A response with a JSON body."""
    return Response(status, {"content-type": "application/json"}, _json.dumps(value))
