"""Requests wait for their turn, whatever the clock says, and never for ever."""

from __future__ import annotations

from bisect import bisect_left

from hypothesis import given
from hypothesis import strategies as st

from plugins.quickbooks.pace import LIMITS, Pace


class Clock:
    """Seconds that pass only while somebody waits, to the microsecond."""

    def __init__(self, seconds: float) -> None:
        self.now, self.waits = seconds, 0

    def wait(self, seconds: float) -> None:
        self.now, self.waits = round(self.now + round(seconds, 6), 6), self.waits + 1


@given(st.floats(1, 2_000_000_000), st.lists(st.tuples(st.floats(0, 2), st.booleans()), min_size=60, max_size=80))
def test_no_window_has_more_than_may_be_and_every_turn_comes(start: float, requests: list[tuple[float, bool]]) -> None:
    clock = Clock(start)
    pace, sent = Pace(lambda: clock.now, clock.wait), list[tuple[float, bool]]()
    for pause, batch in requests:
        clock.now += pause
        pace.take(batch=batch)
        sent.append((clock.now, batch))
        assert clock.waits <= 3 * len(sent)
    for limit in LIMITS:
        counted = [at for at, batch in sent if batch or not limit.batches]
        busiest = max(bisect_left(counted, at + limit.seconds) - place for place, at in enumerate(counted)) if counted else 0
        assert busiest <= limit.most
