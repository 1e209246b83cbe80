"""A door on this machine to one install: the real application, with the install's address and somebody's key put in front.
Calls of endpoints that are `public-signed` are signed, as the program outside would do.

Nothing but this machine gets in: it listens on the loopback address, and refuses what a page from elsewhere sends here.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any
from uuid import UUID

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response
from werkzeug.wsgi import ClosingIterator

from kernel import auth
from kernel.app import create_app
from kernel.context import EVERYTHING
from kernel.errors import DeskhandError, NotFound
from plugins.extensions.calls.invoking import find_target
from plugins.extensions.gateway import signed_calls
from plugins.extensions.gateway.signed_calls import SignedText

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from kernel.app import Kernel
    from kernel.context import CallContext

HOST = "127.0.0.1"
PERMISSION = "extension.use"
_KEY_LASTS = timedelta(hours=12)
OnCall = Callable[[str], None]
Sign = Callable[[UUID, "WSGIEnvironment"], bool]
"""Signs a call of an install and puts its address in place; false where the endpoint takes none, and nothing is changed."""


class DevDoor:
    """Passes every path on to the gateway at `/x/<install_id>/…`; `on_call` hears the request id of each call that ended."""

    def __init__(self, app: WSGIApplication, key: str, sign: Sign, on_call: OnCall) -> None:
        self._app = app
        self._key = key
        self._sign = sign
        self._on_call = on_call
        self.install_id: UUID | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if refusal := _refusal(Request(environ)):
            return Response(refusal + "\n", status=403)(environ, start_response)
        if not (self.install_id and self._sign(self.install_id, environ)):
            environ["PATH_INFO"] = f"/x/{self.install_id}{environ['PATH_INFO']}"
            environ["HTTP_X_API_KEY"] = self._key
        environ["HTTP_X_REQUEST_ID"] = request_id = secrets.token_hex(8)
        environ.pop("HTTP_COOKIE", None)
        return ClosingIterator(self._app(environ, start_response), lambda: self._on_call(request_id))


def _refusal(request: Request) -> str:
    """Why a call is not taken: a page of another site must not reach what runs on its reader's machine."""
    name = request.host.rpartition(":")[0] if ":" in request.host else request.host
    if name not in (HOST, "localhost"):
        return "Call this address as 127.0.0.1 or localhost."
    if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        return "This call came from another site."
    return ""


def signing(kernel: Kernel, tenant_id: UUID) -> Sign:
    """Signs with the install's secret, or a new one where it has none yet."""

    def sign(install_id: UUID, environ: WSGIEnvironment) -> bool:
        call = Request(environ)
        with kernel.call(tenant_id) as ctx:
            if not _is_signed(ctx, install_id, call):
                return False
            secret = signed_calls.get_secret(ctx, install_id) or signed_calls.make_secret(ctx, install_id)
            address = f"/x/{install_id}@{ctx.tenant.slug}"
        body, query = call.get_data(), environ.get("QUERY_STRING", "")
        path = f"{call.path}?{query}" if query else call.path
        time = int(kernel.clock.now().timestamp())
        code = SignedText(call.method, path, call.headers.get("Idempotency-Key", ""), body).code(secret, time)
        environ |= {"PATH_INFO": address + environ["PATH_INFO"], "HTTP_DESKHAND_SIGNATURE": f"t={time},v1={code}",
                    "wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}  # fmt: skip
        return True

    return sign


def _is_signed(ctx: CallContext, install_id: UUID, call: Request) -> bool:
    try:
        return find_target(ctx, install_id, call.method, call.path).auth == "public-signed"
    except DeskhandError:  # the gateway says it better
        return False


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Calls are told by whoever listens to them."""


def make_dev_server(
    kernel: Kernel, tenant_id: UUID, user_id: UUID | None, port: int, on_call: OnCall
) -> tuple[BaseWSGIServer, DevDoor, UUID]:
    """A server that is not serving yet, its door, and the id of the key it uses, which ends after twelve hours at the latest.

    Port 0 is any that is free. Raises NotFound where nobody could call an extension.
    """
    with kernel.call(tenant_id) as ctx:
        made, key = auth.create_api_key(ctx, name="deskhand ext dev", user_id=user_id or _somebody(ctx), scopes=[PERMISSION],
                                        expires_at=ctx.now() + _KEY_LASTS)  # fmt: skip
        key_id = made.id
    door = DevDoor(create_app(kernel), key, signing(kernel, tenant_id), on_call)
    return make_server(HOST, port, door, threaded=True, request_handler=_Quiet), door, key_id


def end_key(kernel: Kernel, tenant_id: UUID, key_id: UUID) -> None:
    """Take the key of a server back."""
    with kernel.call(tenant_id) as ctx:
        auth.revoke_api_key(ctx, key_id)


def _somebody(ctx: CallContext) -> UUID:
    """The first active user who may call extensions. Raises NotFound."""
    from sqlalchemy import select

    from kernel.directory.models import User

    active = list(ctx.session.scalars(select(User.id).where(User.active).order_by(User.id)))
    held = auth.held_permissions(ctx, active)
    found = next((one for one in active if held[one] & {PERMISSION, EVERYTHING}), None)
    if found is None:
        raise NotFound(f"Nobody of {ctx.tenant.name} has the permission {PERMISSION}; name a user with --as.")
    return found
