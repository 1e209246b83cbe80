"""Limits of an organisation: calls in a minute and in a day, by the fake's clock."""

from __future__ import annotations

from collections import defaultdict, deque
from datetime import datetime, timedelta

from xero_fake import faults
from xero_fake.clock import Clock

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


class Throttle:
    """`busiest` is the most that was asked of one organisation within a minute."""

    def __init__(self, clock: Clock, a_minute: int = 60, a_day: int = 5000) -> None:
        self.clock, self.a_minute, self.a_day = clock, a_minute, a_day
        self.busiest = 0
        self._asked: dict[str, deque[datetime]] = defaultdict(deque)

    def count(self, tenant: str) -> dict[str, str]:
        """Let a call in; returns the headers that say what is left. Raises Fault 429."""
        now, asked = self.clock.now(), self._asked[tenant]
        while asked and now - asked[0] >= DAY:
            asked.popleft()
        recent = [one for one in asked if now - one < MINUTE]
        if len(asked) >= self.a_day:
            raise faults.throttled("day", int((asked[0] + DAY - now).total_seconds()) + 1)
        if len(recent) >= self.a_minute:
            raise faults.throttled("minute", int((recent[0] + MINUTE - now).total_seconds()) + 1)
        asked.append(now)
        self.busiest = max(self.busiest, len(recent) + 1)
        return {
            "X-MinLimit-Remaining": str(self.a_minute - len(recent) - 1),
            "X-DayLimit-Remaining": str(self.a_day - len(asked)),
        }
