"""Ids grow, and days begin when they begin in the tenant's own zone."""

from __future__ import annotations

import threading
import time
from datetime import UTC, date, datetime, timedelta
from uuid import RFC_4122, UUID

import pytest

from kernel.clock import FixedClock, SystemClock, ZoneUnknown
from kernel.ids import UuidFactory, uuid7


def test_an_id_is_a_uuid_of_version_7_with_the_present_time() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid7()
    assert (made.version, made.variant) == (7, RFC_4122)
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000 + 1


def test_ids_grow_also_from_many_threads() -> None:
    made: list[list[UUID]] = [[] for _ in range(8)]

    def make(mine: list[UUID]) -> None:
        mine.extend(uuid7() for _ in range(2000))

    threads = [threading.Thread(target=make, args=(mine,)) for mine in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(mine == sorted(mine) for mine in made)
    assert len({one for mine in made for one in mine}) == 16_000


def test_ids_grow_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    factory = UuidFactory()
    first = factory()
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000)
    assert first < factory() < factory()


def test_a_full_counter_borrows_the_next_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    factory = UuidFactory()
    first = factory()
    factory._counter = (1 << 42) - 1
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    assert factory().int >> 80 == (first.int >> 80) + 1


def test_the_day_is_the_tenants_own() -> None:
    clock = FixedClock(datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
    assert clock.today("UTC") == date(2026, 12, 31)
    assert clock.today("Europe/Vienna") == date(2027, 1, 1)
    assert clock.advance(hours=11) == datetime(2027, 1, 1, 10, 30, tzinfo=UTC)
    assert clock.today("Pacific/Kiritimati") == date(2027, 1, 2)
    clock.advance(timedelta(days=-1))
    assert clock.today("UTC") == date(2026, 12, 31)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "/etc/passwd", "Europe"])
def test_a_wrong_zone_is_named(zone: str) -> None:
    with pytest.raises(ZoneUnknown, match="Europe/Vienna"):
        SystemClock().today(zone)


def test_an_instant_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        FixedClock(datetime(2026, 1, 1))  # noqa: DTZ001
