"""`Idempotency-Key`: a POST that is sent again has its effect once and gets its first answer again.

The answer is stored in the transaction of the effect. A request that fails keeps nothing, so it may be repeated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from flask import Response
from sqlalchemy import Index, LargeBinary, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.context import CallContext
from kernel.db import TenantTable, tenant_key
from kernel.errors import Conflict, InvalidInput, Refused

MAX_LENGTH = 255
_KEPT_HEADERS = ("Content-Type", "ETag", "Location", "Link", "Content-Disposition")
_CLAIM = text("select pg_try_advisory_xact_lock(hashtextextended(:claim, 0))")


class IdempotencyInProgress(Conflict):
    """The first request with this key has not ended yet."""

    code = "idempotency_in_progress"
    title = "The same request is still being worked on"


class IdempotencyKeyReused(Refused):
    """The key was used for a request with other content."""

    code = "idempotency_key_reused"
    title = "The idempotency key was used for something else"


class IdempotencyKey(TenantTable):
    """The first answer to a request; `actor` is `<kind>:<id>`, so that nobody gets another's answer."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "actor", "key"),
        Index(None, "tenant_id", "created_at"),
    )

    actor: Mapped[str]
    key: Mapped[str]
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int]
    headers: Mapped[dict[str, Any]]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


def once(ctx: CallContext, key: str, content: Iterable[bytes], run: Callable[[], Response]) -> Response:
    """Answer `run()`, or what it answered the first time.

    `content` is what makes two requests the same. Raises InvalidInput for an unusable key, IdempotencyInProgress (409)
    and IdempotencyKeyReused (422).
    """
    _check(key)
    actor = f"{ctx.actor.kind}:{ctx.actor.id}"
    _claim(ctx, f"{ctx.tenant_id}|{actor}|{key}")
    fingerprint = _digest(content)
    # After the claim, in a statement of its own: its snapshot holds what the claim's last holder committed.
    stored = ctx.session.scalar(select(IdempotencyKey).where(IdempotencyKey.actor == actor, IdempotencyKey.key == key))
    if stored is not None:
        return _replay(stored, fingerprint)
    response = run()
    _store(ctx, actor, key, fingerprint, response)
    return response


def _check(key: str) -> None:
    if not 1 <= len(key) <= MAX_LENGTH or not key.isascii() or not key.isprintable():
        words = f"The Idempotency-Key needs 1 to {MAX_LENGTH} printable ASCII characters, for example a UUID."
        raise InvalidInput(words, errors={"Idempotency-Key": words})


def _claim(ctx: CallContext, claim: str) -> None:
    if not ctx.session.scalar(_CLAIM, {"claim": claim}):
        raise IdempotencyInProgress("The first request with this key is not done yet. Ask again in a second.", retry_after=1)


def _digest(content: Iterable[bytes]) -> bytes:
    digest = hashlib.sha256()
    for part in content:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


def _replay(stored: IdempotencyKey, fingerprint: bytes) -> Response:
    if stored.fingerprint != fingerprint:
        raise IdempotencyKeyReused("This Idempotency-Key came with other content before. Take a new key for a new request.")
    response = Response(stored.body, status=stored.status, headers=stored.headers)
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _store(ctx: CallContext, actor: str, key: str, fingerprint: bytes, response: Response) -> None:
    response.direct_passthrough = False
    kept = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    ctx.session.add(
        IdempotencyKey(actor=actor, key=key, fingerprint=fingerprint, status=response.status_code, headers=kept,
                       body=response.get_data(), created_at=ctx.now())
    )  # fmt: skip
    ctx.session.flush()
