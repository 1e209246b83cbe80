"""One tenant's long guests take nothing from another's short ones: neither a worker nor the turn at the processor."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from plugins.extensions.errors import GuestsBusy
from plugins.extensions.guests.artefacts import ArtefactStore
from plugins.extensions.guests.compiling import Compiled
from plugins.extensions.guests.invocation import GuestRequest, HostCall, Invocation, Outcome
from plugins.extensions.guests.limits import Limits
from plugins.extensions.guests.pool import GuestPool
from tests.extensions.guest_stage import EVERYTHING, Host
from tests.guest_ground import guest_processes


def call_for(pool: GuestPool, guest: Compiled, owner: str, path: str = "/polite", host: Any = None) -> Outcome:
    patient = Limits(wall_seconds=60)
    return pool.invoke(Invocation(guest.artefact, GuestRequest("GET", path), EVERYTHING, patient, owner=owner), host or Host())


@contextmanager
def held(pool: GuestPool, guest: Compiled, *owners: str) -> Iterator[None]:
    """A worker at work for each of these, until the block ends."""
    leave = threading.Event()

    def start(owner: str) -> threading.Thread:
        entered = threading.Event()

        def host(_call: HostCall) -> Mapping[str, Any]:
            entered.set()
            leave.wait(60)
            return {"success": True, "value": None}

        thread = threading.Thread(target=call_for, args=(pool, guest, owner, "/refused-config", host))
        thread.start()
        assert entered.wait(60)
        return thread

    threads = [start(owner) for owner in owners]
    try:
        yield
    finally:
        leave.set()
        for thread in threads:
            thread.join()


def test_who_has_none_at_work_gets_a_spare_worker_and_who_has_some_does_not(store: ArtefactStore, hostile: Compiled) -> None:
    with GuestPool(store, size=2, spare=1, queue_seconds=0.1) as pool:
        with held(pool, hostile, "acme", "beta"):
            assert call_for(pool, hostile, "gamma").ok
            with pytest.raises(GuestsBusy):
                call_for(pool, hostile, "acme")
            with held(pool, hostile, "gamma"), pytest.raises(GuestsBusy):
                call_for(pool, hostile, "delta")
        assert len(pool.idle_workers()) == 2  # the spare one has ended


def test_a_long_call_goes_last_and_its_worker_serves_nobody_else(store: ArtefactStore, hostile: Compiled) -> None:
    priorities: set[int] = set()

    def look(_call: HostCall) -> Mapping[str, Any]:
        (worker,) = set(guest_processes()) - before
        priorities.update(os.getpriority(os.PRIO_PROCESS, int(thread)) for thread in os.listdir(f"/proc/{worker}/task"))
        return {"success": True, "value": None}

    before = set(guest_processes())
    with GuestPool(store, size=1) as pool:
        assert call_for(pool, hostile, "acme", "/refused-config", look).ok
        assert priorities == {5}
        (worker,) = pool.idle_workers()
        outcome = call_for(pool, hostile, "acme", "/work", look)
        assert outcome.ok, outcome
        assert priorities == {5, 12}
        assert pool.idle_workers() == ()
        assert call_for(pool, hostile, "acme").ok
        assert pool.idle_workers() != (worker,)
