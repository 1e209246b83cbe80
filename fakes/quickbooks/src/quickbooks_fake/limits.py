"""The published limits: 500 requests a minute for each company, of which 40 may be batches."""

from __future__ import annotations

from collections import defaultdict, deque
from datetime import datetime, timedelta

from quickbooks_fake import faults
from quickbooks_fake.clock import Clock

MINUTE = timedelta(minutes=1)
REQUESTS, BATCHES = 500, 40


class Throttle:
    """What was asked in the last minute, by company and kind of request."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.most = {"request": REQUESTS, "batch": BATCHES}
        self.busiest: dict[str, int] = defaultdict(int)
        self.refused = 0
        self._asked: dict[tuple[str, str], deque[datetime]] = defaultdict(deque)

    def take(self, realm: str, *, batch: bool) -> None:
        """Count a request. Raises DoorFault (429) beyond the limits."""
        kinds = ("request", "batch") if batch else ("request",)
        now = self.clock.now()
        recent = {kind: self._recent(realm, kind, now) for kind in kinds}
        if any(len(times) >= self.most[kind] for kind, times in recent.items()):
            self.refused += 1
            raise faults.throttled()
        for kind, times in recent.items():
            times.append(now)
            self.busiest[kind] = max(self.busiest[kind], len(times))

    def _recent(self, realm: str, kind: str, now: datetime) -> deque[datetime]:
        times = self._asked[realm, kind]
        while times and now - times[0] >= MINUTE:
            times.popleft()
        return times
