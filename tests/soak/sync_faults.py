"""What goes wrong in `accounting-sync`: mishaps of every call, worker processes that are killed, webhooks of all sorts."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

from quickbooks_fake.webhooks import post, sign

from kernel.jobs.schedules import change_schedule, list_schedules
from tests.soak.sync_stage import Msp, Stage

PATIENCE_SECONDS = 300
POINTS = {
    "before the call": ("plugins.accounting.delivering", "_ask", False),
    "between call and write": ("plugins.accounting.delivering", "settle", False),
    "before a look is written": ("plugins.accounting.incoming.looking", "notice", False),
    "before new tokens are kept": ("plugins.connections.access", "keep_tokens", False),
    "before a commit": ("kernel.jobs.runner", "keep_claim", True),
    "after some request": ("plugins.quickbooks.client", "_call", True),
}
"""Where a worker dies: module, function, and whether after it (else before)."""


def work_and_die(stage: Stage, random: Random) -> str:
    """Let a worker process do what is due until it passes a random point for the n-th time, where it is killed by SIGKILL.

    Gives the point, or nothing where it did not come to it and did all its work.
    """
    point, passing = random.choice(list(POINTS)), random.choice([1, 1, 2, 4])
    child = os.fork()
    if child == 0:
        _be_worker(stage, point, passing)
    status = _wait(child)
    return point if os.WIFSIGNALED(status) else ""


def _be_worker(stage: Stage, point: str, passing: int) -> None:
    """In the child, which never returns; its connections are its own."""
    try:
        stage.kernel.db.engine.dispose(close=False)
        module_name, name, after = POINTS[point]
        module = sys.modules[module_name]
        setattr(module, name, _deadly(getattr(module, name), passing, after))
        stage.work()
    finally:
        os._exit(0)


def _deadly(function: Callable[..., Any], passing: int, after: bool) -> Callable[..., Any]:
    passed = 0

    def deadly(*args: Any, **kwargs: Any) -> Any:
        nonlocal passed
        passed += 1
        if passed == passing and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*args, **kwargs)
        if passed == passing and after:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return deadly


def _wait(child: int) -> int:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        if time.monotonic() > give_up:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise TimeoutError(f"A worker did not end within {PATIENCE_SECONDS} s.")
        time.sleep(0.005)


def tell(stage: Stage, random: Random, seen: Counter[str]) -> None:
    """Webhooks: three companies in each, sent over and over, in any order, or lost; and forged ones, which nobody believes."""
    if random.random() < 0.2:
        seen["webhook events lost"] += stage.fake.drop_webhooks()
    times = random.choice([1, 2, 3])
    for answer in stage.fake.deliver_webhooks(times=times, shuffle=random.randrange(1_000)):
        seen["webhooks taken" if answer.status == 200 else f"webhooks answered {answer.status}"] += 1
    if stage.fake.outbox.sent and random.random() < 0.5:
        _forge(stage, random, seen)


def _forge(stage: Stage, random: Random, seen: Counter[str]) -> None:
    victim, other = random.sample(stage.msps, 2)
    body = random.choice(stage.fake.outbox.sent)
    signatures = ("", "bm90aGluZw==", sign(f"{other.slug}-verifier", body), sign(f"{victim.slug}-verifier", body + b" "))
    answer = post(stage.webhook_of(victim), body, random.choice(signatures))
    if 200 <= answer.status < 300:
        raise AssertionError(f"A forged webhook was taken: {answer}")
    seen["webhooks forged, refused"] += 1
    elsewhere = body.replace(victim.company.realm.encode(), b"4620816365000000000")
    answer = post(stage.webhook_of(victim), elsewhere, sign(f"{victim.slug}-verifier", elsewhere))
    if answer.status != 200:
        raise AssertionError(f"A webhook about other companies was answered {answer}")
    seen["webhooks about strangers"] += 1


def poll(msp: Msp, *, on: bool) -> None:
    """Switch the schedule of looking on or off, so that only webhooks tell, or nobody."""
    with msp.call() as ctx:
        for one in list_schedules(ctx):
            if one.job == "accounting.watch_all" and one.enabled != on:
                change_schedule(ctx, one.id, enabled=on)
