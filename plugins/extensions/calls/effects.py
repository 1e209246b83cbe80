"""A host call that is made again with the same key has its effect once.

The key belongs to a tenant, an install and a function, for a day. Key, effect and answer are one transaction: a call that
comes meanwhile waits at the unique key until it is known whether there is an answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from kernel.api.idempotency import IdempotencyKeyReused
from kernel.context import CallContext
from kernel.ids import uuid7
from plugins.extensions.models import KeptAnswer

_UNIQUE = ["tenant_id", "install_id", "endpoint", "key"]
_DONE = 200


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect of an install, by function (`tickets.create`) and key; `args` is what makes two calls the same."""

    install_id: UUID
    function: str
    key: str
    args: Mapping[str, Any]

    @property
    def endpoint(self) -> str:
        """Where its answer is kept; no endpoint of the gateway begins so."""
        return f"host:{self.function}"


def effect_once(ctx: CallContext, effect: Effect, run: Callable[[], Any]) -> Any:
    """What `run()` gives, or gave the first time. Raises IdempotencyKeyReused for other arguments with the same key."""
    fingerprint = hashlib.sha256(orjson.dumps(effect.args, option=orjson.OPT_SORT_KEYS)).digest()
    claimed = insert(KeptAnswer).values(
        tenant_id=ctx.tenant_id, id=uuid7(), install_id=effect.install_id, endpoint=effect.endpoint, key=effect.key,
        fingerprint=fingerprint, claimed_until=ctx.now(), created_at=ctx.now(), status=_DONE,
    )  # fmt: skip
    claim = ctx.session.scalar(claimed.on_conflict_do_nothing(index_elements=_UNIQUE).returning(KeptAnswer.id))
    if claim is None:
        return _first_answer(ctx, effect, fingerprint)
    given = run()
    ctx.session.execute(update(KeptAnswer).where(KeptAnswer.id == claim).values(body=orjson.dumps(given).decode()))
    return given


def _first_answer(ctx: CallContext, effect: Effect, fingerprint: bytes) -> Any:
    same = (KeptAnswer.install_id == effect.install_id, KeptAnswer.endpoint == effect.endpoint, KeptAnswer.key == effect.key)
    kept = ctx.session.scalars(select(KeptAnswer).where(*same)).one()
    if kept.fingerprint != fingerprint:
        raise IdempotencyKeyReused("This key came with other content before. Take a new key for a new call.")
    return orjson.loads(kept.body or "null")
