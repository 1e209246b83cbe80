# Made by `deskhand sdk` from the host functions that plugins register.
"""What this install keeps from call to call: text by namespace and key. No other install sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deskhand_extension._wire import Interface

__all__ = [
    "KeptValue",
    "KeyPage",
    "KeyQuery",
    "NewValue",
    "NewValues",
    "Removal",
    "StoredKey",
    "StoredValue",
    "delete",
    "delete_many",
    "get",
    "get_many",
    "list",
    "put",
    "put_many",
]
_host = Interface("storage", __name__)


@dataclass(kw_only=True)
class StoredValue:
    """A value with its revision, which grows with each write of the install and never comes twice."""
    key: str
    value: str
    revision: int
    expires_at: str | None
    """ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`."""


@dataclass(kw_only=True)
class NewValue:
    """A value to be kept under a key, which need not be there yet."""
    namespace: str
    key: str
    """1 to 256 characters."""
    value: str
    """At most 64 KiB of UTF-8."""
    ttl_seconds: int | None = None
    """When it goes by itself; never unless given. From 60 to 2,592,000."""
    if_revision: int | None = None
    """The revision that the key must have: 0 for a key that is not there yet, none for any. From 0 to
    9,223,372,036,854,775,807.
    """


@dataclass(kw_only=True)
class KeptValue:
    """What a value is known by from now on."""
    key: str
    revision: int
    expires_at: str | None
    """ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`."""


@dataclass(kw_only=True)
class NewValues:
    """Values to be kept, all or none."""
    items: Sequence[NewValue]
    """1 to 100 items."""


@dataclass(kw_only=True)
class Removal:
    """A key to be taken away."""
    namespace: str
    key: str
    """1 to 256 characters."""
    if_revision: int | None = None
    """The revision that the key must have; none for any. From 1 to 9,223,372,036,854,775,807."""


@dataclass(kw_only=True)
class KeyQuery:
    """Which keys of a namespace, in the order of their code points."""
    namespace: str
    prefix: str = ""
    """At most 256 characters."""
    limit: int = 50
    """From 1 to 200."""
    cursor: str | None = None
    """`next_cursor` of the page before."""


@dataclass(kw_only=True)
class StoredKey:
    """A key without its value; `bytes` are those of key and value in UTF-8."""
    key: str
    bytes: int
    revision: int
    expires_at: str | None
    """ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`."""


@dataclass(kw_only=True)
class KeyPage:
    """Some keys, and where the next page starts: none after the last."""
    items: Sequence[StoredKey]
    next_cursor: str | None


def get(namespace: str, key: str) -> StoredValue | None:
    """One value, or none.
    `key`: 1 to 256 characters.
    Raises HostRefusal without `cap:storage.kv`.
    """
    answer: StoredValue | None = _host.call("get", "cap:storage.kv", namespace, key)
    return answer


def get_many(namespace: str, keys: Sequence[str]) -> Sequence[StoredValue]:
    """Those of some values that are there, by key.
    `keys`: 1 to 100 items.
    Raises HostRefusal without `cap:storage.kv`.
    """
    answer: Sequence[StoredValue] = _host.call("get_many", "cap:storage.kv", namespace, keys)
    return answer


def put(input: NewValue) -> KeptValue:
    """Keep a value.
    Raises HostRefusal without `cap:storage.kv`.
    """
    answer: KeptValue = _host.call("put", "cap:storage.kv", input)
    return answer


def put_many(input: NewValues) -> Sequence[KeptValue]:
    """Keep values, all or none.
    Raises HostRefusal without `cap:storage.kv`.
    """
    answer: Sequence[KeptValue] = _host.call("put_many", "cap:storage.kv", input)
    return answer


def delete(input: Removal) -> bool:
    """Take a key away; tells whether it was there.
    Raises HostRefusal without `cap:storage.kv`.
    """
    answer: bool = _host.call("delete", "cap:storage.kv", input)
    return answer


def delete_many(namespace: str, keys: Sequence[str]) -> int:
    """Take keys away; tells how many were there.
    `keys`: 1 to 100 items.
    Raises HostRefusal without `cap:storage.kv`.
    """
    answer: int = _host.call("delete_many", "cap:storage.kv", namespace, keys)
    return answer


def list(input: KeyQuery) -> KeyPage:
    """Keys that begin with a prefix, a page at a time.
    Raises HostRefusal without `cap:storage.kv`.
    """
    answer: KeyPage = _host.call("list", "cap:storage.kv", input)
    return answer
