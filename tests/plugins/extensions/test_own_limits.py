"""Limits that an administrator gives one install: less than everybody may use, never more."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from house.stage import World
from kernel.audit import AuditEntry
from plugins.extensions.guests.limits import INTERACTIVE, MIB, SCHEDULED
from plugins.extensions.installs.limits import narrowed, pace
from tests.plugins.extensions.host_stage import Install, installed


@pytest.fixture
def orders(acme: World) -> Install:
    return installed(acme)


def put(install: Install, who: str = "alice", **limits: Any) -> Any:
    return install.world.api(who).put(f"/api/v1/extension-installs/{install.id}/limits", json=limits)


def test_of_each_limit_the_smaller_one_holds() -> None:
    own = {"cpu_seconds": 20.0, "memory_mib": 32, "host_calls": 0}
    here = narrowed(INTERACTIVE, own)
    assert (here.cpu_seconds, here.memory_bytes, here.host_calls) == (INTERACTIVE.cpu_seconds, 32 * MIB, 0)
    assert narrowed(SCHEDULED, own).cpu_seconds == 20.0
    assert narrowed(INTERACTIVE, {}) == INTERACTIVE
    assert [pace(one) for one in ({}, {"per_second": 1.0}, {"per_second": 0.02})] == [(120, 10.0), (12, 1.0), (1, 0.02)]


def test_limits_are_kept_shown_written_down_and_taken_away(orders: Install) -> None:
    kept = put(orders, memory_mib=32, at_once=1, host_calls=0)
    assert (kept.status_code, kept.json["limits"]) == (200, {"memory_mib": 32, "at_once": 1, "host_calls": 0})
    page = orders.world.client("alice").get(f"/extensions/{orders.id}").text
    assert "memory_mib" in page
    assert put(orders).json["limits"] == {}
    with orders.world.call() as ctx:
        noted = ctx.session.scalars(select(AuditEntry).where(AuditEntry.action == "extension.limited").order_by(AuditEntry.id))
        assert next(one.changes for one in noted)["memory_mib"] == [None, 32]


def test_nobody_gets_more_than_the_platform_gives(orders: Install) -> None:
    refused = put(orders, memory_mib=129, per_second=11, cpu_seconds=0)
    assert (refused.status_code, sorted(refused.json["errors"])) == (422, ["cpu_seconds", "memory_mib", "per_second"])
    assert put(orders, "bob", memory_mib=32).status_code == 403
    assert put(orders, memory=32).status_code == 422


def test_a_form_says_the_same(orders: Install) -> None:
    alice, page = orders.world.client("alice"), f"/extensions/{orders.id}/limits"
    assert 'name="memory_mib"' in alice.get(page).text
    assert alice.post(page, data={"memory_mib": "4096"}).status_code == 422
    assert alice.post(page, data={"memory_mib": "64", "cpu_seconds": "0.5", "host_calls": ""}).status_code == 303
    assert 'value="64"' in alice.get(page).text
