# Made by `deskhand sdk` from the host functions that plugins register.
"""The person on whose behalf the handler runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from deskhand_extension._wire import Interface

__all__ = [
    "Person",
    "PersonKind",
    "current",
]
_host = Interface("user", __name__)


PersonKind = Literal["user", "contact"]


@dataclass(kw_only=True)
class Person:
    """Somebody on whose behalf the handler runs. A contact belongs to a client."""
    kind: PersonKind
    id: str
    """A UUID."""
    name: str
    email: str | None
    client_id: str | None
    """A UUID."""


def current() -> Person | None:
    """Whom the handler acts for, if anybody.
    Raises HostRefusal without `cap:user.read`.
    """
    answer: Person | None = _host.call("current", "cap:user.read")
    return answer
