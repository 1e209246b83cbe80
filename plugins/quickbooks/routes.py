"""REST routes of the QuickBooks room: the door for Intuit's webhooks, and the token that they are signed with."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response, request

from kernel.api import ratelimit
from kernel.api.rest import Rest
from kernel.context import Actor, CallContext, Cause
from kernel.errors import NotFound
from kernel.gate import PUBLIC, request_id
from kernel.tenancy import find_tenant
from plugins.quickbooks import schemas, services, webhooks
from plugins.quickbooks.errors import WebhookRefused

if TYPE_CHECKING:
    from kernel.app import Kernel

BURST, PER_SECOND = 120, 10.0
_INTUIT = Actor("system", None, "QuickBooks Online")

rest = Rest("quickbooks")


@rest.post("/quickbooks/webhooks/<tenant>", permission=PUBLIC, status=200, tags=("QuickBooks Online",))
def take_webhook(kernel: Kernel, tenant: str) -> Response:
    """Hear from QuickBooks Online that something changed. For Intuit only: signed in the header `intuit-signature`.

    What is told is looked up soon; the answer comes at once. Companies that nobody here is connected to are left out, and hearing
    of the same change twice does nothing more.
    """
    body = request.get_data()
    tenant_id = _tenant_id(kernel, tenant)
    token = None if tenant_id is None else _token(kernel, tenant_id)
    signed = len(body) <= webhooks.MAX_BYTES and webhooks.is_signed(
        body, request.headers.get(webhooks.HEADER, ""), token or _none()
    )
    if tenant_id is None or token is None or not signed:
        raise WebhookRefused("The signature is not right, or no messages are expected at this address.")
    for company, told in webhooks.read_events(body).items():
        with kernel.call(tenant_id, _INTUIT, Cause(request_id())) as ctx:
            services.pass_on(ctx, company, told)
    return Response(status=200)


@rest.put("/quickbooks/verifier", permission="quickbooks.manage", body=schemas.VerifierIn, status=204)
def set_verifier(ctx: CallContext, body: dict[str, Any]) -> None:
    """Set the verifier token that webhooks are signed with. It is kept sealed and never shown again."""
    services.set_verifier(ctx, body["token"])


@rest.delete("/quickbooks/verifier", permission="quickbooks.manage")
def remove_verifier(ctx: CallContext) -> None:
    """Take no webhooks any more."""
    services.remove_verifier(ctx)


def _none() -> str:
    """What nobody signs with, so that an unknown tenant takes as long as a known one."""
    return secrets.token_hex(16)


def _tenant_id(kernel: Kernel, slug: str) -> UUID | None:
    try:
        with kernel.db.transaction() as session:
            return find_tenant(session, slug=slug).id
    except NotFound:
        return None


def _token(kernel: Kernel, tenant_id: UUID) -> str | None:
    """The verifier token, if the room is on. Tries are limited by where they come from. Raises RateLimited."""
    ratelimit.take(kernel, tenant_id, f"quickbooks:{request.remote_addr}", burst=BURST, per_second=PER_SECOND)
    with kernel.call(tenant_id) as ctx:
        return None if "quickbooks" in ctx.hooks.disabled else services.get_verifier(ctx)
