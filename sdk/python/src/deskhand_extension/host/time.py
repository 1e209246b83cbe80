# Made by `deskhand sdk` from the host functions that plugins register.
"""Time spent on tickets."""

from __future__ import annotations

from dataclasses import dataclass

from deskhand_extension._wire import Interface

__all__ = [
    "NewTime",
    "TimeEntry",
    "log",
]
_host = Interface("time", __name__)


@dataclass(kw_only=True)
class NewTime:
    """Time on a ticket. `item_id` is the service of the catalog that it is billed as."""
    ticket_id: str
    """A UUID."""
    item_id: str
    """A UUID."""
    started_at: str
    """ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`."""
    ended_at: str
    """ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`."""
    minutes: int | None = None
    """Billable minutes; the whole span unless given. From 0 to 44,640."""
    notes: str = ""
    """At most 5,000 characters."""
    user_id: str | None = None
    """Whose time it is: the acting user's unless given. A UUID."""
    idempotency_key: str | None = None
    """The same key of one install has its effect once, and the first answer again, for a day. 1 to 255
    characters.
    """


@dataclass(kw_only=True)
class TimeEntry:
    """An entry; `worked_on` is the day in the tenant's zone."""
    id: str
    """A UUID."""
    user_id: str
    """A UUID."""
    client_id: str
    """A UUID."""
    item_id: str
    """A UUID."""
    started_at: str
    """ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`."""
    ended_at: str
    """ISO 8601 with its offset: `2026-10-01T09:00:00+00:00`."""
    worked_on: str
    """`YYYY-MM-DD`."""
    minutes: int
    notes: str
    state: str
    """One of `draft`, `submitted`, `approved`, `changes_requested`."""


def log(input: NewTime) -> TimeEntry:
    """Log time on a ticket. It waits for approval like any other.
    Raises HostRefusal without `cap:time.write`.
    """
    answer: TimeEntry = _host.call("log", "cap:time.write", input)
    return answer
