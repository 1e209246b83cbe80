"""`/x/<install>/<path>`: the HTTP door of installed extensions, for people who are signed in and for API keys.

`/x/<install>@<tenant>/<path>` is the door for programs of others, to endpoints that are `public-signed`. A call that changes
something and comes with an `Idempotency-Key` has its effect once; so has every signed call.

A handler's answer is data on our own origin: it is sent with a sandboxing policy, as one of a few types that a browser
neither runs nor styles with, and is never cached.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from flask import Blueprint, Response, current_app, g, request

from kernel.api import problem, ratelimit
from kernel.context import Actor, Cause
from kernel.errors import NotFound, PermissionDenied
from kernel.gate import PUBLIC, SAFE_METHODS, check_origin, present_credential, request_call, request_id
from kernel.tenancy import find_tenant
from kernel.web.pages import Pages
from plugins.extensions.calls.invoking import Target, find_target, invoke
from plugins.extensions.errors import BodyNotText, EndpointNotFound, InstallNotFound, SignatureRefused
from plugins.extensions.gateway import signed_calls
from plugins.extensions.gateway.kept_answers import Repeatable, answer_once, check_key
from plugins.extensions.gateway.signed_calls import SignedText
from plugins.extensions.guests.invocation import GuestRequest, GuestResponse, Pairs
from plugins.extensions.guests.limits import MAX_REQUEST_BYTES
from plugins.extensions.installs.limits import BURST, PER_SECOND

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

_OUTSIDE = Actor("system", None, "Signed call")

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
    if target.auth != "user":
        raise SignatureRefused("This endpoint is for signed calls, at the address that the extension's page names.")
    body = _body()  # only of callers who may, and after the transaction: a slow sender holds no database connection
    key = request.headers.get("Idempotency-Key")
    repeat = None if key is None or request.method in SAFE_METHODS else f"key:{check_key(key)}"
    return _carried_out(kernel, _Call(target, ctx.actor, f"/{path}", body, repeat))


def call_signed(install_id: UUID, tenant: str, path: str = "") -> Response:
    """Let an extension answer a call that somebody outside signed with the install's secret."""
    kernel: Kernel = current_app.extensions["deskhand"]
    request.max_content_length = MAX_REQUEST_BYTES
    shown = signed_calls.read_header(request.headers.get(signed_calls.HEADER), kernel.clock.now())
    key, query = request.headers.get("Idempotency-Key", ""), request.query_string.decode("latin-1")
    tenant_id = _tenant_id(kernel, tenant)
    secret = None if tenant_id is None else _secret(kernel, tenant_id, install_id)
    text = SignedText(request.method, f"/{path}?{query}" if query else f"/{path}", key, request.get_data())
    ambiguous = "?" in path  # written as %3F it could pass for the one before the query
    if tenant_id is None or ambiguous or not text.carries(shown, secret):
        raise SignatureRefused("The signature is not right, or nothing is signed for at this address.")
    with kernel.call(tenant_id, _OUTSIDE, Cause(request_id())) as ctx:
        target = find_target(ctx, install_id, request.method, f"/{path}")
    if target.auth != "public-signed":
        raise EndpointNotFound(f"{target.title} serves no signed {request.method} /{path}.")
    repeat = f"key:{check_key(key)}" if key else f"signature:{shown.code}"
    return _carried_out(kernel, _Call(target, _OUTSIDE, f"/{path}", _body(), repeat))


@dataclass(frozen=True, slots=True)
class _Call:
    """A call that may be made; `repeat` is what makes another one the same call, if anything does."""

    target: Target
    caller: Actor
    path: str
    body: str
    repeat: str | None


def _carried_out(kernel: Kernel, call: _Call) -> Response:
    target = call.target
    asked = GuestRequest(request.method, call.path, target.params, _query(), _headers(), call.body)

    def run() -> GuestResponse:
        return invoke(kernel, target, asked, caller=call.caller, request_id=request_id())

    if call.repeat is None:
        return _answer(run())
    who = f"{call.caller.kind}:{call.caller.id}"
    content = tuple(one.encode() for one in (who, request.method, call.path, request.query_string.decode("latin-1"), call.body))
    same = Repeatable(target.tenant_id, target.install_id, target.endpoint, call.repeat, content)
    given, replayed = answer_once(kernel, same, run)
    response = _answer(given)
    if replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def _tenant_id(kernel: Kernel, slug: str) -> UUID | None:
    """The tenant that an address names, if it is one."""
    try:
        with kernel.db.transaction() as session:
            return find_tenant(session, slug=slug).id
    except NotFound:
        return None


def _secret(kernel: Kernel, tenant_id: UUID, install_id: UUID) -> str | None:
    """What calls of an install are signed with, if they are. Tries are limited by where they come from, so that a stranger
    uses up nobody else's calls. Raises RateLimited."""
    with kernel.call(tenant_id) as ctx:
        secret = None if "extensions" in ctx.hooks.disabled else signed_calls.get_secret(ctx, install_id)
    tried = install_id if secret else None  # who makes up installs has one bucket for all of them
    ratelimit.take(kernel, tenant_id, f"signed:{tried}:{request.remote_addr}", burst=BURST, per_second=PER_SECOND)
    return secret


def _refuse_form_token(kernel: Kernel) -> None:
    """A CSRF token in a form would be part of the body, which is the guest's: here it is a header. Raises PermissionDenied."""
    if request.method in SAFE_METHODS or "X-CSRF-Token" in request.headers:
        return
    if present_credential(kernel, "api").kind == "session":
        raise PermissionDenied("Send the page's CSRF token as the header X-CSRF-Token.", code="csrf_failed")


def _mount(blueprint: Blueprint) -> None:
    call_extension.permission, call_extension.plugin = PERMISSION, "extensions"  # type: ignore[attr-defined]
    call_signed.permission, call_signed.plugin = PUBLIC, "extensions"  # type: ignore[attr-defined]
    for install, view in (("<install>", call_extension), ("<uuid:install_id>@<tenant>", call_signed)):
        for rule in (f"/x/{install}/", f"/x/{install}/<path:path>"):
            blueprint.add_url_rule(rule, view.__name__, view, methods=METHODS, strict_slashes=False)
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
