"""The days on which business is done: a mistyped year would owe centuries, or lie beyond the calendar."""

from __future__ import annotations

from datetime import date

from kernel.errors import InvalidInput

EARLIEST, LATEST = date(1900, 1, 1), date(2999, 12, 31)
BETWEEN = f"Give a day between {EARLIEST.isoformat()} and {LATEST.isoformat()}."


def check_days(**days: date | None) -> None:
    """Raise InvalidInput at the fields that hold a day before 1900 or after 2999."""
    errors = {field: BETWEEN for field, day in days.items() if day and not EARLIEST <= day <= LATEST}
    if errors:
        raise InvalidInput(errors=errors)
