"""Time: instants in UTC, and the dates that a business means in its own zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kernel.errors import InvalidInput


class ZoneUnknown(InvalidInput):
    """The name is not in the IANA time zone database."""

    code = "zone_unknown"
    title = "Unknown time zone"


class Clock(Protocol):
    """What services ask for the time, so that tests and replays can decide it."""

    def now(self) -> datetime:
        """This instant, aware, in UTC."""
        ...

    def today(self, zone: str) -> date:
        """The calendar date in an IANA zone such as `Europe/Vienna`. Raises ZoneUnknown."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def today(self, zone: str) -> date:
        return date_in(self.now(), zone)


class FixedClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime) -> None:
        self._at = _aware(at)

    def now(self) -> datetime:
        return self._at

    def today(self, zone: str) -> date:
        return date_in(self._at, zone)

    def advance(self, by: timedelta | None = None, *, days: float = 0, hours: float = 0, minutes: float = 0,
                seconds: float = 0) -> datetime:  # fmt: skip
        """Move the clock by the sum of the arguments and return the new instant."""
        step = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        self._at += (by or timedelta()) + step
        return self._at

    def set(self, at: datetime) -> None:
        """Put the clock at an instant, earlier ones too."""
        self._at = _aware(at)


def zone_info(zone: str) -> ZoneInfo:
    """The IANA zone of that name. Raises ZoneUnknown."""
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = f"{zone!r} is not an IANA time zone; write one like Europe/Vienna."
        raise ZoneUnknown(message, errors={"zone": message}) from error


def date_in(instant: datetime, zone: str) -> date:
    """The calendar date that an instant falls on in a zone."""
    return instant.astimezone(zone_info(zone)).date()


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("An instant needs a time zone.")
    return at.astimezone(UTC)
