"""kombu's `pgmq` transport, made to look for the next message as soon as a thread is free."""

from __future__ import annotations

from typing import Any

from kombu.transport import pgmq

IDLE_SECONDS = 1.0
BUSY_SECONDS = 0.02


class Transport(pgmq.Transport):
    """The original waits a whole polling interval whenever all threads are busy, and drains a backlog at their number
    a second. While it is idle it needs no poll: PostgreSQL notifies it.
    """

    @property
    def polling_interval(self) -> float:  # type: ignore[override]
        """Seconds until the next look."""
        busy = any(not channel.qos.can_consume() for channel in self.channels)
        return BUSY_SECONDS if busy else IDLE_SECONDS

    def drain_events(self, connection: Any, timeout: float | None = None) -> None:  # type: ignore[override]
        """Take the next messages. Celery looks for its shutdown between two calls, so none lasts long."""
        seconds = min(timeout or IDLE_SECONDS, IDLE_SECONDS)
        super().drain_events(connection, timeout=seconds)  # type: ignore[no-untyped-call]
