"""Keeps to QuickBooks' published limits for each company: 500 requests a minute, of which 40 may be batches."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from functools import cache

WINDOW = 60.0
REQUESTS, BATCHES = 500, 40


class Pace:
    """Waits before a request that would be one too many. `now` gives seconds, `wait` lets them pass."""

    def __init__(self, now: Callable[[], float] = time.monotonic, wait: Callable[[float], None] = time.sleep) -> None:
        self._now, self._wait = now, wait
        self._lock = threading.Lock()
        self._asked: dict[str, deque[float]] = defaultdict(deque)

    def take(self, *, batch: bool) -> None:
        """Wait until one more request is within the limits, and count it."""
        while (seconds := self._try(batch=batch)) > 0:
            self._wait(seconds)

    def _try(self, *, batch: bool) -> float:
        limits = {"request": REQUESTS, "batch": BATCHES} if batch else {"request": REQUESTS}
        with self._lock:
            now = self._now()
            waits = [self._until_free(kind, most, now) for kind, most in limits.items()]
            if max(waits) <= 0:
                for kind in limits:
                    self._asked[kind].append(now)
            return max(waits)

    def _until_free(self, kind: str, most: int, now: float) -> float:
        asked = self._asked[kind]
        while asked and now - asked[0] >= WINDOW:
            asked.popleft()
        return asked[0] + WINDOW - now if len(asked) >= most else 0.0


@cache
def pace_of(_company: str) -> Pace:
    """The pace of a company in this process, whichever gateway asks."""
    return Pace()
