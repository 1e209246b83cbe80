"""A small key-value store for each install: namespaces of keys with values as text, revisions and times of expiry.

Writes of one install come one after the other: each begins with the lock on its `StorageUsage` row, which counts what is
there. Reading takes no lock, and what has expired is not there, whether or not it was removed yet.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete, func, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from kernel.api.listing import CursorInvalid
from kernel.context import CallContext
from kernel.errors import InvalidInput
from kernel.ids import uuid7
from plugins.extensions.errors import StorageConflict, StorageFull
from plugins.extensions.models import StorageEntry, StorageUsage

MOST_NAMESPACES, MOST_KEYS, MOST_BYTES = 32, 5120, 256 << 20
MOST_VALUE_BYTES, MOST_AT_ONCE = 64 << 10, 100
LEAST_SECONDS, MOST_SECONDS = 60, 30 * 24 * 3600
_LOCK = text("""
insert into extensions_storage_usage (tenant_id, id, install_id, revision, bytes, keys)
values (:tenant_id, :id, :install_id, 1, 0, '{}')
on conflict (tenant_id, install_id) do update set revision = extensions_storage_usage.revision + 1
returning revision, bytes, keys
""")


@dataclass(frozen=True, slots=True)
class Write:
    """A value to be kept. `revision` is what the key must have now: 0 for none at all, None whatever it is."""

    namespace: str
    key: str
    value: str
    seconds: int | None = None
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """A key as it now is: the revision grows with each write of the install and never comes twice."""

    key: str
    revision: int
    expires_at: datetime | None


def read_values(ctx: CallContext, install_id: UUID, namespace: str, keys: Sequence[str]) -> list[StorageEntry]:
    """The entries among these keys, by key."""
    found = _there(ctx, install_id, namespace).where(StorageEntry.key.in_(keys)).order_by(StorageEntry.key)
    return list(ctx.session.scalars(found))


def list_keys(
    ctx: CallContext, install_id: UUID, namespace: str, *, prefix: str, limit: int, cursor: str | None
) -> tuple[list[StorageEntry], str | None]:
    """Entries whose keys begin with `prefix`, in the order of their code points, and the cursor of the next page.

    Raises CursorInvalid.
    """
    found = _there(ctx, install_id, namespace).where(StorageEntry.key >= prefix)
    if prefix:
        found = found.where(func.left(StorageEntry.key, len(prefix)) == prefix)
    if cursor is not None:
        found = found.where(StorageEntry.key > _position(cursor, namespace, prefix))
    rows = list(ctx.session.scalars(found.order_by(StorageEntry.key).limit(limit + 1)))
    return rows[:limit], _cursor(namespace, prefix, rows[limit - 1].key) if len(rows) > limit else None


def write_values(ctx: CallContext, install_id: UUID, writes: Sequence[Write]) -> list[Stored]:
    """Keep values, all or none. Raises StorageConflict, StorageFull, and InvalidInput for a value too large or a key twice."""
    _check(writes)
    ledger = _Ledger.locked(ctx, install_id)
    there = _present(ctx, install_id, writes)
    for position, one in enumerate(writes):
        before = there.get((one.namespace, one.key))
        _check_revision(one.revision, before, f"items[{position}].")
        ledger.count(one.namespace, 0 if before else 1, _size(one) - (before.bytes if before else 0))
    ledger.settle()
    return _put(ctx, install_id, ledger.revision, writes)


def delete_values(ctx: CallContext, install_id: UUID, namespace: str, keys: Sequence[str], revision: int | None = None) -> int:
    """Remove keys, whatever they hold or at one revision; returns how many there were. Raises StorageConflict."""
    ledger = _Ledger.locked(ctx, install_id)
    there = {one.key: one for one in read_values(ctx, install_id, namespace, keys)}
    if revision is not None:
        _check_revision(revision, there.get(keys[0]), "")
    ctx.session.execute(delete(StorageEntry).where(StorageEntry.id.in_([one.id for one in there.values()])))
    ledger.count(namespace, -len(there), -sum(one.bytes for one in there.values()))
    ledger.settle()
    return len(there)


def forget_expired(ctx: CallContext) -> int:
    """Remove what has expired with every install of the tenant; returns how much."""
    installs = ctx.session.scalars(
        select(StorageEntry.install_id).where(StorageEntry.expires_at <= ctx.now()).distinct()
    ).all()  # fmt: skip
    gone = 0
    for install_id in sorted(installs):
        ledger = _Ledger.locked(ctx, install_id)
        gone += ledger.expired
        ledger.settle()
    return gone


def _there(ctx: CallContext, install_id: UUID, namespace: str) -> Any:
    alive = or_(StorageEntry.expires_at.is_(None), StorageEntry.expires_at > ctx.now())
    found = select(StorageEntry).where(StorageEntry.install_id == install_id, StorageEntry.namespace == namespace, alive)
    return found.execution_options(populate_existing=True)


class _Ledger:
    """What an install keeps, while this transaction alone may change it."""

    def __init__(self, ctx: CallContext, install_id: UUID, revision: int, kept: int, keys: dict[str, int]) -> None:
        self._ctx, self._install_id = ctx, install_id
        self.revision, self.bytes, self.keys = revision, kept, keys
        self.expired = 0

    @classmethod
    def locked(cls, ctx: CallContext, install_id: UUID) -> _Ledger:
        """Wait for other writers, and begin by removing what has expired."""
        given = {"tenant_id": ctx.tenant_id, "id": uuid7(), "install_id": install_id}
        row = ctx.session.execute(_LOCK, given).one()
        ledger = cls(ctx, install_id, row.revision, row.bytes, dict(row.keys))
        ledger._remove_expired()
        return ledger

    def count(self, namespace: str, keys: int, size: int) -> None:
        """Take in or give back keys and bytes of a namespace."""
        self.bytes += size
        self.keys[namespace] = self.keys.get(namespace, 0) + keys
        if not self.keys[namespace]:
            del self.keys[namespace]

    def settle(self) -> None:
        """Write the counts down. Raises StorageFull when they are over the limits."""
        if len(self.keys) > MOST_NAMESPACES:
            raise StorageFull(f"An install has at most {MOST_NAMESPACES} namespaces.")
        if full := [name for name, keys in self.keys.items() if keys > MOST_KEYS]:
            raise StorageFull(f"The namespace {full[0]} has {MOST_KEYS} keys already. Delete some, or let them expire.")
        if self.bytes > MOST_BYTES:
            raise StorageFull(f"An install keeps at most {MOST_BYTES >> 20} MiB. Delete some keys, or let them expire.")
        counts = update(StorageUsage).where(StorageUsage.install_id == self._install_id)
        self._ctx.session.execute(counts.values(bytes=self.bytes, keys=self.keys))

    def _remove_expired(self) -> None:
        old = delete(StorageEntry).where(StorageEntry.install_id == self._install_id, StorageEntry.expires_at <= self._ctx.now())
        for namespace, size in self._ctx.session.execute(old.returning(StorageEntry.namespace, StorageEntry.bytes)):
            self.count(namespace, -1, -size)
            self.expired += 1


def _present(ctx: CallContext, install_id: UUID, writes: Sequence[Write]) -> dict[tuple[str, str], StorageEntry]:
    """What is there under the keys to be written; what had expired was removed with the lock."""
    place = tuple_(StorageEntry.namespace, StorageEntry.key)
    found = select(StorageEntry).where(StorageEntry.install_id == install_id)
    rows = ctx.session.scalars(found.where(place.in_([(one.namespace, one.key) for one in writes])))
    return {(one.namespace, one.key): one for one in rows}


def _put(ctx: CallContext, install_id: UUID, revision: int, writes: Sequence[Write]) -> list[Stored]:
    stored = [Stored(one.key, revision, _expiry(ctx, one.seconds)) for one in writes]
    rows = [
        {"tenant_id": ctx.tenant_id, "id": uuid7(), "install_id": install_id, "namespace": one.namespace, "key": one.key,
         "value": one.value, "bytes": _size(one), "revision": revision, "expires_at": kept.expires_at}
        for one, kept in zip(writes, stored, strict=True)
    ]  # fmt: skip
    added = insert(StorageEntry).values(rows)
    changed = {name: added.excluded[name] for name in ("value", "bytes", "revision", "expires_at")}
    unique = ["tenant_id", "install_id", "namespace", "key"]
    ctx.session.execute(added.on_conflict_do_update(index_elements=unique, set_=changed))
    return stored


def _expiry(ctx: CallContext, seconds: int | None) -> datetime | None:
    return None if seconds is None else ctx.now() + timedelta(seconds=seconds)


def _check(writes: Sequence[Write]) -> None:
    errors = {}
    seen: set[tuple[str, str]] = set()
    for position, one in enumerate(writes):
        if len(one.value.encode()) > MOST_VALUE_BYTES:
            errors[f"items[{position}].value"] = f"A value has at most {MOST_VALUE_BYTES >> 10} KiB of UTF-8."
        if (one.namespace, one.key) in seen:
            errors[f"items[{position}].key"] = "This key is there twice."
        seen.add((one.namespace, one.key))
    if errors:
        raise InvalidInput(errors=errors)


def _check_revision(wanted: int | None, there: StorageEntry | None, path: str) -> None:
    found = there.revision if there else 0
    if wanted not in (None, found):
        words = f"The key has the revision {found}." if found else "There is no such key."
        raise StorageConflict(f"{words} Read it again and repeat the change.", errors={f"{path}if_revision": words})


def _size(one: Write) -> int:
    return len(one.key.encode()) + len(one.value.encode())


def _cursor(namespace: str, prefix: str, key: str) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([namespace, prefix, key])).rstrip(b"=").decode()


def _position(cursor: str, namespace: str, prefix: str) -> str:
    """The key that a page before ended with. Raises CursorInvalid for a cursor of another list."""
    try:
        found = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        raise CursorInvalid from None
    match found:
        case [wanted, began, str(key)] if (wanted, began) == (namespace, prefix) and "\0" not in key:
            return key
    raise CursorInvalid
