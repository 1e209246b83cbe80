"""Rate limits: a bucket of `burst` tokens that fills at `per_second`, kept in an UNLOGGED table.

A bucket is one instant: when it will be full again. A request of cost c moves it c / per_second seconds on; it is refused
when that would lie further ahead than an empty bucket needs. One row, one upsert (`take_tokens` in the migrations), in a
short transaction of its own, so that requests of one caller never wait for each other's work.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, cast
from uuid import UUID

from flask import g
from sqlalchemy.orm import Mapped
from sqlalchemy.util import LRUCache

from kernel.db import TenantTable, tenant_key
from kernel.errors import RateLimited

if TYPE_CHECKING:
    import psycopg

    from kernel.app import Kernel
    from kernel.context import CallContext

LOGIN_TRIES, LOGIN_PER_SECOND = 10, 1 / 30
LOTS, MOST_OF_A_LOT = 12, 10
_SPARE: LRUCache[tuple[UUID, str], list[Taken]] = LRUCache(10_000)

_TAKE = "select taken, full_then from take_tokens(%s, %s, %s, %s, %s)"


class RateBucket(TenantTable):
    """One caller's tokens; `id` is the hash of the bucket's name, which may hold an e-mail address."""

    __tablename__ = "rate_buckets"
    # No index on full_at: each request changes it, and PostgreSQL then updates the row in place.
    __table_args__ = (tenant_key(), {"prefixes": ["UNLOGGED"]})

    full_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Taken:
    """What is left in a bucket; `resets_in` are the seconds until it is full."""

    limit: int
    remaining: int
    resets_in: int

    def headers(self) -> dict[str, str]:
        """The RateLimit headers of an answer."""
        told = {"Limit": self.limit, "Remaining": self.remaining, "Reset": self.resets_in}
        return {f"RateLimit-{name}": str(number) for name, number in told.items()}


def take(kernel: Kernel, tenant_id: UUID, bucket: str, *, burst: int, per_second: float, cost: int = 1) -> Taken:
    """Take `cost` tokens. Raises RateLimited, which says after how many seconds there are enough."""
    now = kernel.clock.now()
    step, whole = timedelta(seconds=cost / per_second), timedelta(seconds=burst / per_second)
    row_id = UUID(bytes=blake2b(bucket.encode(), digest_size=16).digest())
    allowed, full_at = _upsert(kernel, (tenant_id, row_id, now, step, whole))
    missing = max((full_at - now).total_seconds(), 0.0)
    taken = Taken(burst, max(burst - math.ceil(missing * per_second - 1e-6), 0), math.ceil(missing))
    if not allowed:
        wait = max(math.ceil((full_at + step - whole - now).total_seconds()), 1)
        raise RateLimited(f"Too many requests. Try again in {wait} s.", retry_after=wait,
                          headers=taken.headers())  # fmt: skip
    return taken


def take_login(kernel: Kernel, tenant_id: UUID, email: str, address: str | None) -> None:
    """One try at a password: limited for the account, and for where the tries come from."""
    for bucket in (f"login:{email.strip().lower()}", f"login-from:{address}"):
        take(kernel, tenant_id, bucket, burst=LOGIN_TRIES, per_second=LOGIN_PER_SECOND)


def take_for(ctx: CallContext) -> Taken | None:
    """One token of the bucket of the calling API key, or of the user behind a bearer token; browsers are not limited."""
    settings = ctx.kernel.settings
    if g.identity.csrf_token is not None or settings.api_burst <= 0:
        return None
    return take_of_lot(ctx.kernel, ctx.tenant_id, f"{ctx.actor.kind}:{ctx.actor.id}", burst=settings.api_burst,
                       per_second=settings.api_per_second)  # fmt: skip


def take_of_lot(kernel: Kernel, tenant_id: UUID, bucket: str, *, burst: int, per_second: float) -> Taken:
    """`take` one token for a caller who comes often. Raises RateLimited.

    A process takes tokens in lots (a twelfth of the burst, at most 10) and keeps what is left of one for the caller's next
    requests; so a caller may find so many fewer or more than the burst for each process that serves it.
    """
    try:
        return _SPARE[tenant_id, bucket].pop()
    except LookupError:
        lot = max(min(burst // LOTS, MOST_OF_A_LOT), 1)
    take_some = partial(take, kernel, tenant_id, bucket, burst=burst, per_second=per_second)
    try:
        last = take_some(cost=lot)
    except RateLimited:
        lot, last = 1, take_some()
    *_SPARE[tenant_id, bucket], taken = [replace(last, remaining=last.remaining + more) for more in range(lot)]
    return taken


def _upsert(kernel: Kernel, values: tuple[object, ...]) -> tuple[bool, datetime]:
    with kernel.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        driver = cast("psycopg.Connection[tuple[bool, datetime]]", connection.connection.driver_connection)
        return driver.execute(_TAKE, values).fetchall()[0]
