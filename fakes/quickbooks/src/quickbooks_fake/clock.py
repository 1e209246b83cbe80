"""The time as the fake sees it: the real one, until somebody sets it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone

PACIFIC = timezone(timedelta(hours=-8))
"""QuickBooks writes its times with the offset of its own time zone, to the second."""


class Clock:
    """A clock that runs, or stands where it was set."""

    def __init__(self, at: datetime | None = None) -> None:
        self._at = at
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The time in UTC."""
        with self._lock:
            return self._at or datetime.now(UTC)

    @property
    def runs(self) -> bool:
        """Whether it is the real one."""
        return self._at is None

    def set(self, at: datetime) -> None:
        """Stand at a time, which has to know its zone."""
        with self._lock:
            self._at = at.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        """Go on by some time, and stand there."""
        with self._lock:
            self._at = (self._at or datetime.now(UTC)) + by


def stamp(at: datetime) -> str:
    """A time as the API writes it.

    >>> stamp(datetime(2026, 10, 1, 8, tzinfo=UTC))
    '2026-10-01T00:00:00-08:00'
    """
    return at.astimezone(PACIFIC).isoformat(timespec="seconds")


def read_stamp(text: str) -> datetime:
    """A time as callers write it: a day, or an instant with or without an offset. Raises ValueError."""
    at = datetime.fromisoformat(text.strip().replace(" ", "+"))  # an unescaped plus arrives as a space
    return (at if at.tzinfo else at.replace(tzinfo=PACIFIC)).astimezone(UTC)
