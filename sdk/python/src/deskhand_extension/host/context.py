# Made by `deskhand sdk` from the host functions that plugins register.
"""Who and where the handler is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from deskhand_extension._wire import Interface

__all__ = [
    "Invocation",
    "Msp",
    "Trigger",
    "current",
    "tenant",
]
_host = Interface("context", __name__)


Trigger = Literal["http", "schedule", "event", "hook", "workflow"]


@dataclass(kw_only=True)
class Invocation:
    tenant_id: str
    """A UUID."""
    install_id: str
    """A UUID."""
    extension_name: str
    extension_version: str
    trigger: Trigger
    request_id: str
    deadline_ms: int
    """When the handler is stopped: milliseconds since 1970-01-01 UTC."""


@dataclass(kw_only=True)
class Msp:
    """The MSP for whom the handler runs, and what it counts in."""
    name: str
    zone: str
    """An IANA name: `Europe/Berlin`."""
    today: str
    """The business date in its zone. `YYYY-MM-DD`."""
    currency: str
    """ISO 4217."""
    locale: str
    """A BCP 47 tag: `de`."""


def current() -> Invocation:
    """Who and where the handler is.
    Raises HostRefusal without `cap:context.read`.
    """
    answer: Invocation = _host.call("current", "cap:context.read")
    return answer


def tenant() -> Msp:
    """The MSP for whom the handler runs.
    Raises HostRefusal without `cap:context.read`.
    """
    answer: Msp = _host.call("tenant", "cap:context.read")
    return answer
