"""Stripe's webhooks: `POST /stripe/notices/<tenant>`, for nobody who is signed in, but signed.

A notice is only a hint that something happened; whoever replays, reorders or doubles notices makes us read the truth at
Stripe, no more. The signature (docs.stripe.com/webhooks/signature) is the HMAC-SHA-256 of `<t>.<body>` with the secret of the
tenant's webhook, and holds for five minutes around its time.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Blueprint, Response, current_app, jsonify, request

from kernel.api import problem, ratelimit
from kernel.context import Actor, Cause
from kernel.errors import InvalidInput, NotFound
from kernel.gate import PUBLIC, request_id
from kernel.hookspecs.paying import Hint
from kernel.tenancy import find_tenant
from kernel.web.pages import Pages
from plugins.stripe.errors import NoticeRefused
from plugins.stripe.reading import ATTEMPT, mark
from plugins.stripe.services import find_account, webhook_secret

if TYPE_CHECKING:
    from kernel.app import Kernel

HEADER = "Stripe-Signature"
TOLERANCE = 300
MAX_BYTES = 1024 * 1024
BURST, PER_SECOND = 300, 20
_STRIPE = Actor("system", None, "Stripe")

pages = Pages("stripe")


def take_notice(tenant: str) -> Response:
    """Note that Stripe said something, once its signature is right."""
    kernel: Kernel = current_app.extensions["deskhand"]
    request.max_content_length = MAX_BYTES
    body = request.get_data()
    tenant_id = _tenant_id(kernel, tenant)
    secret = _secret(kernel, tenant_id) if tenant_id else None
    check_signature(request.headers.get(HEADER, ""), body, secret, kernel.clock.now())
    if tenant_id is None:
        raise NoticeRefused("The signature is not right.")
    hint = read_hint(body)
    with kernel.call(tenant_id, _STRIPE, Cause(request_id())) as ctx:
        if (account := find_account(ctx)) is not None:
            account.last_notice_at = ctx.now()
        known = hint is not None and ctx.hooks.payment_hinted(ctx=ctx, provider="stripe", hint=hint)
    return jsonify({"received": True, "known": bool(known)})


def _tenant_id(kernel: Kernel, slug: str) -> UUID | None:
    try:
        with kernel.db.transaction() as session:
            return find_tenant(session, slug=slug).id
    except NotFound:
        return None


def _secret(kernel: Kernel, tenant_id: UUID) -> str | None:
    ratelimit.take(kernel, tenant_id, f"stripe:{request.remote_addr}", burst=BURST, per_second=PER_SECOND)
    with kernel.call(tenant_id) as ctx:
        return None if "stripe" in ctx.hooks.disabled else webhook_secret(ctx)


def check_signature(header: str, body: bytes, secret: str | None, now: datetime) -> None:
    """Raises NoticeRefused unless one of the header's codes is this body's and its time is near. Takes the same time for a
    tenant that has no secret."""
    parts = [one.partition("=") for one in header.split(",")]
    times = [value for name, _, value in parts if name.strip() == "t" and value.isascii() and value.isdigit() and len(value) < 13]
    codes = [value.strip() for name, _, value in parts if name.strip() == "v1"][:10]
    if len(times) != 1 or not codes:
        raise NoticeRefused(f"Send the header {HEADER} with t and v1.")
    key = secret or secrets.token_hex(16)
    expected = hmac.new(key.encode(), times[0].encode() + b"." + body, hashlib.sha256).hexdigest()
    right = [hmac.compare_digest(expected.encode(), code.encode("utf-8", "replace")) for code in codes]
    if not any(right) or secret is None:
        raise NoticeRefused("The signature is not right.")
    if abs(now.timestamp() - int(times[0])) > TOLERANCE:
        raise NoticeRefused(f"The signature is more than {TOLERANCE} seconds old.")


def read_hint(body: bytes) -> Hint | None:
    """What the notice is about, by the ids that it names; None for things that are no payment. Raises InvalidInput."""
    try:
        event = json.loads(body)
        notice, row = str(event["id"]), event["data"]["object"]
        kind, row_id = str(row["object"]), str(row["id"])
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput("This is no event of Stripe.") from error
    hint = _hint(row, kind, row_id)
    return hint and hint._replace(notice=notice[:100])


def _hint(row: Mapping[str, Any], kind: str, row_id: str) -> Hint | None:
    if kind == "checkout.session":
        return Hint(mark(row, ATTEMPT), row_id, _text(row.get("payment_intent")))
    if kind == "payment_intent":
        return Hint(mark(row, ATTEMPT), payment=row_id)
    if kind == "setup_intent":
        return Hint(mark(row, ATTEMPT))
    if kind in ("charge", "refund", "dispute"):
        return Hint(payment=_text(row.get("payment_intent")))
    return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _mount(blueprint: Blueprint) -> None:
    take_notice.permission, take_notice.plugin = PUBLIC, "stripe"  # type: ignore[attr-defined]
    blueprint.add_url_rule("/stripe/notices/<tenant>", "take_notice", take_notice, methods=["POST"])
    problem.handle_errors(blueprint)


_mount(pages.blueprint)
