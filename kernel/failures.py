"""What becomes of background work that raised: the problem that is kept, whether to try again, and when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.exc import DBAPIError

from kernel.errors import DeskhandError

FIRST_DELAY = timedelta(seconds=5)
LONGEST_DELAY = timedelta(hours=1)
_GROWTH = 4
_MAY_PASS = frozenset({408, 409, 412, 425, 429})
"""Refusals of the 4xx kind that another moment may answer otherwise (RFC 9110 section 15.5, RFC 6585, RFC 8470)."""


def backoff(attempt: int) -> timedelta:
    """The wait after the given failed attempt, the first being 1.

    >>> [int(backoff(attempt).total_seconds()) for attempt in range(1, 7)]
    [5, 20, 80, 320, 1280, 3600]
    """
    growth: int = _GROWTH ** min(attempt - 1, 8)
    return min(FIRST_DELAY * growth, LONGEST_DELAY)


def may_retry(error: Exception) -> bool:
    """False for a refusal that will be the same next time; an error may say so itself by `retryable`."""
    said: bool | None = getattr(error, "retryable", None)
    if said is not None or not isinstance(error, DeskhandError):
        return said is not False
    return not 400 <= error.status < 500 or error.status in _MAY_PASS


def describe(error: Exception) -> dict[str, Any]:
    """The error as a problem document (RFC 9457). A database error loses its statement and parameters."""
    if isinstance(error, DeskhandError):
        return error.problem()
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    first_line = (str(cause).splitlines() or [""])[0][:500]
    return DeskhandError(f"{type(cause).__name__}: {first_line}").problem()
