"""The time as the fake sees it, and as Xero writes it."""

from __future__ import annotations

import re
import threading
from datetime import UTC, date, datetime, timedelta

_WRITTEN = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")


class Clock:
    """A clock that runs, or stands where it was set."""

    def __init__(self, at: datetime | None = None) -> None:
        self._at = at
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The time in UTC."""
        with self._lock:
            return self._at or datetime.now(UTC)

    def advance(self, by: timedelta) -> None:
        """Go on by some time, and stand there."""
        with self._lock:
            self._at = (self._at or datetime.now(UTC)) + by


def instant(at: datetime) -> str:
    """An instant as the API writes it.

    >>> instant(datetime(2026, 10, 1, tzinfo=UTC))
    '/Date(1790812800000+0000)/'
    """
    return f"/Date({int(at.timestamp() * 1000)}+0000)/"


def day(on: date) -> str:
    """A day as the API writes it: midnight in UTC."""
    return instant(datetime(on.year, on.month, on.day, tzinfo=UTC))


def read_day(text: str) -> date:
    """A day as callers write it, in either form. Raises ValueError."""
    if found := _WRITTEN.fullmatch(text):
        return datetime.fromtimestamp(int(found[1]) / 1000, UTC).date()
    return date.fromisoformat(text[:10])


def read_instant(text: str) -> datetime:
    """An instant of `If-Modified-Since`, with or without an offset. Raises ValueError."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
