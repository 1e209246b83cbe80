"""What happens between the wire and a view: gate → rate limit → parse → view → flush → dump → headers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson
from flask import Response, request
from marshmallow import RAISE, Schema, ValidationError, fields
from sqlalchemy.util import LRUCache
from webargs.fields import DelimitedList
from werkzeug.exceptions import UnsupportedMediaType

from kernel.api import idempotency, ratelimit
from kernel.api.fieldpaths import refuse_fields
from kernel.api.listing import Page
from kernel.api.rest import FastJson, Route
from kernel.context import CallContext
from kernel.errors import InvalidInput, PreconditionFailed
from kernel.gate import PUBLIC, request_call

if TYPE_CHECKING:
    from kernel.app import Kernel

JSON = "application/json"
LONGEST_KEPT = 300
_EMPTY = Schema()


class JsonInvalid(InvalidInput):
    """The body is not JSON."""

    code = "json_invalid"
    status = 400
    title = "The body is not valid JSON"


class Endpoint:
    """One route bound to one process; called by Flask with the path's arguments."""

    def __init__(self, kernel: Kernel, route: Route, *, located: bool = False) -> None:
        self.kernel = kernel
        self.route = route
        self.located = located
        self.queries: LRUCache[bytes, dict[str, Any]] = LRUCache(100)

    # Schemas are made when first needed: together they would take a good part of a start's time.
    @cached_property
    def query(self) -> Schema | None:
        return self.route.query() if self.route.query else None

    @cached_property
    def body(self) -> Schema | None:
        return self.route.body() if isinstance(self.route.body, type) else self.route.body

    @cached_property
    def out(self) -> Schema | None:
        return self.route.out() if self.route.out else None

    @cached_property
    def row_fields(self) -> frozenset[str]:
        return _row_fields(self.out)

    @cached_property
    def repeated(self) -> frozenset[str]:
        return _repeated(self.query)

    def __call__(self, **path: Any) -> Response:
        # Read before the transaction begins, so that a slow sender holds no database connection.
        raw = request.get_data() if self.route.method in ("POST", "PUT", "PATCH") else b""
        if self.route.permission == PUBLIC:
            return self._respond(self.route.view(self.kernel, **path, **self._arguments(raw)))
        route = self.route
        with request_call(self.kernel, plugin=route.plugin, permission=route.permission, audience="api") as ctx:
            taken = ratelimit.take_for(ctx)
            response = self._once(ctx, raw, path)
            if taken is not None:
                response.headers.update(taken.headers())
            return response

    def _once(self, ctx: CallContext, raw: bytes, path: Mapping[str, Any]) -> Response:
        key = request.headers.get("Idempotency-Key")
        if key is None or self.route.method != "POST":
            return self._run(ctx, raw, path)
        return idempotency.once(ctx, key, _fingerprint(raw), lambda: self._run(ctx, raw, path))

    def _run(self, ctx: CallContext, raw: bytes, path: Mapping[str, Any]) -> Response:
        arguments = self._arguments(raw)
        result = self.route.view(ctx, **path, **arguments)
        ctx.session.flush()
        return self._respond(result, arguments.get("query"))

    def _arguments(self, raw: bytes) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.query is not None or request.query_string:
            sent = request.query_string  # programs send the same few again and again
            if (known := self.queries.get(sent)) is None:
                known = self._read_query()
                if len(sent) < LONGEST_KEPT:
                    self.queries[sent] = known
            found["query"] = dict(known)
        if self.body is not None:
            found["body"] = _load(self.body, _read_json(raw))
        if self.route.if_match:
            found["version"] = _wanted_version()
        return found

    def _read_query(self) -> dict[str, Any]:
        sent: dict[str, Any] = request.args.to_dict()
        sent |= {name: request.args.getlist(name) for name in self.repeated & sent.keys()}
        if b"%00" in request.query_string:
            _refuse_nul(sent)
        query: dict[str, Any] = _load(self.query or _EMPTY, sent)
        if unknown := set(query.get("fields", ())) - self.row_fields:
            words = f"Unknown: {', '.join(sorted(unknown))}. Known are {', '.join(sorted(self.row_fields))}."
            raise InvalidInput(words, errors={"fields": words})
        return query

    def _respond(self, result: Any, query: Mapping[str, Any] | None = None) -> Response:
        if isinstance(result, Response):
            return result
        if result is None:
            return Response(status=204 if self.route.status in (200, 201) else self.route.status)
        response = Response(self._dump(result, query or {}), status=self.route.status, mimetype=JSON)
        told = result.value if isinstance(result, FastJson) else result
        if isinstance(result, Page):
            response.headers["Link"] = _links(result.next_cursor)
        elif (version := _member(told, "version")) is not None:
            response.set_etag(str(version))
            response.make_conditional(request)
        if self.located and self.route.status == 201 and (row_id := _member(told, "id")):
            response.headers["Location"] = f"{request.path}/{row_id}"
        return response

    def _dump(self, result: Any, query: Mapping[str, Any]) -> bytes:
        if isinstance(result, Page):
            return dumps({"items": _sparse(result.items, query.get("fields")), "next_cursor": result.next_cursor})
        if isinstance(result, FastJson):
            return dumps(result.value)
        return dumps(self.out.dump(result) if self.out else result)


def dumps(value: Any) -> bytes:
    """JSON as schemas write it: decimals as strings, times in ISO 8601 with their offset."""
    return orjson.dumps(value, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _load(schema: Schema, data: Any) -> Any:
    try:
        return schema.load(data, unknown=RAISE)
    except ValidationError as error:
        raise refuse_fields(error) from error


def _read_json(raw: bytes) -> Any:
    if not raw:
        return {}
    if not request.is_json:
        raise UnsupportedMediaType
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise JsonInvalid(f"The body is not valid JSON: {error}") from error
    if b"\\u0000" in raw:
        _refuse_nul(data)
    return data


def _refuse_nul(data: Any, path: str = "") -> None:
    """PostgreSQL's text cannot hold U+0000."""
    if isinstance(data, str) and "\0" in data:
        raise InvalidInput(errors={path: "The character U+0000 cannot be stored."})
    if isinstance(data, dict):
        for key, inner in data.items():
            _refuse_nul(inner, f"{path}.{key}" if path else key)
    elif isinstance(data, list):
        for index, inner in enumerate(data):
            _refuse_nul(inner, f"{path}[{index}]")


def _wanted_version() -> int | None:
    """The version of If-Match; None for none or `*`. Raises PreconditionFailed for a tag that is not ours."""
    if "If-Match" not in request.headers or request.if_match.star_tag:
        return None
    tags = list(request.if_match.as_set())
    if len(tags) == 1 and tags[0].isdecimal():
        return int(tags[0])
    raise PreconditionFailed('Send the ETag of the row as it was read, such as If-Match: "3".')


def _fingerprint(raw: bytes) -> tuple[bytes, ...]:
    # A client that sends a form again draws a new boundary; the content is the same.
    boundary = request.mimetype_params.get("boundary", "").encode()
    return request.method.encode(), request.full_path.encode(), raw.replace(boundary, b"") if boundary else raw


def _member(result: Any, name: str) -> Any:
    return result.get(name) if isinstance(result, Mapping) else getattr(result, name, None)


def _row_fields(out: Schema | None) -> frozenset[str]:
    items = out.fields.get("items") if out else None
    if isinstance(items, fields.List) and isinstance(items.inner, fields.Nested):
        return frozenset(items.inner.schema.fields)
    return frozenset()


def _repeated(query: Schema | None) -> frozenset[str]:
    """Parameters that may be sent several times; lists in one parameter are separated by commas."""
    lists = {field.data_key or name for name, field in (query.fields.items() if query else ())
             if isinstance(field, fields.List) and not isinstance(field, DelimitedList)}  # fmt: skip
    return frozenset(lists)


def _sparse(items: Any, wanted: list[str] | None) -> Any:
    return items if wanted is None else [{name: row[name] for name in wanted} for row in items]


def _links(next_cursor: str | None) -> str:
    """RFC 8288: where the first page is, and the next one if there is any."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "cursor"]
    links = [f'<{_url(kept)}>; rel="first"']
    if next_cursor:
        links.append(f'<{_url([*kept, ("cursor", next_cursor)])}>; rel="next"')
    return ", ".join(links)


def _url(parameters: list[tuple[str, str]]) -> str:
    return f"{request.path}?{urlencode(parameters)}" if parameters else request.path


def bind(kernel: Kernel, route: Route, siblings: list[Route]) -> Callable[..., Response]:
    """The Flask view of a route; a creating POST answers `Location` when a GET below its path exists."""
    below = re.compile(re.escape(route.path) + r"/<[^/]+>")
    located = any(one.method == "GET" and below.fullmatch(one.path) for one in siblings)
    return Endpoint(kernel, route, located=located)
