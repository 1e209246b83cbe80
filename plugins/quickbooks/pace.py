"""Keeps to QuickBooks' published limits for each company ("API call limits and throttles"): 500 requests a minute, of which 40
may be batches, and 10 a second.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from functools import cache
from typing import NamedTuple


class Limit(NamedTuple):
    """At most so many requests in so many seconds; some count batches only."""

    most: int
    seconds: float
    batches: bool = False


LIMITS = (Limit(500, 60.0), Limit(10, 1.0), Limit(40, 60.0, batches=True))
MARGIN = 0.15
"""Seconds by which a window is taken longer: requests arrive closer together than they left, and QuickBooks counts those."""

TICK = 0.001
"""The shortest wait, in seconds: sums of fractions are not exact, and no clock passes the rest of one."""


class Pace:
    """Waits before a request that would be one too many. `now` gives seconds, `wait` lets them pass."""

    def __init__(self, now: Callable[[], float] = time.monotonic, wait: Callable[[float], None] = time.sleep) -> None:
        self._now, self._wait = now, wait
        self._lock = threading.Lock()
        self._asked: dict[Limit, deque[float]] = {one: deque() for one in LIMITS}

    def take(self, *, batch: bool) -> None:
        """Wait until one more request is within the limits, and count it."""
        while (seconds := self._try(batch=batch)) > 0:
            self._wait(seconds)

    def _try(self, *, batch: bool) -> float:
        limits = [one for one in LIMITS if batch or not one.batches]
        with self._lock:
            now = self._now()
            waits = [self._until_free(one, now) for one in limits]
            if max(waits) <= 0:
                for one in limits:
                    self._asked[one].append(now)
            return max(waits)

    def _until_free(self, limit: Limit, now: float) -> float:
        asked, window = self._asked[limit], limit.seconds + MARGIN
        while asked and asked[0] + window <= now:
            asked.popleft()
        return max(asked[0] + window - now, TICK) if len(asked) >= limit.most else 0.0


@cache
def pace_of(_company: str) -> Pace:
    """The pace of a company in this process, whichever gateway asks."""
    return Pace()
