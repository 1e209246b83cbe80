"""`/x/<install>/<path>`: the HTTP door of installed extensions, for people who are signed in and for API keys.

A handler's answer is data on our own origin: it is sent with a sandboxing policy, as one of a few types that a browser
neither runs nor styles with, and is never cached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from flask import Blueprint, Response, current_app, g, request

from kernel.api import problem
from kernel.errors import PermissionDenied
from kernel.gate import SAFE_METHODS, check_origin, present_credential, request_call, request_id
from kernel.web.pages import Pages
from plugins.extensions.errors import BodyNotText, InstallNotFound
from plugins.extensions.guests.invocation import GuestRequest, GuestResponse, Pairs
from plugins.extensions.guests.limits import MAX_REQUEST_BYTES
from plugins.extensions.invoking import find_target, invoke

if TYPE_CHECKING:
    from kernel.app import Kernel

PERMISSION = "extension.use"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
TYPES = frozenset(
    {"application/json", "application/problem+json", "application/xml", "text/calendar", "text/csv", "text/html", "text/plain"}
)
_TO_GUEST = ("accept", "accept-language", "content-type", "idempotency-key")
_FROM_GUEST = frozenset({"content-disposition", "content-language", "retry-after", "x-request-ref"})
_WITHOUT_BODY = frozenset({204, 205, 304})
_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"

pages = Pages("extensions")


def call_extension(install: str, path: str = "") -> Response:
    """Let an extension answer this request."""
    kernel: Kernel = current_app.extensions["deskhand"]
    request.max_content_length = MAX_REQUEST_BYTES
    _refuse_form_token(kernel)
    with request_call(kernel, plugin="extensions", permission=PERMISSION, audience="api") as ctx:
        if g.identity.csrf_token is not None:  # a handler may write on GET as well
            check_origin()
        target = find_target(ctx, _install_id(install), request.method, f"/{path}")
    body = _body()  # only of callers who may, and after the transaction: a slow sender holds no database connection
    asked = GuestRequest(request.method, f"/{path}", target.params, _query(), _headers(), body)
    return _answer(invoke(kernel, target, asked, caller=ctx.actor, request_id=request_id()))


def _refuse_form_token(kernel: Kernel) -> None:
    """A CSRF token in a form would be part of the body, which is the guest's: here it is a header. Raises PermissionDenied."""
    if request.method in SAFE_METHODS or "X-CSRF-Token" in request.headers:
        return
    if present_credential(kernel, "api").kind == "session":
        raise PermissionDenied("Send the page's CSRF token as the header X-CSRF-Token.", code="csrf_failed")


def _mount(blueprint: Blueprint) -> None:
    call_extension.permission, call_extension.plugin = PERMISSION, "extensions"  # type: ignore[attr-defined]
    for rule in ("/x/<install>/", "/x/<install>/<path:path>"):
        blueprint.add_url_rule(rule, "call_extension", call_extension, methods=METHODS, strict_slashes=False)
    problem.handle_errors(blueprint)


def _install_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise InstallNotFound("There is no install with this id.") from error


def _body() -> str:
    try:
        return request.get_data().decode("utf-8")
    except UnicodeDecodeError as error:
        raise BodyNotText("Handlers take text: send the body as UTF-8.") from error


def _query() -> Pairs:
    return tuple(request.args.items(multi=True))


def _headers() -> Pairs:
    return tuple((name, request.headers[name]) for name in _TO_GUEST if name in request.headers)


def _answer(given: GuestResponse) -> Response:
    response = Response("" if given.status in _WITHOUT_BODY else given.body, status=given.status)
    response.headers["Content-Type"] = _content_type(given.headers)
    for name, value in given.headers:
        if name in _FROM_GUEST:
            response.headers[name] = _latin(value)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _content_type(headers: Pairs) -> str:
    """The type that the handler named, if it is one of those that may be sent; text otherwise."""
    named = next((value for name, value in headers if name == "content-type"), "text/plain")
    kind = named.partition(";")[0].strip().lower()
    return f"{kind if kind in TYPES else 'text/plain'}; charset=utf-8"


def _latin(value: str) -> str:
    """A header's value as HTTP carries it (RFC 9110 section 5.5)."""
    return value.encode("latin-1", "replace").decode("latin-1")


_mount(pages.blueprint)
