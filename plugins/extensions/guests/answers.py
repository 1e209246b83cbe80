"""Checks what a guest answers before anybody else sees it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .invocation import GuestRequest, GuestResponse, Pairs
from .limits import MAX_HEADERS

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\U0010ffff]{0,4096}")


class BadResponse(Exception):
    """The handler's answer is no HTTP response that may be sent."""


def checked_response(raw: Any, max_bytes: int) -> GuestResponse:
    """The response in a worker's `done` frame; raises `BadResponse` (RFC 9110 sections 5.1, 5.5 and 15)."""
    if not isinstance(raw, dict) or not isinstance(raw.get("body"), str):
        raise BadResponse("the handler's answer is no response")
    status, body = raw.get("status"), raw["body"]
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise BadResponse(f"status {status!r} is not from 200 to 599")
    if (size := len(body.encode("utf-8"))) > max_bytes:
        raise BadResponse(f"the body has {size} bytes; at most {max_bytes} are allowed")
    return GuestResponse(status, _headers(raw.get("headers")), body)


def _headers(raw: Any) -> Pairs:
    if not isinstance(raw, list) or len(raw) > MAX_HEADERS:
        raise BadResponse(f"there are more than {MAX_HEADERS} headers")
    return tuple(_header(pair) for pair in raw)


def _header(pair: Any) -> tuple[str, str]:
    name, value = (pair.get("name"), pair.get("value")) if isinstance(pair, dict) else (None, None)
    if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
        raise BadResponse(f"{str(name)[:40]!r} is no header name")
    if not isinstance(value, str) or not _HEADER_VALUE.fullmatch(value):
        raise BadResponse(f"the value of header {name} may not hold control characters or more than 4,096 characters")
    return name.lower(), value


def request_frame(request: GuestRequest) -> dict[str, Any]:
    """The request as the worker hands it to the guest."""
    return {
        "method": request.method,
        "path": request.path,
        "params": _pairs(request.params),
        "query": _pairs(request.query),
        "headers": _pairs(request.headers),
        "body": request.body,
    }


def request_bytes(request: GuestRequest) -> int:
    """How much text a request holds, in UTF-8."""
    texts = [request.method, request.path, request.body]
    texts += [text for pairs in (request.params, request.query, request.headers) for pair in pairs for text in pair]
    return sum(len(text.encode("utf-8")) for text in texts)


def _pairs(pairs: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]
