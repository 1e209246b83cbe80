"""What the OpenAPI 3.1 document says of every registered route."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import make_schema_key, resolve_schema_instance
from flask import Flask
from flask_smorest import Api, Blueprint  # type: ignore[import-untyped]
from marshmallow import Schema, fields

from kernel.api.endpoint import dumps
from kernel.api.examples import example_of
from kernel.api.idempotency import MAX_LENGTH
from kernel.api.problem import MEDIA_TYPE
from kernel.api.rest import PREFIX, Route
from kernel.gate import COOKIE, PUBLIC, SIGNED_IN

ABOUT = """Errors are `application/problem+json` (RFC 9457) with a stable `code`; `errors` maps field paths to sentences.
Lists answer `{items, next_cursor}` and a `Link` header (RFC 8288). Money is an integer in minor units beside its
`currency`; other decimals are strings. Unknown fields are refused."""
_REFUSALS = {
    "401": ("Unauthenticated", "No valid credential was sent.", "unauthenticated"),
    "403": ("PermissionDenied", "The credential lacks the permission in `x-permission`.", "permission_denied"),
    "404": ("NotFound", "No such thing here, or its feature is switched off.", "not_found"),
    "409": ("Conflict", "In conflict with the present state.", "conflict"),
    "412": ("PreconditionFailed", "Changed since the version in If-Match.", "version_mismatch"),
    "422": ("InvalidInput", "A field does not hold what it must, or a rule says no.", "invalid_input"),
    "429": ("RateLimited", "Too many requests; wait for `Retry-After` seconds.", "rate_limited"),
}
_IDEMPOTENCY_KEY = {
    "description": "A request sent again with the same key has its effect once and gets the first answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH},
    "example": "7f9c2b1e-5d0f-4a59-9d2c-6a3f0f7c1d11",
}
_IF_MATCH = {
    "description": "The ETag of the row as it was read; another version answers 412.",
    "schema": {"type": "string"},
    "example": '"3"',
}


class ProblemOut(Schema):
    """An error, as RFC 9457 writes it."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True, metadata={"description": "Stable name of this kind of error."})
    errors = fields.Dict(fields.String(), fields.String(), metadata={"description": "Sentences by field path."})
    request_id = fields.String(required=True)


class DocumentedApi(Api):  # type: ignore[misc]
    """flask-smorest's registry of documentation; errors are answered by `problem`, the document by this module."""

    DEFAULT_ERROR_RESPONSE_NAME = "Problem"
    ERROR_SCHEMA = ProblemOut

    def _register_error_handlers(self) -> None:
        """None for the whole application: web pages have their own."""


def describe(routes: Iterable[Route], titles: Mapping[str, str], version: str) -> bytes:
    """The document of all routes; `titles` are the plugins' own, by name.

    flask-smorest registers it on an application of its own: it takes a third of a start's time and is seldom asked for.
    """
    app = Flask("document")
    api = open_api(app, version)
    for plugin, own in groupby(sorted(routes, key=lambda one: one.plugin), key=lambda one: one.plugin):
        blueprint = Blueprint(plugin, plugin, description=titles[plugin])
        for route in own:
            view = blueprint.doc(**document(route))(_silent)
            blueprint.add_url_rule(route.path, route.name, view, methods=[route.method], tags=list(route.tags) or None)
        api.register_blueprint(blueprint, url_prefix=PREFIX)
    return dumps(api.spec.to_dict())


def _silent() -> None:
    pass


def open_api(app: Flask, version: str) -> DocumentedApi:
    """The empty document: title, security schemes, shared parameters and refusals."""
    api = DocumentedApi(app, spec_kwargs={
        "title": "Deskhand", "version": version, "openapi_version": "3.1.0", "info": {"description": ABOUT},
        "servers": [{"url": "/"}], "marshmallow_plugin": MarshmallowPlugin(schema_name_resolver=_SchemaNames()),
    })  # fmt: skip
    api.register_field(fields.Decimal, "string", "decimal")
    api.ma_plugin.converter.add_attribute_function(_limits_as_text)
    components = api.spec.components
    components.security_scheme("session", {"type": "apiKey", "in": "cookie", "name": COOKIE,
                                           "description": "Changing requests also need X-CSRF-Token."})  # fmt: skip
    components.security_scheme("bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT or dhk_… key"})
    components.security_scheme("apiKey", {"type": "apiKey", "in": "header", "name": "X-Api-Key"})
    components.parameter("IdempotencyKey", "header", {"name": "Idempotency-Key", **_IDEMPOTENCY_KEY})
    components.parameter("IfMatch", "header", {"name": "If-Match", **_IF_MATCH})
    components.response("Problem", _refusal("Any other error.", "internal_error", 500))
    for status, (name, words, code) in _REFUSALS.items():
        components.response(name, _refusal(words, code, int(status)))
    return api


def document(route: Route) -> dict[str, Any]:
    """What the document says of one route."""
    parameters: list[Any] = [{"in": "query", "schema": route.query}] if route.query else []
    if route.method == "POST" and route.permission != PUBLIC:
        parameters.append("IdempotencyKey")
    if route.if_match:
        parameters.append("IfMatch")
    told: dict[str, Any] = {
        "operationId": f"{route.plugin}.{route.name}",
        "summary": route.summary,
        "tags": list(route.tags or (route.plugin,)),
        "x-permission": route.permission,
        "security": [] if route.permission == PUBLIC else [{"session": []}, {"bearer": []}, {"apiKey": []}],
        "parameters": parameters,
        "responses": {str(route.status): _success(route)} | {status: _REFUSALS[status][0] for status in _refusals(route)},
    }
    if route.description:
        told["description"] = route.description
    if route.body is not None:
        told["requestBody"] = {"required": True, "content": _content(route.body)}
    return told


def _refusals(route: Route) -> list[str]:
    wanted = ["422", "429"] if route.permission in (PUBLIC, SIGNED_IN) else ["403", "404", "422", "429"]
    if route.method != "GET":
        wanted.append("409")
    if route.if_match:
        wanted.append("412")
    return wanted if route.permission == PUBLIC else ["401", *wanted]


def _success(route: Route) -> dict[str, Any]:
    said: dict[str, Any] = {"description": "Done." if route.status == 204 else "The answer."}
    if route.out is not None and route.status != 204:
        said["content"] = _content(route.out)
    return said


def _content(schema: type[Schema] | Schema) -> dict[str, Any]:
    return {"application/json": {"schema": schema, "example": example_of(resolve_schema_instance(schema))}}


def _limits_as_text(_: Any, field: fields.Field[Any], ret: dict[str, Any], **__: Any) -> dict[str, Any]:
    """Decimals are strings on the wire, so their limits are told beside the schema's own words."""
    if not isinstance(field, fields.Decimal):
        return {}
    limits = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    return {f"x-{name}": str(ret.pop(name)) for name in limits if name in ret}


def _refusal(words: str, code: str, status: int) -> dict[str, Any]:
    example = {"type": f"urn:deskhand:error:{code}", "title": words, "status": status, "detail": words, "code": code,
               "request_id": "5f0c7b9e2a41d386"}  # fmt: skip
    return {"description": words, "content": {MEDIA_TYPE: {"schema": ProblemOut, "example": example}}}


class _SchemaNames:
    """Names in the document: the class's own, or numbered where rooms chose the same one."""

    def __init__(self) -> None:
        self._names: dict[Any, str] = {}

    def __call__(self, schema: type[Schema] | Schema) -> str:
        instance = resolve_schema_instance(schema)
        key = make_schema_key(instance)
        if key not in self._names:
            name, taken = type(instance).__name__, set(self._names.values())
            numbered = (f"{name}{number}" for number in range(2, len(taken) + 3))
            self._names[key] = name if name not in taken else next(one for one in numbered if one not in taken)
        return self._names[key]
