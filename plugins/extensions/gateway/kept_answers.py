"""A call of an extension that is sent again has its effect once: `Idempotency-Key` at the gateway.

The key belongs to a tenant, an install and an endpoint. No transaction is open while a guest runs, so the key is claimed
before and the answer kept after it. A call that fails keeps nothing and may be sent again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from kernel.api.idempotency import MAX_LENGTH, IdempotencyInProgress, IdempotencyKeyReused
from kernel.context import CallContext
from kernel.db import cursor
from kernel.errors import InvalidInput
from kernel.ids import uuid7
from plugins.extensions.errors import AnswerNotKept
from plugins.extensions.guests.invocation import GuestResponse
from plugins.extensions.models import KeptAnswer

if TYPE_CHECKING:
    from kernel.app import Kernel

KEPT_FOR = timedelta(hours=24)
CLAIM_HOLDS_FOR = timedelta(minutes=5)
MOST_KEPT_BYTES = 1024 * 1024
_FORGET = "delete from extensions_kept_answers where tenant_id = %s and created_at < %s"
_UNIQUE = ["tenant_id", "install_id", "endpoint", "key"]


@dataclass(frozen=True, slots=True)
class _Claim:
    """A call that is ours to make until an instant. Whoever is later finds the claim another's and leaves it alone."""

    id: UUID
    until: datetime

    def mine(self) -> tuple[Any, ...]:
        return KeptAnswer.id == self.id, KeptAnswer.claimed_until == self.until, KeptAnswer.status.is_(None)


@dataclass(frozen=True, slots=True)
class Repeatable:
    """One call that may come more than once. `content` is what makes two calls the same, the caller included."""

    tenant_id: UUID
    install_id: UUID
    endpoint: str
    key: str
    content: tuple[bytes, ...]


def check_key(key: str) -> str:
    """The key as it was sent. Raises InvalidInput for one that cannot be used."""
    if not 1 <= len(key) <= MAX_LENGTH or not key.isascii() or not key.isprintable():
        words = f"The Idempotency-Key needs 1 to {MAX_LENGTH} printable ASCII characters, for example a UUID."
        raise InvalidInput(words, errors={"Idempotency-Key": words})
    return key


def answer_once(kernel: Kernel, call: Repeatable, run: Callable[[], GuestResponse]) -> tuple[GuestResponse, bool]:
    """What `run()` answers, or what it answered the first time; the second value says which.

    An answer of 500 and above is not kept. Raises IdempotencyInProgress (409), IdempotencyKeyReused (422), AnswerNotKept.
    """
    with kernel.call(call.tenant_id) as ctx:
        claim = _claim(ctx, call)
    if isinstance(claim, GuestResponse):
        return claim, True
    response: GuestResponse | None = None
    try:
        response = run()
    finally:
        with kernel.call(call.tenant_id) as ctx:
            _settle(ctx, claim, response)
    return response, False


def forget_answers(ctx: CallContext) -> int:
    """Remove the tenant's kept answers that are a day old; returns how many."""
    with cursor(ctx.session) as hot:
        return hot.execute(_FORGET, [ctx.tenant_id, ctx.now() - KEPT_FOR]).rowcount


def _claim(ctx: CallContext, call: Repeatable) -> _Claim | GuestResponse:
    """A claim of ours, or the answer that is there."""
    fingerprint, now = _digest(call.content), ctx.now()
    until = now + CLAIM_HOLDS_FOR
    fresh = insert(KeptAnswer).values(
        tenant_id=ctx.tenant_id, id=uuid7(), install_id=call.install_id, endpoint=call.endpoint, key=call.key,
        fingerprint=fingerprint, claimed_until=until, created_at=now,
    )  # fmt: skip
    if claimed := ctx.session.scalar(fresh.on_conflict_do_nothing(index_elements=_UNIQUE).returning(KeptAnswer.id)):
        return _Claim(claimed, until)
    same = (KeptAnswer.install_id == call.install_id, KeptAnswer.endpoint == call.endpoint, KeptAnswer.key == call.key)
    stored = ctx.session.scalar(select(KeptAnswer).where(*same).with_for_update())
    if stored is not None and stored.fingerprint != fingerprint:
        raise IdempotencyKeyReused("This Idempotency-Key came with other content before. Take a new key for a new call.")
    if stored is not None and stored.status is not None:
        return _kept(stored, stored.status)
    if stored is None or stored.claimed_until > now:
        raise IdempotencyInProgress("The first call with this key is not done yet. Ask again in a second.", retry_after=1)
    stored.claimed_until = until  # whoever held it ended without a word
    return _Claim(stored.id, until)


def _kept(stored: KeptAnswer, status: int) -> GuestResponse:
    if stored.body is None:
        raise AnswerNotKept(f"This call was carried out and answered {status}; its answer was too large to be kept.")
    return GuestResponse(status, tuple((name, value) for name, value in stored.headers), stored.body)


def _settle(ctx: CallContext, claim: _Claim, response: GuestResponse | None) -> None:
    """Keep an answer; give the claim back where there is none worth keeping."""
    if response is None or response.status >= 500:
        ctx.session.execute(delete(KeptAnswer).where(*claim.mine()))
        return
    facts: Mapping[str, Any] = {
        "status": response.status,
        "headers": [list(pair) for pair in response.headers],
        "body": response.body if _storable(response.body) else None,
    }
    ctx.session.execute(update(KeptAnswer).where(*claim.mine()).values(**facts))


def _storable(body: str) -> bool:
    """PostgreSQL's text cannot hold U+0000."""
    return len(body) <= MOST_KEPT_BYTES and "\0" not in body


def _digest(content: Iterable[bytes]) -> bytes:
    digest = hashlib.sha256()
    for part in content:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()
