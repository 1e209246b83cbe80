"""The published limits for each company: 500 requests a minute, of which 40 may be batches, and 10 a second."""

from __future__ import annotations

from collections import defaultdict, deque
from datetime import datetime, timedelta

from quickbooks_fake import faults
from quickbooks_fake.clock import Clock

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
REQUESTS, BATCHES, A_SECOND = 500, 40, 10
_WINDOW = {"request": MINUTE, "batch": MINUTE, "second": SECOND}


class Throttle:
    """What was asked lately, by company and limit: `request` and `batch` count a minute's, `second` a second's. On a clock that
    stands everything would be asked in the same second, so there `second` counts only with `strict`.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.most = {"request": REQUESTS, "batch": BATCHES, "second": A_SECOND}
        self.strict = False
        self.busiest: dict[str, int] = defaultdict(int)
        self.refused = 0
        self._asked: dict[tuple[str, str], deque[datetime]] = defaultdict(deque)

    def take(self, realm: str, *, batch: bool) -> None:
        """Count a request. Raises DoorFault (429) beyond the limits."""
        kinds = ["request", *(["batch"] if batch else []), *(["second"] if self.strict or self.clock.runs else [])]
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
        while times and now - times[0] >= _WINDOW[kind]:
            times.popleft()
        return times
