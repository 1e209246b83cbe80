"""What an install keeps: its own, within limits, and never overwritten by a call that did not see the last change."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from house.stage import World
from kernel.clock import FixedClock
from plugins.extensions import services
from plugins.extensions.interfaces import storage
from plugins.extensions.models import StorageEntry, StorageUsage
from tests.plugins.extensions.host_stage import Install, installed

KV = "cap:storage.kv"


@pytest.fixture
def orders(acme: World) -> Install:
    return installed(acme, KV)


def put(install: Install, key: str, value: str = "1", **more: Any) -> Any:
    return install.get("storage.put", input={"namespace": "orders", "key": key, "value": value, **more})


def read(install: Install, key: str, namespace: str = "orders") -> Any:
    found = install.get("storage.get", namespace=namespace, key=key)
    return found and found["value"]


def usage(install: Install) -> tuple[int, dict[str, int]]:
    with install.world.call() as ctx:
        row = ctx.session.query(StorageUsage).filter(StorageUsage.install_id == install.id).one()
        entries = ctx.session.query(StorageEntry).filter(StorageEntry.install_id == install.id).all()
        assert row.bytes == sum(len(one.key.encode()) + len(one.value.encode()) for one in entries)
        assert sum(row.keys.values()) == len(entries)
        return row.bytes, row.keys


def test_a_value_is_kept_changed_and_taken_away(orders: Install) -> None:
    assert read(orders, "7") is None
    first, second = put(orders, "7", "Grüße, 漢字 🙂"), put(orders, "7", "")
    assert second["revision"] > first["revision"]
    assert read(orders, "7") == ""
    assert usage(orders) == (1, {"orders": 1})
    assert orders.get("storage.delete", input={"namespace": "orders", "key": "7"}) is True
    assert orders.get("storage.delete", input={"namespace": "orders", "key": "7"}) is False
    assert usage(orders) == (0, {})


def test_nobody_else_sees_it(orders: Install, beta: World) -> None:
    put(orders, "7", "ours")
    theirs = installed(beta, KV)
    assert read(theirs, "7") is None
    put(theirs, "7", "theirs")
    assert (read(orders, "7"), read(theirs, "7")) == ("ours", "theirs")


def test_a_key_is_written_only_at_the_revision_that_was_read(orders: Install) -> None:
    created = put(orders, "lock", "a", if_revision=0)
    code, fields = orders.refused("storage.put", input={"namespace": "orders", "key": "lock", "value": "b", "if_revision": 0})
    assert (code, list(fields)) == ("storage_conflict", ["ifRevision"])
    put(orders, "lock", "b", if_revision=created["revision"])
    stale = {"namespace": "orders", "key": "lock", "if_revision": created["revision"]}
    assert orders.refused("storage.put", input={**stale, "value": "c"})[0] == "storage_conflict"
    assert orders.refused("storage.delete", input=stale)[0] == "storage_conflict"
    assert read(orders, "lock") == "b"
    orders.get("storage.delete", input={"namespace": "orders", "key": "lock"})
    assert put(orders, "lock", "d", if_revision=0)["revision"] > created["revision"] + 1


def test_of_many_that_create_one_key_at_once_one_does(orders: Install) -> None:
    def create(worker: int) -> bool:
        one = {"namespace": "orders", "key": "leader", "value": str(worker), "if_revision": 0}
        return bool(orders.ask("storage.put", input=one)["success"])

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(create, range(8))) == 1
    assert usage(orders)[1] == {"orders": 1}


def test_counting_up_at_once_loses_nothing(orders: Install) -> None:
    def count(_: int) -> None:
        for _attempt in range(40):
            found = orders.get("storage.get", namespace="orders", key="n")
            value, revision = (int(found["value"]), found["revision"]) if found else (0, 0)
            one = {"namespace": "orders", "key": "n", "value": str(value + 1), "if_revision": revision}
            if orders.ask("storage.put", input=one)["success"]:
                return
        pytest.fail("never got its turn")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(count, range(8)))
    assert read(orders, "n") == "8"


def test_what_has_expired_is_not_there_and_makes_room(orders: Install, clock: FixedClock) -> None:
    assert put(orders, "token", "x", ttl_seconds=60)["expires_at"]
    put(orders, "kept")
    clock.set(clock.now() + timedelta(seconds=61))
    assert read(orders, "token") is None
    assert orders.get("storage.list", input={"namespace": "orders"})["items"][0]["key"] == "kept"
    put(orders, "token", "y", if_revision=0)
    assert usage(orders)[1] == {"orders": 2}
    put(orders, "soon", ttl_seconds=60)
    clock.set(clock.now() + timedelta(hours=1))
    with orders.world.call() as ctx:
        assert storage.forget_expired(ctx) == 1
    assert usage(orders)[1] == {"orders": 2}


@pytest.mark.parametrize("seconds", [0, 59, 30 * 24 * 3600 + 1, -1])
def test_a_time_of_expiry_is_from_a_minute_to_a_month(orders: Install, seconds: int) -> None:
    code, fields = orders.refused("storage.put", input={"namespace": "orders", "key": "k", "value": "", "ttl_seconds": seconds})
    assert (code, list(fields)) == ("invalid_input", ["ttlSeconds"])


def test_keys_are_listed_by_prefix_page_by_page(orders: Install) -> None:
    keys = [f"a/{number:03}" for number in range(7)] + ["a", "a%", "b/1", "ä/1", "A/1", "\U0010ffff", "a/\U0010ffff"]
    items = [{"namespace": "orders", "key": key, "value": ""} for key in keys]
    orders.get("storage.put_many", input={"items": items})
    seen: list[str] = []
    cursor = None
    while True:
        page = orders.get("storage.list", input={"namespace": "orders", "prefix": "a/", "limit": 3, "cursor": cursor})
        seen += [one["key"] for one in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == sorted(key for key in keys if key.startswith("a/"))
    everything = orders.get("storage.list", input={"namespace": "orders"})
    assert [one["key"] for one in everything["items"]] == sorted(keys)


def test_a_cursor_of_another_list_is_refused(orders: Install) -> None:
    items = [{"namespace": "orders", "key": str(number), "value": ""} for number in range(3)]
    orders.get("storage.put_many", input={"items": items})
    cursor = orders.get("storage.list", input={"namespace": "orders", "limit": 1})["next_cursor"]
    for query in ({"prefix": "1", "cursor": cursor}, {"cursor": "rubbish"}, {"cursor": "W10"}, {"cursor": "é"},
                  {"cursor": base64.urlsafe_b64encode(b'["orders","","a\\u0000"]').decode()}):  # fmt: skip
        assert orders.refused("storage.list", input={"namespace": "orders", **query})[0] == "cursor_invalid"


def test_many_values_are_kept_all_or_none(orders: Install) -> None:
    put(orders, "b", "old")
    items = [
        {"namespace": "orders", "key": "a", "value": "1"},
        {"namespace": "orders", "key": "b", "value": "2", "if_revision": 0},
    ]
    assert orders.refused("storage.put_many", input={"items": items}) == (
        "storage_conflict", {"items[1].ifRevision": "The key has the revision 1."},
    )  # fmt: skip
    assert (read(orders, "a"), read(orders, "b")) == (None, "old")
    twice = [items[0], items[0]]
    assert orders.refused("storage.put_many", input={"items": twice})[1] == {"items[1].key": "This key is there twice."}
    orders.get("storage.put_many", input={"items": [items[0], {**items[1], "namespace": "more"}]})
    found = orders.get("storage.get_many", namespace="orders", keys=["b", "nothing", "a"])
    assert [(one["key"], one["value"]) for one in found] == [("a", "1"), ("b", "old")]
    assert orders.get("storage.delete_many", namespace="orders", keys=["a", "a", "nothing"]) == 1
    assert usage(orders)[1] == {"orders": 1, "more": 1}


def test_limits_hold_and_leave_nothing(orders: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "MOST_NAMESPACES", 2)
    monkeypatch.setattr(storage, "MOST_KEYS", 3)
    monkeypatch.setattr(storage, "MOST_BYTES", 50)
    for key in "abc":
        put(orders, key)
    for one in ({"namespace": "orders", "key": "d", "value": ""}, {"namespace": "other", "key": "a", "value": "x" * 44}):
        assert orders.refused("storage.put", input=one)[0] == "storage_full"
    put(orders, "c", "x" * 40)
    orders.get("storage.put", input={"namespace": "second", "key": "a", "value": ""})
    assert orders.refused("storage.put", input={"namespace": "third", "key": "a", "value": ""})[0] == "storage_full"
    assert usage(orders)[1] == {"orders": 3, "second": 1}


def test_a_value_has_at_most_64_kib_of_utf_8(orders: Install) -> None:
    put(orders, "big", "x" * 65_536)
    code, fields = orders.refused("storage.put", input={"namespace": "orders", "key": "big", "value": "ü" * 32_769})
    assert (code, list(fields)) == ("invalid_input", ["value"])


@pytest.mark.parametrize(
    "place",
    [{"namespace": ""}, {"namespace": "Orders"}, {"namespace": "../x"}, {"namespace": "o\n"}, {"key": ""}, {"key": "k" * 257},
     {"key": "\0"}, {"value": "\0"}],
    ids=["no namespace", "capitals", "a path", "a line", "no key", "a long key", "nul in a key", "nul in a value"],
)  # fmt: skip
def test_odd_places_are_refused_by_field(orders: Install, place: dict[str, str]) -> None:
    code, fields = orders.refused("storage.put", input={"namespace": "orders", "key": "k", "value": "", **place})
    assert (code, list(fields)) == ("invalid_input", list(place))


def test_uninstalling_takes_it_away(orders: Install) -> None:
    put(orders, "7")
    with orders.world.call() as ctx:
        services.uninstall(ctx, orders.id)
    with orders.world.call() as ctx:
        assert ctx.session.query(StorageEntry).count() == ctx.session.query(StorageUsage).count() == 0
