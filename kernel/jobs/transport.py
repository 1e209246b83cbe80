"""kombu's `pgmq` transport, made to look for the next message as soon as a thread is free."""

from __future__ import annotations

from typing import Any

import psycopg
from kombu.transport import pgmq

IDLE_SECONDS = 1.0
BUSY_SECONDS = 0.02
_NOTICES_LOCK = 7_301_946_513


class Channel(pgmq.Channel):
    """Switching on a queue's notices drops and makes a trigger, so workers that start together must take turns."""

    def _maybe_enable_notify(self, queue: str, queue_name: str | None = None) -> None:
        if not self.use_notify:
            return
        with psycopg.connect(self.transport_options["conn_string"]) as connection:
            connection.execute("select pg_advisory_xact_lock(%s)", [_NOTICES_LOCK])
            super()._maybe_enable_notify(queue, queue_name)  # type: ignore[no-untyped-call]


class Transport(pgmq.Transport):
    """The original waits a whole polling interval whenever all threads are busy, and drains a backlog at their number
    a second. While it is idle it needs no poll: PostgreSQL notifies it.
    """

    Channel = Channel

    @property
    def polling_interval(self) -> float:  # type: ignore[override]
        """Seconds until the next look."""
        busy = any(not channel.qos.can_consume() for channel in self.channels)
        return BUSY_SECONDS if busy else IDLE_SECONDS

    def drain_events(self, connection: Any, timeout: float | None = None) -> None:  # type: ignore[override]
        """Take the next messages. Celery looks for its shutdown between two calls, so none lasts long."""
        seconds = min(timeout or IDLE_SECONDS, IDLE_SECONDS)
        super().drain_events(connection, timeout=seconds)  # type: ignore[no-untyped-call]
