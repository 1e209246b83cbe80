"""Every error under /api as RFC 9457 `application/problem+json`, with the request's id."""

from __future__ import annotations

import logging
from typing import Any

import orjson
import psycopg
from flask import Blueprint, Flask, Response, request
from marshmallow import ValidationError
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from kernel.api.fieldpaths import refuse_fields
from kernel.errors import DeskhandError, InvalidInput, Unauthenticated, Unavailable
from kernel.gate import request_id

MEDIA_TYPE = "application/problem+json"
PREFIX = "/api/"
_log = logging.getLogger("deskhand.api")
_WORDS = {
    400: ("bad_request", "The request could not be read."),
    404: ("not_found", "Nothing is found at this address."),
    405: ("method_not_allowed", "This address does not take that method."),
    406: ("not_acceptable", "This address answers application/json."),
    408: ("request_timeout", "The request took too long to arrive."),
    413: ("content_too_large", "The content is larger than this server takes."),
    415: ("unsupported_media_type", "Send the content as application/json."),
}


def problem(error: Exception) -> Response:
    """The answer that tells a program what went wrong; what nobody expected is logged and not shown."""
    known = _known(error)
    if isinstance(known, HTTPException):
        return _http_problem(known)
    if known.status >= 500:
        _log.error("request failed: %s", known.detail, exc_info=error if known is not error else None)
    return _answer(known.problem(), _headers(known))


def refuse_unrouted() -> Response | None:
    """Answer paths and methods under /api that no route takes; a redirect to the right spelling is left alone."""
    error = request.routing_exception
    if error is None or isinstance(error, RequestRedirect) or not request.path.startswith(PREFIX):
        return None
    return problem(error)


def install(app: Flask) -> None:
    """Answer routing errors under /api, and keep what a signed-in caller saw out of every cache."""
    app.before_request(refuse_unrouted)
    app.after_request(_finish)


def handle_errors(blueprint: Blueprint) -> None:
    """Turn whatever a blueprint's views raise into problem documents."""
    blueprint.register_error_handler(Exception, problem)


def _finish(response: Response) -> Response:
    response.headers["X-Request-Id"] = request_id()
    if request.path.startswith(PREFIX):
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response


def _known(error: Exception) -> DeskhandError | HTTPException:
    match error:
        case DeskhandError() | HTTPException():
            return error
        case ValidationError():
            return refuse_fields(error)
        case DataError() | psycopg.DataError():
            return InvalidInput("A value is larger than can be stored, or holds a character that cannot.")
        case OperationalError() | PoolTimeout() | psycopg.OperationalError():
            return Unavailable("The database does not answer. Try again in a moment.", retry_after=5)
        case _:
            return DeskhandError("The failure was recorded under the request id.")


def _http_problem(error: HTTPException) -> Response:
    status = error.code or 500
    code, words = _WORDS.get(status, (error.name.lower().replace(" ", "_"), error.description or error.name))
    body = {"title": error.name, "status": status, "detail": words, "code": code}
    kept = {name: value for name, value in error.get_headers() if name.lower() not in ("content-type", "content-length")}
    return _answer(body, kept)


def _headers(error: DeskhandError) -> dict[str, str]:
    headers = dict(error.extra.get("headers") or {})
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="deskhand"'
    if "retry_after" in error.extra:
        headers["Retry-After"] = str(error.extra["retry_after"])
    return headers


def _answer(body: dict[str, Any], headers: dict[str, str]) -> Response:
    body.pop("headers", None)
    named = {"type": f"urn:deskhand:error:{body['code']}", "request_id": request_id()}
    raw = orjson.dumps({**body, **named}, default=str)
    return Response(raw, status=body["status"], headers=headers, mimetype=MEDIA_TYPE)
