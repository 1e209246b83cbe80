"""The one door for HTTP: identify → tenant → plugin enabled → permission → the view → one commit."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

from flask import g, request

from kernel import auth
from kernel.context import CallContext, Cause
from kernel.errors import PermissionDenied, PluginNotEnabled, Unauthenticated

if TYPE_CHECKING:
    from kernel.app import Kernel

PUBLIC: Final = "(public)"
"""The permission of a route that needs nobody to be signed in."""
SIGNED_IN: Final = "(signed in)"
"""The permission of a route that every signed-in user may use."""
COOKIE = "deskhand_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
Audience = Literal["api", "web"]


@contextmanager
def request_call(kernel: Kernel, *, plugin: str, permission: str, audience: Audience) -> Iterator[CallContext]:
    """The CallContext of the present request, in a transaction that commits when the block ends well.

    Raises Unauthenticated, PluginNotEnabled or PermissionDenied before the view runs.
    """
    credential = present_credential(kernel, audience)
    now = kernel.clock.now()
    with kernel.db.transaction(credential.tenant_id, auth.asking(credential, now), kernel=kernel) as session:
        identity = auth.recognize(session, credential, now, session.info["first"])
        g.identity = identity
        if credential.kind == "session" and request.method not in SAFE_METHODS:
            check_same_site(identity)
        hooks = kernel.plugins.for_tenant(identity.disabled, identity.providers)
        ctx = CallContext(identity.tenant, identity.actor, session, hooks, kernel.clock, Cause(request_id()))
        g.ctx = ctx
        check_open(ctx, plugin, permission)
        yield ctx


def check_open(ctx: CallContext, plugin: str, permission: str) -> None:
    """Refuse when the plugin is switched off (first, as if it were not there) or the permission is missing."""
    if plugin in ctx.hooks.disabled:
        title = ctx.kernel.plugins.get(plugin).manifest.title
        raise PluginNotEnabled(f"{title} is switched off for {ctx.tenant.name}.", plugin=plugin)
    if permission not in (PUBLIC, SIGNED_IN):
        ctx.require(permission)


def present_credential(kernel: Kernel, audience: Audience) -> auth.Credential:
    """What the request shows: `X-Api-Key` or `Authorization` for programs, else the session cookie."""
    bearer = request.headers.get("Authorization", "")
    key = request.headers.get("X-Api-Key") or (bearer[7:] if bearer.startswith(f"Bearer {auth.KEY_PREFIX}") else "")
    if audience == "api" and key:
        return auth.read_token(key, auth.KEY_PREFIX)
    if audience == "api" and bearer.startswith("Bearer "):
        return auth.read_jwt(kernel, bearer[7:])
    if cookie := request.cookies.get(COOKIE):
        return auth.read_token(cookie)
    raise Unauthenticated("Send an API key, a bearer token, or sign in." if audience == "api" else "Sign in to go on.")


def check_same_site(identity: auth.Identity) -> None:
    """Refuse a changing request that a foreign page may have caused. Raises PermissionDenied."""
    check_origin()
    sent = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
    if not hmac.compare_digest(sent, identity.csrf_token or "-"):
        raise PermissionDenied("The form is too old or came from elsewhere. Load the page again.", code="csrf_failed")


def check_origin() -> None:
    """Refuse a request that the browser says another site caused; all there is before anybody is signed in."""
    origin = request.headers.get("Origin")
    foreign = request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")
    if foreign or (origin not in (None, "null") and urlsplit(origin).netloc != request.host):
        raise PermissionDenied("This request came from another site.", code="cross_site")


def request_id() -> str:
    """This request's id: a sane one from the caller, else a new one."""
    if "request_id" not in g:
        sent = request.headers.get("X-Request-Id", "")
        sane = 8 <= len(sent) <= 64 and sent.isascii() and sent.replace("-", "").replace("_", "").isalnum()
        g.request_id = sent if sane else secrets.token_hex(8)
    return str(g.request_id)
