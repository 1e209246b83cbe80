"""Checks what a guest answers before anybody else sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .invocation import ExportCall, GuestRequest, GuestResponse, Pairs
from .limits import MAX_HEADERS

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\U0010ffff]{0,4096}")


HANDLER = "handler"


class BadResponse(Exception):
    """The guest's answer is none that may be passed on."""


class GuestAnswer(NamedTuple):
    """The answer of an export other than the handler: its ok value, or with `failed` the words of its error."""

    value: Any
    failed: bool


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


def checked_answer(raw: Any) -> GuestAnswer:
    """The answer of any other export in a worker's `done` frame: a result. Whoever asked looks into its value.

    Raises `BadResponse`.
    """
    match raw:
        case ["ok", value]:
            return GuestAnswer(value, failed=False)
        case ["err", str(words)]:
            return GuestAnswer(words, failed=True)
    raise BadResponse("the answer is no result")


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


def asked_of(request: GuestRequest | ExportCall) -> ExportCall:
    """Which export a request calls, and the arguments as the worker hands them to it."""
    if isinstance(request, ExportCall):
        return request
    record = {
        "method": request.method,
        "path": request.path,
        "params": _pairs(request.params),
        "query": _pairs(request.query),
        "headers": _pairs(request.headers),
        "body": request.body,
    }
    return ExportCall(HANDLER, {"request": record})


def request_bytes(request: GuestRequest | ExportCall) -> int:
    """How much text a request holds, in UTF-8."""
    if isinstance(request, ExportCall):
        return text_bytes(request.args)
    texts = [request.method, request.path, request.body]
    texts += [text for pairs in (request.params, request.query, request.headers) for pair in pairs for text in pair]
    return sum(len(text.encode("utf-8")) for text in texts)


def text_bytes(value: Any) -> int:
    """How much text plain data holds, in UTF-8."""
    if isinstance(value, str):
        return len(value.encode("utf-8"))
    if isinstance(value, Mapping):
        return sum(map(text_bytes, value.values()))
    return sum(map(text_bytes, value)) if isinstance(value, list | tuple) else 0


def _pairs(pairs: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]
