"""Rate limits: how much at once, how much in the long run, and for whom."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from kernel.api.ratelimit import take
from kernel.app import Kernel
from kernel.auth import ApiKey, revoke_api_key
from kernel.clock import FixedClock
from kernel.errors import RateLimited
from tests.kernel.api_stage import api_app, room_kernel


def test_a_burst_is_served_and_the_next_one_told_when_to_come_again(acme: Any, kernel: Kernel, clock: FixedClock) -> None:
    def once() -> int:
        return take(kernel, acme.tenant_id, "alice", burst=3, per_second=0.5).remaining

    assert [once(), once(), once()] == [2, 1, 0]
    for _ in range(2):
        with pytest.raises(RateLimited) as refused:
            once()
        assert refused.value.extra["retry_after"] == 2
    clock.advance(seconds=2)
    assert once() == 0
    clock.advance(hours=1)
    assert once() == 2


def test_a_bucket_is_one_callers(acme: Any, beta: Any, kernel: Kernel) -> None:
    for world, bucket in ((acme, "alice"), (acme, "bob"), (beta, "alice")):
        assert take(kernel, world.tenant_id, bucket, burst=1, per_second=1).remaining == 0
    with pytest.raises(RateLimited):
        take(kernel, beta.tenant_id, "alice", burst=1, per_second=1)


@given(st.lists(st.tuples(st.floats(0, 20), st.integers(1, 3)), max_size=25))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_is_a_token_bucket(acme: Any, kernel: Kernel, clock: FixedClock, requests: list[tuple[float, int]]) -> None:
    burst, per_second = 5, 0.5
    with acme.call() as ctx:
        ctx.session.execute(text("delete from rate_buckets"))
    tokens, filled = float(burst), clock.now()
    for wait, cost in requests:
        now = clock.advance(timedelta(milliseconds=round(wait * 1000)))
        tokens, filled = min(burst, tokens + (now - filled).total_seconds() * per_second), now
        try:
            take(kernel, acme.tenant_id, "one", burst=burst, per_second=per_second, cost=cost)
            assert tokens >= cost - 1e-6
            tokens -= cost
        except RateLimited:
            assert tokens < cost + 1e-6


def test_a_crowd_gets_what_is_there_and_no_more(acme: Any, kernel: Kernel) -> None:
    served: list[int] = []

    def ask() -> None:
        for _ in range(10):
            try:
                served.append(take(kernel, acme.tenant_id, "crowd", burst=17, per_second=1).remaining)
            except RateLimited:
                continue

    crowd = [threading.Thread(target=ask) for _ in range(4)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert sorted(served) == list(range(17))


def test_an_api_key_is_limited_and_a_browser_is_not(acme: Any, kernel: Kernel) -> None:
    limited = room_kernel(kernel, api_burst=2, api_per_second=1.0)
    world = replace(acme, kernel=limited, app=api_app(limited))
    program, browser, url = world.api(), world.client(), "/api/v1/gadgets/mine"
    first = program.get(url)
    assert (first.headers["RateLimit-Limit"], first.headers["RateLimit-Remaining"]) == ("2", "1")
    assert program.get(url).status_code == 200
    refused = program.get(url)
    assert (refused.status_code, refused.get_json()["code"]) == (429, "rate_limited")
    assert (refused.headers["Retry-After"], refused.headers["RateLimit-Remaining"]) == ("1", "0")
    assert world.api().get(url).status_code == 200
    assert {browser.get(url).status_code for _ in range(4)} == {200}


def test_tokens_are_taken_in_lots_and_none_is_lost_or_won(acme: Any, kernel: Kernel) -> None:
    limited = room_kernel(kernel, api_burst=30, api_per_second=0.01)
    program, url = replace(acme, kernel=limited, app=api_app(limited)).api(), "/api/v1/gadgets/mine"
    answers = [program.get(url) for _ in range(31)]
    assert [int(one.headers["RateLimit-Remaining"]) for one in answers] == [*range(29, -1, -1), 0]
    assert [one.status_code for one in answers] == [200] * 30 + [429]


def test_a_revoked_key_is_refused_at_once_whatever_is_left_of_its_lot(acme: Any, kernel: Kernel) -> None:
    limited = room_kernel(kernel, api_burst=120, api_per_second=1.0)
    program, url = replace(acme, kernel=limited, app=api_app(limited)).api(), "/api/v1/gadgets/mine"
    assert program.get(url).status_code == 200
    with acme.call() as ctx:
        for key in ctx.session.scalars(select(ApiKey)):
            revoke_api_key(ctx, key.id)
    assert program.get(url).status_code == 401
